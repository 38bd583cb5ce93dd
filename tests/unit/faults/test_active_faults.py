"""The faults that are on: which may not meet, when each ends, that each was felt."""

import pytest

from wireproof import journal, scopes
from wireproof.faults.active import ActiveFaults, require_effect
from wireproof.faults.effect import Effect
from wireproof.faults.errors import FaultError, NoEffectError
from wireproof.faults.fault import Fault
from wireproof.faults.passage import Passage


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
    for name in ("first", "second", "third"):
        active.begin(fault_on("room" if name != "second" else "lobby", name, undo=lambda name=name: order.append(name)))
    assert [fault.name for fault in active.heal_all("room")] == ["third", "first"]
    assert [fault.name for fault in active.heal_all()] == ["second"]
    assert order == ["third", "first", "second"]


def test_one_that_cannot_be_undone_does_not_stop_the_others(active):
    undone = []

    def fails() -> None:
        raise OSError("no room")

    active.begin(fault_on(name="first", undo=lambda: undone.append("first")))
    active.begin(fault_on(name="second", undo=fails))
    with pytest.raises(FaultError, match=r"^not everything could be healed: second on 'room': no room$"):
        active.heal_all()
    assert undone == ["first"]
    assert active.on == []
    assert [event.data["phase"] for event in events()] == ["on", "on", "off", "off"]


def test_the_end_of_a_test_heals_and_asks_for_an_effect(active, scope):
    felt, unfelt = active.begin(fault_on(name="felt")), active.begin(fault_on(name="unfelt"))
    felt.touch("connections")
    problems = scopes.leave(scope)
    assert active.on == []
    assert [type(problem) for problem in problems] == [scopes.FailedCheck]
    assert problems[0].startswith("the fault unfelt on 'room' touched nothing: what was tested did not go through it; ")
    with pytest.raises(NoEffectError):
        require_effect(unfelt)


def test_what_a_fault_touched_is_counted_by_connection(active):
    fault = fault_on()
    effect = Effect(fault)
    for number, count in ((1, 5), (1, 0), (2, 7)):
        effect.of(Passage(number, "127.0.0.1:1", "", "to client"))(count)
    assert fault.effect == {"connections": 2, "bytes": 12}
    assert fault.touched == 2
