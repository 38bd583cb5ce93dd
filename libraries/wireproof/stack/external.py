"""Stacks that somebody else runs: all that is known of them are URLs."""

from collections.abc import Callable

from wireproof.stack.addresses import Addresses
from wireproof.stack.base import Guards, Stack
from wireproof.stack.errors import StackError
from wireproof.stack.readiness import NotReadyError, version
from wireproof.wiretext import hide

REQUIRED = ("WS_URL", "HTTP_URL")
_OPTIONAL = ("POSTGRES_URL", "REDIS_URL")
_LACKS = {
    "start server": "others run it",
    "kill services": "others run its services",
    "reroute": "others run its server",
}

Variables = Callable[[str], str]
"""Gives the value of a variable by its name, an empty text when it is not set."""


def attach(variables: Variables, *, required: tuple[str, ...] = REQUIRED, guards: Guards | None = None) -> Stack:
    """The stack at the URLs that the variables WS_URL, HTTP_URL, POSTGRES_URL and REDIS_URL hold.

    Args:
        variables: where to look them up.
        required: those without which the stack is of no use.
        guards: what may be done to it; tests keep to what they own when not given.

    Raises:
        StackError: required variables are missing; all of them are named.
    """
    values = {name: variables(name) for name in dict.fromkeys((*required, *REQUIRED, *_OPTIONAL))}
    missing = [name for name in required if not values[name]]
    if missing:
        raise StackError(
            f"the external stack's addresses are missing: {', '.join(missing)}; "
            f"give each as a variable, --variable {missing[0]}:..., or in the environment"
        )
    addresses = Addresses(values["WS_URL"], values["HTTP_URL"].rstrip("/"), values["POSTGRES_URL"], values["REDIS_URL"])
    hide_passwords(addresses)
    return Stack(
        "external", addresses, abilities=shown_abilities(addresses), lacks=_LACKS, guards=guards or Guards("owner")
    )


def hide_passwords(addresses: Addresses) -> None:
    """Masks the credentials in everything that is logged from now on."""
    for name in Addresses.CREDENTIALS:
        if credential := addresses.credential(name):
            hide(credential)


def shown_abilities(addresses: Addresses) -> list[str]:
    """What can be done with a stack through its addresses alone."""
    able = {
        "mint tokens": _in_test_mode(addresses.http),
        "read sessions": bool(addresses.postgres),
        "read cache": bool(addresses.redis),
    }
    return [ability for ability, there in able.items() if there]


def _in_test_mode(http: str) -> bool:
    try:
        return bool(http) and version(http).get("testMode") is True
    except NotReadyError:  # the health gate tells why
        return False
