"""Faults that count by being asked, that do something again and again, or end by themselves."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from wireproof import scopes
from wireproof.faults.active import ActiveFaults, nothing, require_effect
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.healing_keywords import HealingKeywords
from wireproof.faults.measured import MeasuredFault
from wireproof.faults.repeat import Repeat

SOON_S, DAY_S = 0.001, 86_400


@pytest.fixture
def scope() -> Iterator[scopes.Scope]:
    entered = scopes.enter("test", "the test")
    yield entered
    scopes.leave(entered)


@pytest.fixture
def active(scope: scopes.Scope) -> ActiveFaults:
    return ActiveFaults()


class TestMeasured:
    def test_it_is_asked_until_it_is_healed_and_the_last_time_right_before(self) -> None:
        counts = {"inserts": 0}
        fault = MeasuredFault("postgres", "full", lambda: counts.update(inserts=9), measure=lambda: dict(counts))
        assert fault.touched == 0
        counts["inserts"] = 1
        assert fault.touched == 1
        fault.undo()
        assert fault.effect == {"inserts": 1}

    def test_it_is_healed_although_nobody_answers(self) -> None:
        def away() -> dict[str, int]:
            raise FaultError("PostgreSQL: gone")

        healed = threading.Event()
        fault = MeasuredFault("postgres", "full", healed.set, measure=away)
        fault.undo()
        assert healed.is_set()
        with pytest.raises(FaultError, match=r"full on 'postgres' touched could not be counted: .*gone$"):
            require_effect(fault)

    def test_one_that_could_not_be_healed_is_asked_again(self) -> None:
        answers = iter([FaultError("PostgreSQL: gone"), None])

        def heal() -> None:
            if (problem := next(answers)) is not None:
                raise problem

        fault = MeasuredFault("postgres", "full", heal, measure=lambda: {"inserts": 2})
        with pytest.raises(FaultError, match="gone"):
            fault.undo()
        fault.undo()
        assert fault.effect == {"inserts": 2}


class TestRepeat:
    def test_it_goes_on_until_it_is_stopped(self) -> None:
        turns = threading.Semaphore(0)
        repeat = Repeat(0.001, turns.release)
        repeat.start()
        for _ in range(3):
            assert turns.acquire(timeout=30)
        repeat.stop()
        repeat.stop()

    def test_what_went_wrong_in_it_is_raised_when_it_is_stopped(self) -> None:
        tried = threading.Event()

        def fail() -> None:
            tried.set()
            raise FaultError("PostgreSQL: gone")

        repeat = Repeat(0.001, fail)
        repeat.start()
        assert tried.wait(30)
        with pytest.raises(FaultError, match="gone"):
            repeat.stop()
        repeat.stop()

    def test_what_works_again_is_forgiven(self) -> None:
        turns, worked = iter(["fails", "works"]), threading.Event()

        def do() -> None:
            if next(turns, "works") == "fails":
                raise FaultError("PostgreSQL: gone")
            worked.set()

        repeat = Repeat(0.001, do)
        repeat.start()
        assert worked.wait(30)
        repeat.stop()

    def test_one_that_was_not_started_may_be_stopped(self) -> None:
        Repeat(1, nothing).stop()


class TestDuration:
    def test_a_fault_heals_when_its_time_is_over(self, active: ActiveFaults) -> None:
        healed = threading.Event()
        active.begin(Fault("postgres", "slow", healed.set), nothing, SOON_S)
        assert healed.wait(30)

    def test_a_healing_that_fails_meanwhile_is_told_at_the_end_and_tried_again(
        self, active: ActiveFaults, scope: scopes.Scope
    ) -> None:
        tried, healed = threading.Event(), threading.Event()

        def undo() -> None:
            if not tried.is_set():
                tried.set()
                raise FaultError("PostgreSQL: gone")
            healed.set()

        fault = Fault("postgres", "slow", undo)
        fault.touch("statements")
        active.begin(fault, nothing, SOON_S)
        assert tried.wait(30)
        assert scopes.leave(scope) == ["clean-up at the end of test 'the test' failed: PostgreSQL: gone"]
        assert healed.is_set()

    def test_a_test_that_ends_earlier_does_not_wait(self, active: ActiveFaults, scope: scopes.Scope) -> None:
        fault = Fault("postgres", "slow", nothing)
        fault.touch("statements")
        active.begin(fault, nothing, DAY_S)
        assert scopes.leave(scope) == []

    def test_a_fault_that_could_not_be_made_is_undone_and_demands_no_effect(
        self, active: ActiveFaults, scope: scopes.Scope
    ) -> None:
        undone = threading.Event()

        def fail() -> None:
            raise FaultError("PostgreSQL: refused")

        with pytest.raises(FaultError, match="refused"):
            active.begin(Fault("postgres", "slow", undone.set), fail, DAY_S)
        assert undone.is_set()
        assert scopes.leave(scope) == []


class TestWaiting:
    def test_it_waits_until_the_fault_is_felt(self, active: ActiveFaults) -> None:
        fault = Fault("postgres", "slow", nothing)
        thread = threading.Timer(0.03, fault.touch, ("statements",))
        thread.start()
        assert HealingKeywords(active).wait_until_fault_has_effect(fault) == {"statements": 1}
        thread.join()

    def test_it_fails_in_one_line_when_nothing_feels_it(self, active: ActiveFaults) -> None:
        keywords = HealingKeywords(active)
        with pytest.raises(AssertionError, match=r"^mine: the fault slow on 'postgres' has touched nothing within"):
            keywords.wait_until_fault_has_effect(Fault("postgres", "slow", nothing), timeout=timedelta(0), msg="mine")
        with pytest.raises(ValueError, match="cannot wait for -1 s"):
            keywords.wait_until_fault_has_effect(Fault("postgres", "slow", nothing), timeout=timedelta(seconds=-1))
