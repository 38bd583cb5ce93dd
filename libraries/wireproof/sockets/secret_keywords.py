"""Keywords that carry secrets without showing them."""

from typing import Any

from robot.api.deco import keyword
from robot.api.types import Secret

from wireproof.sockets.component import Component
from wireproof.wiretext import MASK, hide, refuse_secret_literal


class _HiddenText(str):
    """A header's value that RequestsLibrary logs as <secret>."""

    __slots__ = ()

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return MASK


class HeaderAuth:
    """Sets one header of a request; what `requests` calls an auth object."""

    def __init__(self, header: str, secret: Secret) -> None:
        self._header = header
        self._secret = secret

    def __call__(self, request: Any) -> Any:
        request.headers[self._header] = _HiddenText(self._secret.value)
        return request

    def __repr__(self) -> str:
        return f"<{self._header}: {MASK}>"


class SecretKeywords(Component):
    """Secrets that a test gets while it runs."""

    @keyword(tags=["Secrets"])
    def create_secret(self, value: Secret | str, *, prefix: str = "") -> Secret:
        """Makes a `Secret` of a text that a test got, such as a token of a login response.

        Its value is masked in the journal and in every line of this library from now on. Robot itself has logged the
        text if a keyword returned it; `Set Log Level    NONE` around such a keyword avoids that.

        Args:
            value: the text, or another `Secret`.
            prefix: goes before it, such as `Bearer${SPACE}`.

        Returns:
            The `Secret`.

        ```robotframework
        ${bearer}    Create Secret    abc-123-def    prefix=Bearer${SPACE}
        VAR    &{headers}    Authorization=${bearer}
        Open Client    alice    ${ECHO_URL}    headers=${headers}
        ```
        """
        text = str(value.value) if isinstance(value, Secret) else value
        refuse_secret_literal([text, prefix])
        hide(text)
        hide(prefix + text)
        return Secret(prefix + text)

    @keyword(tags=["Secrets"])
    def http_auth(self, secret: Secret, *, header: str = "Authorization") -> HeaderAuth:
        """Makes what RequestsLibrary takes as `auth=`, so that the secret is sent and not logged.

        Args:
            secret: the header's whole value, such as `Bearer …`.
            header: the header to set.

        Returns:
            An object for `auth=`.

        ```robotframework
        ${bearer}    Create Secret    abc-123-def    prefix=Bearer${SPACE}
        ${auth}    Http Auth    ${bearer}
        Should Be Equal    ${{ str($auth) }}    <Authorization: <secret>>
        ```
        """
        hide(str(secret.value))
        return HeaderAuth(header, secret)
