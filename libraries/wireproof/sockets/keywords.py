"""The library `wireproof.Sockets`."""

from typing import Any

from robot.api.deco import library
from robotlibcore import DynamicCore

from wireproof.sockets.arguments import CONVERTERS
from wireproof.sockets.closing_keywords import ClosingKeywords
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.group_keywords import GroupKeywords
from wireproof.sockets.inbox_keywords import InboxKeywords
from wireproof.sockets.opening_keywords import OpeningKeywords
from wireproof.sockets.raw_keywords import RawKeywords
from wireproof.sockets.registry import Registry
from wireproof.sockets.secret_keywords import SecretKeywords
from wireproof.sockets.sending_keywords import SendingKeywords
from wireproof.sockets.settings_keywords import SettingsKeywords
from wireproof.sockets.waiting_keywords import WaitingKeywords


@library(scope="GLOBAL", doc_format="MARKDOWN", converters=CONVERTERS)
class Sockets(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """WebSocket clients that send, wait and judge."""

    def __init__(self) -> None:
        self.clients = Registry()
        topics = (
            SettingsKeywords,
            OpeningKeywords,
            ClosingKeywords,
            SendingKeywords,
            RawKeywords,
            WaitingKeywords,
            InboxKeywords,
            GroupKeywords,
            SecretKeywords,
        )
        super().__init__([topic(self.clients) for topic in topics])

    def run_keyword(self, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """Runs a keyword; what an author can act on becomes one plain line without a traceback."""
        try:
            return super().run_keyword(name, args, kwargs)
        except ValueError as error:
            raise SocketsError(str(error)) from None
