"""Many devices at once, for loads: who they are, whom they write to, and the tokens they register with."""

import itertools
import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from robot.api.types import Secret

_batches = itertools.count(1)


def make_pairs(http: str, owner: str, count: int) -> list[dict[str, Any]]:
    """Devices of new users, two to a user, each with a token of its own; each writes to the other one of its user.

    Arguments:
        http: the service's HTTP address; it mints the tokens.
        owner: what the users' names start with.
        count: how many devices, an even number.
    """
    batch = next(_batches)
    if count < 2 or count % 2:
        raise ValueError(f"pairs need an even number of devices, at least 2, not {count}")
    # short names, so that an envelope of the agreed 250 bytes has room for them
    devices = [(f"{side}{pair}", f"{owner}{batch}-{pair}") for pair in range(count // 2) for side in "ab"]
    tokens = _mint(http, devices)
    return [
        {
            "name": device,
            "login": {"id": device, "userId": user, "type": "desktop", "authToken": token},
            "to": devices[number ^ 1][0],
        }
        for number, ((device, user), token) in enumerate(zip(devices, tokens, strict=True))
    ]


def _mint(http: str, devices: list[tuple[str, str]]) -> list[Secret]:
    """A token for each device, by one connection: at a thousand devices that is what takes the time."""
    address = urlsplit(http)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        return [_mint_one(connection, device, user) for device, user in devices]
    finally:
        connection.close()


def _mint_one(connection: HTTPConnection, device: str, user: str) -> Secret:
    request = json.dumps({"userId": user, "deviceId": device, "expiresIn": 3600})
    connection.request("POST", "/test/tokens", request, {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 201:
        raise RuntimeError(f"the service minted no token for {device}: HTTP {response.status}")
    return Secret(json.loads(body)["token"])
