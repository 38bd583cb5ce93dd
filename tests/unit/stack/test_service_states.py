"""What is done to a service is a fault from when to when; what contradicts itself is one line."""

import signal
import threading

import pytest

from wireproof import journal
from wireproof.journal import Journal
from wireproof.stack import StackError, services
from wireproof.stack.claims import Claims
from wireproof.stack.readiness import NotReadyError
from wireproof.stack.services import Service, Stopped


class Pretended(Service):
    """A service of three processes that does what it is told."""

    def __init__(self, claims=None):
        super().__init__("redis", claims)
        self.now = "running"
        self.acts = []
        self.fails = None

    endpoint = "redis://127.0.0.1:1"

    @property
    def state(self):
        return self.now

    def probe(self):
        if self.now != "running":
            raise NotReadyError(f"it is {self.now}")
        return ""

    def _act(self, what, becomes):
        self.acts.append(what)
        if self.fails == what:
            raise KeyboardInterrupt
        self.now = becomes

    def _start(self, within_s):
        self._act("start", "running")

    def _stop(self, mode, within_s):
        self._act(f"stop {mode}", "down")
        return Stopped(True, 0, 1.0)

    def _kill(self):
        self._act("kill", "down")

    def _suspend(self):
        self._act("suspend", "suspended")

    def _resume(self):
        self._act("resume", "running")

    def _size(self):
        return 3


@pytest.fixture
def own_journal(monkeypatch):
    own = Journal()
    monkeypatch.setattr(journal, "_current", own)
    return own


@pytest.fixture
def redis(own_journal, tmp_path):
    return Pretended(Claims(tmp_path / "claims"))


@pytest.fixture
def faults(own_journal):
    """The fault events as name and phase."""
    return lambda: [
        f"{event.data['name']} {event.data['phase']}" for event in own_journal.recent() if event.kind == "fault"
    ]


@pytest.mark.parametrize(
    ("harm", "heal", "name"),
    [
        (Service.kill, Service.start, "killed"),
        (Service.stop, Service.start, "stopped"),
        (Service.suspend, Service.resume, "suspended"),
        (Service.kill, Service.heal, "killed"),
        (Service.suspend, Service.heal, "suspended"),
    ],
)
def test_a_fault_is_on_until_its_healing_is_ordered(redis, faults, own_journal, harm, heal, name):
    harm(redis)
    assert faults() == [f"{name} on"]
    assert redis.is_disturbed()
    heal(redis)
    assert faults() == [f"{name} on", f"{name} off"]
    assert not redis.is_disturbed()
    events = own_journal.recent()
    [on, off] = [event for event in events if event.kind == "fault"]
    assert on.source == off.source == "redis"
    assert on.data["number"] == off.data["number"]
    assert (off.data["touched"], off.data["effect"]) == (3, {"processes": 3})
    healed = next(event for event in events if event.data.get("action") in ("started", "resumed"))
    assert off.at_ns <= healed.at_ns


def test_a_restart_is_one_fault_that_ends_when_the_start_is_ordered(redis, faults, own_journal):
    assert redis.restart("immediate") == Stopped(True, 0, 1.0)
    assert redis.acts == ["stop immediate", "start"]
    kinds = [event.data.get("action") or event.data["phase"] for event in own_journal.recent()]
    assert kinds == ["on", "stopped", "off", "started"]
    assert faults() == ["restarted on", "restarted off"]


def test_the_next_fault_takes_the_place_of_the_one_before(redis, faults):
    redis.suspend()
    redis.kill()
    redis.start()
    assert faults() == ["suspended on", "suspended off", "killed on", "killed off"]


@pytest.mark.parametrize("harm", [Service.kill, Service.stop, Service.suspend, Service.restart])
def test_what_is_down_cannot_be_harmed(redis, faults, harm):
    redis.kill()
    with pytest.raises(StackError, match=r"^redis is not running: start it first$"):
        harm(redis)
    assert faults() == ["killed on"]


def test_what_is_suspended_cannot_be_suspended_or_started(redis, faults):
    redis.suspend()
    with pytest.raises(StackError, match=r"^redis is suspended already: call Resume Service first$"):
        redis.suspend()
    with pytest.raises(StackError, match=r"^redis is suspended: call Resume Service$"):
        redis.start()
    assert faults() == ["suspended on"]


def test_what_is_down_cannot_be_resumed(redis):
    redis.kill()
    with pytest.raises(StackError, match=r"^redis is not running: start it first$"):
        redis.resume()


@pytest.mark.parametrize("heal", [Service.start, Service.resume, Service.heal])
def test_healing_twice_is_nothing(redis, faults, own_journal, heal):
    redis.suspend()
    redis.heal()
    before = len(own_journal.recent())
    heal(redis)
    assert len(own_journal.recent()) == before


def test_a_stop_that_was_interrupted_is_healed_by_an_end_and_a_start(redis, faults):
    redis.fails = "stop graceful"
    with pytest.raises(KeyboardInterrupt):
        redis.restart()
    assert redis.is_disturbed()
    redis.heal()
    assert redis.acts == ["stop graceful", "kill", "start"]
    assert not redis.is_disturbed()
    assert faults() == ["restarted on", "restarted off"]


def test_a_service_that_ended_after_the_interruption_is_started(redis):
    redis.fails = "stop graceful"
    with pytest.raises(KeyboardInterrupt):
        redis.stop()
    redis.now = "down"
    redis.heal()
    assert redis.acts == ["stop graceful", "start"]


def test_one_that_does_not_get_ready_is_told(redis):
    redis._resume = lambda: None
    redis.suspend()
    with pytest.raises(StackError, match=r"^redis is not ready after 0 s: it is suspended$"):
        redis.heal(within_s=0)


def test_to_end_one_that_is_not_needed_is_no_fault(redis, faults):
    redis.end()
    redis.end()
    assert redis.acts == ["stop graceful"]
    assert faults() == []


def test_what_this_run_did_is_undone_when_it_leaves(redis):
    redis.leave()
    assert redis.acts == []
    redis.suspend()
    redis.leave()
    assert redis.acts == ["suspend", "resume"]


@pytest.mark.parametrize(("state", "act"), [("suspended", "resume"), ("down", "start")])
def test_what_a_dead_run_left_is_healed_with_one_line(redis, state, act):
    redis.now = state
    assert services.recover("compose", [redis]) == [
        f"the compose stack was found with redis {state}, as a run that died leaves it: healed"
    ]
    assert redis.acts == [act]
    assert services.recover("compose", [redis]) == []


def test_what_a_living_run_is_at_is_left_alone(redis, tmp_path):
    redis.suspend()
    other = Pretended(Claims(tmp_path / "claims"))
    other.now = "suspended"
    assert services.recover("embedded", [other]) == []
    assert other.acts == []


def test_what_must_not_be_half_done_is_done_before_the_interruption_goes_on():
    """Robot's time-outs are raised by a signal handler, in the main thread."""
    interrupted, done = threading.Event(), []

    def interrupt(*_):
        interrupted.set()
        raise TimeoutError

    def work():
        assert interrupted.wait(30)
        done.append("all of it")

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(TimeoutError):
            services.uninterrupted(work)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert done == ["all of it"]
