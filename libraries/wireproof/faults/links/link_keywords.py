"""Keywords that start and stop links and look at them."""

from typing import Literal

from assertionengine import AssertionOperator, verify_assertion
from robot.api import logger
from robot.api.deco import keyword
from robot.api.types import Secret

from wireproof import stack
from wireproof.failures import fail
from wireproof.faults.links import target as targets
from wireproof.faults.links.component import LinkComponent
from wireproof.faults.links.running import LinkInfo
from wireproof.wiretext import reveal

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

Part = Literal["connections", "accepted", "bytes to server", "bytes to client", "faults"]


class LinkKeywords(LinkComponent):
    """Links."""

    @keyword(tags=["Links"])
    def start_fault_proxy(self, link: str, target: str | Secret) -> LinkInfo:
        """Starts a link: a proxy on the loopback through which clients, or a server, reach a target.

        Without a fault everything goes through as it is. The link ends with the test or suite that started it.

        Args:
            link: how to call it from now on, as in `Open Client    alice    via=room`.
            target: a URL (`ws://`, `wss://`, `http://`, `postgresql://`, `redis://`), `host:port`, an endpoint of the
                running stack (`ws`, `http`, `postgres`, `redis`) or a service's name (`server-2`).

        Returns:
            `name`, `url` (the target's, at the link's address, without user, password and query), `host` and `port`.

        ```robotframework
        ${room}    Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Send Text    alice    hello
        Wait For Message    alice    text=hello
        Get Link State    room    connections    ==    1
        ```
        """
        info = self.links.start(link, targets.find(str(reveal(target)), stack.running())).info
        logger.info(f"link '{info.name}' leads from {info.url}")
        return info

    @keyword(tags=["Links"])
    def stop_fault_proxy(self, link: str) -> None:
        """Ends a link with all its connections, which are reset; what was wrong with it is healed first.

        Args:
            link: its name.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Stop Fault Proxy    room
        Wait For Close    alice    code=1006
        ```
        """
        self.links.stop(link)

    @keyword(tags=["Links", "Getter", "Assertion"])
    def get_link_state(
        self,
        link: str,
        part: Part = "connections",
        operator: AssertionOperator = None,
        expected: int = None,
        msg: str = "",
    ) -> int:
        """Gets how many connections are open on a link, or what else it counts.

        Args:
            link: its name.
            part: `connections` that are open now, `accepted` so far, `bytes to server` or `bytes to client` that came
                in so far, before any fault, or `faults` that are on.
            operator: `==`, `!=`, `<`, `>`, `<=`, `>=`; see [AssertionOperator].
            expected: the number to compare with.
            msg: words to put before a failure's text.

        Returns:
            The number.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Get Link State    room    accepted    ==    0
        ```
        """
        proxy = self.links.find(link).proxy
        carried = proxy.carried
        state: dict[Part, int] = {
            "connections": len(proxy.connections),
            "accepted": proxy.accepted,
            "bytes to server": carried["to server"],
            "bytes to client": carried["to client"],
            "faults": sum(fault.owner is proxy for fault in self.active.on),
        }
        logger.info(f"link '{link}': {', '.join(f'{name} {number}' for name, number in state.items())}")
        try:
            return int(verify_assertion(state[part], operator, expected, f"link '{link}': {part}"))
        except AssertionError as error:
            raise fail(str(error), msg) from None
