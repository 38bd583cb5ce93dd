"""The faults that are on: which may not meet, when each ends, that each was felt."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from wireproof import journal, scopes
from wireproof.faults.active import ActiveFaults, nothing, require_effect
from wireproof.faults.errors import FaultError, NoEffectError
from wireproof.faults.fault import Fault
from wireproof.faults.links.effect import Effect
from wireproof.faults.links.passage import Passage


@pytest.fixture(autouse=True)
def own_journal(monkeypatch):
    monkeypatch.setattr(journal, "_current", journal.Journal())


@pytest.fixture
def scope(monkeypatch):
    monkeypatch.setattr(scopes, "_stack", [scopes.Scope("run", "")])
    return scopes.enter("test", "the test")


@pytest.fixture
def active(scope):
    return ActiveFaults()


def fault_on(place: str = "room", name: str = "pause", *claims: str, undo=lambda: None) -> Fault:
    return Fault(place, name, undo, claims)


def events():
    journal.current().flush()
    return [event for event in journal.current().recent() if event.kind == "fault"]


def test_a_fault_is_on_until_it_is_healed(active):
    undone = []
    fault = active.begin(fault_on(undo=lambda: undone.append("pause")))
    assert active.on == [fault]
    assert active.last is fault
    fault.touch("bytes", 7)
    assert active.heal(fault)
    assert not active.heal(fault)
    assert undone == ["pause"]
    assert active.on == []
    assert [(event.source, event.data["phase"]) for event in events()] == [("room", "on"), ("room", "off")]
    assert events()[-1].data["effect"] == {"bytes": 7}


def test_contradicting_faults_of_one_place_are_refused(active):
    active.begin(fault_on("room", "pause", "passing"))
    active.begin(fault_on("lobby", "pause", "passing"))
    with pytest.raises(
        FaultError, match=r"^room has pause since 0.0 s, which contradicts hole: heal it first with Heal"
    ):
        active.begin(fault_on("room", "hole", "passing", "other"))
    assert len(active.on) == 2


def test_all_faults_are_healed_the_last_one_first(active):
    order = []
    room, lobby = object(), object()
    for name, owner in (("first", room), ("second", lobby), ("third", room)):
        active.begin(Fault("room", name, partial(order.append, name), owner=owner))
    assert [fault.name for fault in active.heal_all(room)] == ["third", "first"]
    assert [fault.name for fault in active.heal_all()] == ["second"]
    assert order == ["third", "first", "second"]


def test_one_that_cannot_be_undone_does_not_stop_the_others_and_is_tried_again(active, scope):
    undone, troubles = [], [OSError("no room")]

    def fails_first() -> None:
        if troubles:
            raise troubles.pop()
        undone.append("second")

    felt = active.begin(fault_on(name="first", undo=partial(undone.append, "first")))
    felt_too = active.begin(fault_on(name="second", undo=fails_first))
    felt.touch("bytes")
    felt_too.touch("bytes")
    with pytest.raises(FaultError, match=r"^not everything could be healed: second on 'room': no room$"):
        active.heal_all()
    assert active.on == [felt_too]
    assert scopes.leave(scope) == []
    assert undone == ["first", "second"]
    assert active.on == []
    assert [event.data["phase"] for event in events()] == ["on", "on", "off", "off"]


def test_one_that_can_never_be_undone_is_told_and_in_nobodys_way(active, scope):
    def fails() -> None:
        raise OSError("no room")

    active.begin(fault_on("room", "pause", "passing", undo=fails))
    assert scopes.leave(scope) == ["clean-up at the end of test 'the test' failed: no room"]
    assert active.on == []
    active.begin(fault_on("room", "pause", "passing"))


class TimeoutExceededError(Exception):
    """As Robot Framework raises it, anywhere in the main thread."""


@pytest.mark.parametrize("where", ["defer", "do"])
def test_a_time_out_in_the_middle_of_a_beginning_leaves_nothing(active, scope, monkeypatch, where):
    def strikes(*_: object, **__: object) -> None:
        raise TimeoutExceededError

    undone = []
    fault = fault_on("room", "pause", "passing", undo=partial(undone.append, "pause"))
    if where == "defer":
        monkeypatch.setattr(scopes.Scope, "defer", strikes)
    with pytest.raises(TimeoutExceededError):
        active.begin(fault, strikes)
    monkeypatch.undo()
    assert undone == ["pause"]
    assert active.on == []
    assert scopes.leave(scope) == []


def test_a_time_out_in_the_middle_of_a_healing_leaves_it_to_the_end_of_the_test(active, scope):
    strikes, undone = [TimeoutExceededError()], []

    def undo() -> None:
        if strikes:
            raise strikes.pop()
        undone.append("locked")

    fault = active.begin(fault_on(undo=undo))
    fault.touch("statements")
    with pytest.raises(TimeoutExceededError):
        active.heal(fault)
    assert scopes.leave(scope) == []
    assert undone == ["locked"]


def test_who_heals_what_another_thread_is_healing_waits_for_it(active):
    begun, may_end, order = threading.Event(), threading.Event(), []

    def undo() -> None:
        begun.set()
        assert may_end.wait(30)
        order.append("undone")

    fault = active.begin(fault_on(undo=undo))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(active.heal, fault)
        assert begun.wait(30)
        second = pool.submit(lambda: (active.heal(fault), order.append("returned"))[0])
        may_end.set()
        assert first.result(30)
        assert not second.result(30)
    assert order == ["undone", "returned"]


def test_the_end_of_a_test_heals_and_asks_for_an_effect(active, scope):
    felt, unfelt = active.begin(fault_on(name="felt")), active.begin(fault_on(name="unfelt"))
    felt.touch("connections")
    problems = scopes.leave(scope)
    assert active.on == []
    assert [type(problem) for problem in problems] == [scopes.FailedCheck]
    assert problems[0].startswith("the fault unfelt on 'room' touched nothing: what was tested did not go through it; ")
    with pytest.raises(NoEffectError):
        require_effect(unfelt)


@pytest.mark.parametrize(
    ("fault", "used"),
    [
        (Fault("room", "pause", nothing, owner=object()), "the link"),
        (Fault("postgres", "lock", nothing), "this database"),
    ],
)
def test_what_to_check_fits_the_place(fault, used):
    with pytest.raises(NoEffectError, match=f"check that the clients or the server use {used}, and that something"):
        require_effect(fault)


def test_what_a_fault_touched_is_counted_by_connection(active):
    fault = fault_on()
    effect = Effect(fault)
    for number, count in ((1, 5), (1, 0), (2, 7)):
        effect.of(Passage(number, "127.0.0.1:1", "", "to client"))(count)
    assert fault.effect == {"connections": 2, "bytes": 12}
    assert fault.touched == 2
