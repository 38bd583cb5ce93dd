"""Ways to a dependency: through a link, the fault proxy of that name."""

from urllib.parse import urlsplit

from wireproof import links
from wireproof.links import Address
from wireproof.stack.addresses import Addresses
from wireproof.stack.errors import StackError
from wireproof.stack.server import known_dependency
from wireproof.wiretext import safe


def through(link: str, dependency: str, addresses: Addresses) -> Address:
    """Where a server reaches a dependency when it goes through a link.

    Args:
        link: the link's name.
        dependency: postgres or redis.
        addresses: those of the stack.

    Raises:
        StackError: there is no such dependency or link, or the link leads elsewhere.
    """
    own = urlsplit(addresses.endpoint(known_dependency(dependency)))
    try:
        found = links.find(link)
    except ValueError as problem:
        raise StackError(str(problem)) from None
    leads_to_a_link = any(other.address == found.target for other in links.running())
    if found.target[1] != own.port and not leads_to_a_link:
        host, port = found.target
        raise StackError(
            f"link '{safe(link)}' leads to {safe(host)}:{port}, not to {dependency} at {own.hostname}:{own.port}: "
            "give Start Fault Proxy that target"
        )
    return found.address
