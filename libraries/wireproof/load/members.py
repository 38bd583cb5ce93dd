"""Who connects in a load: the clients, made of a template or listed one by one.

In the texts of a template these stand for what differs between clients:

    {n}      the client's number, from 1; {n:04} fills it up with zeros
    {pair}   the number of its pair, from 1
    {side}   a or b: which of its pair it is
    {peer}   the number of the other one of its pair
    {run}    a nonce of this run
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wireproof import dialects
from wireproof.journal import current as journal
from wireproof.load.errors import LoadError
from wireproof.load.plan import NOBODY, Endpoint, Member, Scenario
from wireproof.wiretext import refuse_secret_literal, reveal, safe

_PLACEHOLDER = re.compile(r"\{([a-z_]+)(?::0?(\d{1,2}))?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client as its author lists it; values may be secrets."""

    name: str = ""
    login: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    to: str = ""
    group: str = ""


def from_template(template: Client, count: int) -> list[Client]:
    """So many clients, each with its own values in place of the placeholders.

    Raises:
        LoadError: a placeholder is unknown.
    """
    width = max(3, len(str(count)))
    return [
        Client(
            name=f"{template.name}-{number:0{width}}",
            login=_filled(template.login, _values(number)),
            headers=_filled(template.headers, _values(number)),
            to=_filled(template.to, _values(number)),
            group=_filled(template.group, _values(number)),
        )
        for number in range(1, count + 1)
    ]


def members_of(clients: Sequence[Client], scenario: Scenario, endpoint: Endpoint) -> tuple[Member, ...]:
    """The members of a load, secrets unwrapped.

    Args:
        clients: who connects.
        scenario: decides who sends to whom.
        endpoint: its dialect checks the logins.

    Raises:
        LoadError: they cannot be paired, or a login is not what the dialect needs.
    """
    names = [client.name for client in clients]
    twice = next((name for name in names if names.count(name) > 1), None) if len({*names}) < len(names) else None
    if twice is not None:
        raise LoadError(f"clients need different names; '{safe(twice, 60)}' is given twice")
    if scenario == "pairs" and len(clients) % 2:
        raise LoadError(f"{len(clients)} connections do not make pairs: take an even number, or another scenario")
    logins = [_revealed(client.login) for client in clients]
    # A class of the author's logs in as it likes.
    speaking = () if scenario == "user" else zip(clients, logins, strict=True)
    identities = [_identity(endpoint, client.name, login) for client, login in speaking]
    return tuple(
        Member(
            name=client.name,
            login=login,
            headers={str(name): str(value) for name, value in _revealed(client.headers).items()},
            peer=(peer := _peer(scenario, at)),
            to=client.to or (identities[peer] if scenario == "pairs" else ""),
            group=client.group,
        )
        for at, (client, login) in enumerate(zip(clients, logins, strict=True))
    )


def _peer(scenario: Scenario, at: int) -> int:
    """The even ones and the odd ones after them are pairs; who has no recipient of its own gets what it sends."""
    if scenario == "pairs":
        return at ^ 1
    return at if scenario == "request reply" else NOBODY


def _identity(endpoint: Endpoint, name: str, login: Mapping[str, Any]) -> str:
    """Who a client is for others, in the dialect's terms: known when its login begins."""
    dialect = dialects.create(endpoint.dialect, name, None, endpoint.dialect_options)
    try:
        conversation = dialect.login(login)
        if conversation is not None:
            next(conversation)
    except ValueError as error:
        raise LoadError(f"{safe(name, 60)} cannot log in: {error}") from None
    except Exception as error:
        raise LoadError(f"{safe(name, 60)} cannot log in: the dialect raised {failure(error)}") from error
    return dialect.identity


def failure(error: Exception) -> str:
    """What an author's dialect raised, in a few words."""
    return f"{type(error).__name__}: {safe(error, 200)}"


def _revealed(values: Mapping[str, Any]) -> Mapping[str, Any]:
    refuse_secret_literal(values)
    found: Mapping[str, Any] = reveal(values)
    return found


def _values(number: int) -> Mapping[str, int | str]:
    return {
        "n": number,
        "pair": (number + 1) // 2,
        "side": "ba"[number % 2],
        "peer": number + 1 if number % 2 else number - 1,
        "run": journal().run,
    }


def _filled(template: Any, values: Mapping[str, int | str]) -> Any:
    """A template with values in the places of its placeholders; what is no text stays, secrets, too."""
    if isinstance(template, str):
        return _PLACEHOLDER.sub(lambda found: _value(found, values), template)
    if isinstance(template, Mapping):
        return {name: _filled(item, values) for name, item in template.items()}
    if isinstance(template, list | tuple):
        return [_filled(item, values) for item in template]
    return template


def _value(found: re.Match[str], values: Mapping[str, int | str]) -> str:
    name, width = found[1], found[2]
    if name not in values:
        known = ", ".join(f"{{{known}}}" for known in values)
        raise LoadError(f"unknown placeholder {safe(found[0], 40)}: there are {known}")
    return str(values[name]).zfill(int(width or 0))
