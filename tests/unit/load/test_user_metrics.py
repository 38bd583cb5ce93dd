"""Thresholds for what an author's own class records."""

import asyncio
import sys
from types import ModuleType
from typing import Any

import pytest

from wireproof.load.loads import Loads
from wireproof.load.term_keywords import TermKeywords
from wireproof.load.user import User, own_metrics, user_class


class Quotes(User):
    metrics = ("quote.time", "quote.first.time")


@pytest.fixture(autouse=True)
def module(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Any = ModuleType("my_clients")
    made.Quotes = Quotes
    monkeypatch.setitem(sys.modules, "my_clients", made)


def required(*conditions: str, user: str = "") -> list[str]:
    loads = Loads(lambda plan: pytest.fail("nothing starts"))
    keywords = TermKeywords(loads)
    keywords.set_load_thresholds(*conditions, user=user)
    return keywords.set_load_thresholds()


def test_a_declared_metric_can_be_a_threshold() -> None:
    found = required("quote.p99 < 20 ms", "quote.first.p50 < 1 s", "delivery.lost == 0", user="my_clients.Quotes")
    assert found == ["quote.time.p99 < 20 ms", "quote.first.time.p50 < 1 s", "delivery.lost.count == 0"]


def test_so_can_how_often_it_was_done() -> None:
    assert required("quote.rate >= 10/s", "query.rate > 1/s", user="my_clients.Quotes") == [
        "quote.rate.mean >= 10/s",
        "query.rate.mean > 1/s",
    ]


@pytest.mark.parametrize("user", ["", "my_clients.Quotes"])
def test_an_unknown_one_fails_before_anything_starts(user: str) -> None:
    with pytest.raises(ValueError, match=r"unknown metric 'qoute\.p95'"):
        required("qoute.p95 < 20 ms", user=user)


def test_a_class_that_is_not_there_is_told() -> None:
    with pytest.raises(ValueError, match=r"the user class 'my_clients\.Nobody' cannot be imported"):
        required("quote.p95 < 20 ms", user="my_clients.Nobody")


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        (
            "quote.time",
            r"^'quote\.time' cannot be a metric of Bad: write names such as metrics =",
        ),
        (("quote",), r"^'quote' cannot be a metric of Bad"),
        ((".time",), r"^'\.time' cannot be a metric of Bad"),
        ((7,), r"^'7' cannot be a metric of Bad"),
        (("login.time",), r"^every load has its own login\.time: call the metric login\.time of Bad something else$"),
        (("send.time",), r"^every load has its own send\.rate: call the metric send\.time of Bad something else$"),
    ],
)
def test_what_cannot_be_a_metric_is_refused(metrics: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        own_metrics(type("Bad", (User,), {"metrics": metrics}))


def test_a_class_is_named_by_its_import_path() -> None:
    with pytest.raises(ValueError, match=r"^'Quotes' is no import path of a class: write package\.module\.ClassName$"):
        user_class("Quotes")


def test_a_class_without_a_step_is_told() -> None:
    with pytest.raises(NotImplementedError, match=r"^Quotes has no step: write `async def step\(self\)`$"):
        asyncio.run(Quotes("a", 0, {}, {}, lambda *_: None).step())
