"""The examples of docs/dialects.md do what the guide says."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from wireproof.dialects import TEXT, Definition, Draft, Frame, LoginRefused, create

GUIDE = (Path(__file__).parents[2] / "docs" / "dialects.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def ticker() -> Iterator[ModuleType]:
    module = ModuleType("ticker")
    sys.modules["ticker"] = module
    exec(examples("python")[0], module.__dict__)
    yield module
    del sys.modules["ticker"]


def test_the_class_passes_the_test_that_the_guide_shows(ticker: ModuleType) -> None:
    exec(examples("python")[1], {})


def test_the_class_is_found_by_its_import_path(ticker: ModuleType) -> None:
    dialect = create("ticker.Ticker", "alice")
    (ping,) = dialect.feed(Frame(TEXT, b"PING"))
    assert [answer.payload for answer in dialect.answers(ping)] == [b"PONG"]
    (odd,) = dialect.feed(Frame(TEXT, b"\xff"))
    assert odd.problem
    with pytest.raises(ValueError, match=r"^a ticker client sends SUB with an id and a symbol as body$"):
        dialect.encode(Draft("EURUSD"))


def test_the_class_refuses_a_login(ticker: ModuleType) -> None:
    dialect = create("ticker.Ticker", "alice")
    with pytest.raises(ValueError, match=r"^a ticker login takes a token and nothing else$"):
        dialect.login({})
    login = dialect.login({"token": "t-1"})
    assert login is not None
    next(login)
    (no,) = dialect.feed(Frame(TEXT, b"NO token expired"))
    with pytest.raises(LoginRefused, match=r"^token expired$"):
        login.send(no)


def test_the_defined_dialect_does_what_the_guide_says() -> None:
    call = re.search(r"Define Dialect {4}(.*?)\n {4}Set Client", examples("robotframework")[0], re.DOTALL)
    assert call
    name, *options = re.split(r"(?: {2,}|\n *\.\.\. *)+", call[1])
    parts = dict(option.split("=", 1) for option in options)
    parts |= {part: json.loads(parts[part]) for part in ("ack", "control")}
    dialect = Definition(name=name, **parts).dialect()("alice")
    event = {"header": {"event": "paid", "id": "e-1", "causedBy": "r-1"}, "order": {"number": 17, "version": 2}}
    (message,) = dialect.feed(Frame(TEXT, json.dumps(event).encode()))
    assert (message.kind, message.id, message.reply_to) == ("paid", "e-1", "r-1")
    assert (message.flow, message.seq) == ("17", 2)
    assert [json.loads(ack.payload) for ack in dialect.answers(message)] == [{"header": {"event": "ack"}, "of": "e-1"}]
    sent = json.loads(dialect.encode(Draft({"order": {"number": 17}}, kind="pay", id="x")).payload)
    assert sent == {"order": {"number": 17}, "header": {"event": "pay", "id": "x"}}
