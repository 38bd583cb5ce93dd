"""What faults leave in Redis when their run is killed, and how the next run undoes it.

A fault that outlives its connection is noted first: as a user of Redis that nobody can be, whose key patterns hold what
the fault is, what undoes it and which connection cares for it. Keys would not do: faults and isolation delete all keys.
"""

import base64
import binascii
import json
import secrets
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from wireproof.stack.errors import StackError
from wireproof.wiretext import safe

_PATIENCE_S = 30
"""So long Redis may keep silent: a pause of all commands lets in nobody, not even who would end it."""
_BRIEF_S = 2
"""So long a run that begins waits: a pause ends by itself."""
_CONNECT_S = 1
_PREFIX = "wireproof-fault-"
_ACCESS = f"{_PREFIX}access"
"""The one note that is a user who can log in: where the fault is that nobody else can."""

Commands = Sequence[Sequence[str]]


def connect(url: str, patience_s: float = _PATIENCE_S) -> Any:
    """The driver's client with one connection of our own. It lets itself in where a fault keeps others out.

    Args:
        url: where Redis is, password included.
        patience_s: how long it may keep silent.

    Raises:
        redis.RedisError: it cannot be reached, or lets us not in.
    """
    import redis  # costs 120 ms

    try:
        client = _connection(url, patience_s)
        client.ping()
    except redis.AuthenticationError:
        client = _connection(url, patience_s, username=_ACCESS)
        client.ping()
    return client


def _connection(url: str, patience_s: float = _PATIENCE_S, **login: str) -> Any:
    import redis

    parts = urlsplit(url)
    if login:
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        login["password"] = unquote(parts.password or "")
    return redis.Redis.from_url(
        url,
        single_connection_client=True,
        socket_timeout=patience_s,
        socket_connect_timeout=_CONNECT_S,
        retry=None,
        client_name="wireproof",
        **login,
    )


def user_of(url: str) -> str:
    """The user that a URL logs in."""
    return unquote(urlsplit(url).username or "") or "default"


def new_note(*, access: bool) -> str:
    """The name of a note.

    Args:
        access: whether it has to let in who heals the fault.
    """
    return _ACCESS if access else f"{_PREFIX}{time.time_ns():016x}-{secrets.token_hex(4)}"


def note(client: Any, name: str, deed: str, undo: Commands, *, access: str | None = None) -> None:
    """Notes a fault before it is done.

    Args:
        client: the connection whose end tells that nobody cares for the fault any more.
        name: the note's, from `new_note`.
        deed: what the fault is, in words.
        undo: the commands that undo it.
        access: the password with which the note lets in who heals it; None when others are let in as well.
    """
    said = json.dumps({"deed": deed, "undo": undo, "client": int(client.client_id())})
    pattern = base64.urlsafe_b64encode(said.encode()).decode()
    rights = ["off"]
    if access is not None:
        rights = ["on", f">{access}" if access else "nopass", "+@all"]
    client.execute_command("ACL", "SETUSER", name, "reset", *rights, f"~{pattern}")


def undo(client: Any, url: str, name: str, commands: Commands) -> None:
    """Undoes a fault and removes its note.

    Args:
        client: a connection that is let in now.
        url: where everybody is let in afterwards.
        name: the note's.
        commands: what undoes the fault.

    Raises:
        redis.RedisError: it could not be undone.
    """
    for command in commands:
        client.execute_command(*command)
    if name != _ACCESS:
        client.execute_command("ACL", "DELUSER", name)
        return
    with _connection(url) as usual:  # with the user goes whoever is logged in as that
        usual.execute_command("ACL", "DELUSER", name)


def heal(url: str) -> list[str]:
    """Undoes what killed runs left in a Redis; does nothing to faults of runs that live.

    Args:
        url: where it is, password included.

    Returns:
        What was undone, in words.

    Raises:
        StackError: it could not be undone; the reason is given.
    """
    import redis

    try:
        client = connect(url, _BRIEF_S)
    except (redis.RedisError, OSError):
        return []  # the health gate tells better why it cannot be reached
    undone = []
    try:
        here = {int(one["id"]) for one in client.client_list()}
        # the note that lets us in goes last, and our connection with it
        for name, said in sorted(_notes(client), key=lambda note: note[0] == _ACCESS):
            if said["client"] not in here:
                undo(client, url, name, said["undo"])
                undone.append(safe(said["deed"]))
    except redis.RedisError as error:
        raise StackError(f"what a killed run left in Redis cannot be undone: {safe(error)}") from None
    finally:
        client.close()
    return undone


def _notes(client: Any) -> list[tuple[str, dict[str, Any]]]:
    notes = []
    for name in map(_text, client.execute_command("ACL", "USERS")):
        if name.startswith(_PREFIX):
            notes.append((name, _said(client.acl_getuser(name))))
    return notes


def _said(user: Any) -> dict[str, Any]:
    """What a note says. Redis 6 gives the patterns of keys as a list, Redis 7 as a text."""
    keys = user["keys"] if isinstance(user, dict) else ""
    patterns = keys.split() if isinstance(keys, str) else [_text(key) for key in keys]
    try:
        found = json.loads(base64.urlsafe_b64decode(patterns[0].removeprefix("~")))
    except (IndexError, ValueError, binascii.Error):
        raise StackError("a user of Redis is called as notes of faults are, but is none: remove it") from None
    return dict(found)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
