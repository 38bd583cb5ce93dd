"""What there is to look at, by plan and stack; and what there is not, with the reason."""

import importlib.util

import pytest

from wireproof.monitor import sources
from wireproof.monitor.errors import MonitorError
from wireproof.monitor.plan import Plan
from wireproof.monitor.watch import Watch
from wireproof.stack.addresses import Addresses
from wireproof.stack.base import Stack

EXTERNAL = Stack("external", Addresses("ws://h:1/", "http://h:2", "postgresql://u:p@h/d", "redis://h"))


def names(found: sources.Sources) -> list[str]:
    return [source.name for source in found.all]


def test_of_a_stack_that_others_run_only_probes_are_left() -> None:
    found = sources.find(Plan(), EXTERNAL)
    assert names(found) == ["http", "websocket", "postgres", "redis"]
    assert list(found.unseen) == ["server", "postgres", "redis"]
    assert found.unseen["server"] == (
        "what it uses is not measured: it is no service of this run; give its process where it runs on this machine, "
        'as in pids={"server": 1234}'
    )


def test_a_process_that_is_given_is_measured() -> None:
    found = sources.find(Plan(("server",), pids={"server": 1}), EXTERNAL)
    assert names(found) == ["processes"]
    assert found.metrics == ["memory.server", "cpu.server"]
    assert found.unseen == {}


def test_what_has_no_address_is_not_probed() -> None:
    found = sources.find(Plan(("probes",)), Stack("external", Addresses("ws://h:1/")))
    assert names(found) == ["websocket"]
    assert found.unseen == dict.fromkeys(("http", "postgres", "redis"), "it is not probed: its address is not known")


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    found = sources.find(Plan(pids={"server": 1}), EXTERNAL)
    assert names(found) == ["http", "websocket"]
    assert found.unseen["server"] == "psutil is missing: pip install 'robotframework-wireproof[monitor]'"
    assert found.unseen["redis"] == "redis is missing: pip install 'robotframework-wireproof[db]'"


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(
        MonitorError, match=r"^there is nothing called 'x' to monitor; there are server, postgres, redis, probes$"
    ):
        sources.find(Plan(("x",)), EXTERNAL)


def test_an_interval_is_a_tenth_of_a_second_or_more() -> None:
    with pytest.raises(MonitorError, match=r"^0.05 s is too short: look at most ten times in a second$"):
        Plan(every_s=0.05)


def test_a_watch_does_not_cover_what_was_started_after_it() -> None:
    stack = Stack("external", Addresses("ws://h:1/"))
    watch = Watch(Plan(), stack)
    assert watch.covers(Plan(), stack)
    stack.services["extra"] = object()  # type: ignore[assignment]
    assert watch.covers(Plan(("server", "probes")), stack)
    assert not watch.covers(Plan(("extra",)), stack)
    assert not watch.covers(Plan(), stack)
    with pytest.raises(MonitorError, match="there is nothing called 'sevrer' to monitor"):
        watch.covers(Plan(("sevrer",)), stack)
