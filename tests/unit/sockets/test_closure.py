"""How connections end, in words, and whether coming back makes sense."""

import pytest

from wireproof.sockets.closure import Closure


@pytest.mark.parametrize(
    ("closure", "phrase"),
    [
        (Closure(0, "server", 4401, "token expired"), "was closed by the server (4401 'token expired')"),
        (Closure(0, "server", 1000), "was closed by the server (1000)"),
        (Closure(0, "server", 4403, meaning="forbidden"), "was closed by the server (4403, forbidden)"),
        (Closure(0, "server", 4403, "not you", "forbidden"), "was closed by the server (4403 'not you')"),
        (Closure(0, "client", 1000), "was closed from this side (1000)"),
        (Closure(0, "client", 1007, "not UTF-8"), "was closed from this side (1007: not UTF-8)"),
        (Closure(0, "network", 1006, "reset"), "lost its connection (reset)"),
        (Closure(0, "server", 4000, "*HTML*\n\ud83d"), "was closed by the server (4000 '*HTML*\\n\\ud83d')"),
    ],
)
def test_phrases(closure: Closure, phrase: str) -> None:
    assert closure.phrase == phrase
    assert repr(closure) == f"<{phrase}>"


def test_what_may_come_back() -> None:
    assert all(Closure(0, "server", code).may_come_back for code in (1001, 1011, 1012, 1013, 1014))
    assert not any(Closure(0, "server", code).may_come_back for code in (1000, 1002, 1008, 3000, 4001, 4999))
    assert Closure(0, "network", 1006).may_come_back
    assert not Closure(0, "client", 1006).may_come_back
