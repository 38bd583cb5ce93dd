"""What becomes of a criterion: by its verdicts, else by its tests."""

import pytest
from runs import behaviour, criterion, evidence, trial, verdict, verdict_event

from wireproof.journal import Event
from wireproof.report.acceptance.outcomes import Acceptance, Outcome, counted
from wireproof.report.acceptance.record import Evidence, Judged, Observation, Record


def outcome(of: object, given: Evidence) -> Outcome:
    return Acceptance.of([of], given).outcomes[0]  # type: ignore[list-item]


# -- criteria that are measured ------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["PASS", "FAIL", "INCONCLUSIVE", "INVALID"])
def test_a_verdict_decides(word: str) -> None:
    found = outcome(criterion(), evidence(verdict(word), trials=[trial("PERF-02")]))
    assert (found.word, found.shown, found.n) == (word, "31.4 ms", 60_000)


def test_the_worst_test_decides() -> None:
    tests = [trial("PERF-02", name="a"), trial("PERF-02", name="b", status="FAIL")]
    found = outcome(criterion(), evidence(verdict("PASS", scope="a"), verdict("INCONCLUSIVE", scope="b"), trials=tests))
    assert found.word == "INCONCLUSIVE"


@pytest.mark.parametrize(("others", "word"), [(["PASS"], "PASS"), (["FAIL"], "FAIL"), ([], "INCONCLUSIVE")])
def test_what_a_short_test_only_warns_of_is_left_to_longer_ones(others: list[str], word: str) -> None:
    tests = [trial("PERF-02", name="short"), trial("PERF-02", name="long")]
    longer = [verdict(one, scope="long") for one in others]
    found = outcome(criterion(), evidence(verdict("INCONCLUSIVE", scope="short"), *longer, trials=tests))
    assert found.word == word


@pytest.mark.parametrize("first", ["INVALID", "INCONCLUSIVE"])
def test_what_proved_nothing_may_be_measured_once_more_in_its_test(first: str) -> None:
    given = evidence(verdict(first, 10), verdict("PASS", 20), trials=[trial("PERF-02")])
    found = outcome(criterion(), given)
    assert (found.word, len(found.rounds)) == ("PASS", 2)


def test_a_fail_stays_one_whatever_comes_later() -> None:
    given = evidence(verdict("FAIL", 10), verdict("PASS", 20), trials=[trial("PERF-02")])
    assert outcome(criterion(), given).word == "FAIL"


def test_another_test_does_not_make_good_what_proved_nothing() -> None:
    tests = [trial("PERF-02", name="a"), trial("PERF-02", name="b")]
    given = evidence(verdict("INVALID", scope="a"), verdict("PASS", scope="b"), trials=tests)
    assert outcome(criterion(), given).word == "INVALID"


def test_what_is_looked_at_first_and_then_judged_is_one_round() -> None:
    given = evidence(verdict("INVALID", 10), verdict(at_ns=20), verdict(at_ns=30), trials=[trial("PERF-02")])
    assert [one.word for one in outcome(criterion(), given).rounds] == ["INVALID", "PASS"]


def test_two_tests_that_find_the_same_are_two_rounds() -> None:
    given = evidence(verdict(scope="a"), verdict(scope="b"), trials=[trial("PERF-02")])
    assert len(outcome(criterion(), given).rounds) == 2


def test_a_test_that_fails_in_spite_of_its_verdict_proves_nothing() -> None:
    failed = trial("PERF-02", status="FAIL", message="3 messages are lost")
    found = outcome(criterion(), evidence(verdict("PASS"), trials=[failed]))
    assert (found.word, found.why) == ("FAIL", "Suite.Test: 3 messages are lost")


def test_a_word_that_is_none_proves_nothing() -> None:
    assert outcome(criterion(), evidence(verdict("SUPER"), trials=[trial("PERF-02")])).word == "INVALID"


def test_a_measured_criterion_is_not_met_by_a_test_that_measures_nothing() -> None:
    found = outcome(criterion(), evidence(trials=[trial("PERF-02")]))
    assert (found.word, found.why) == ("not run", "1 test passed, and judged no measurement")


@pytest.mark.parametrize(
    ("message", "word"),
    [("the server is gone", "FAIL"), ("INVALID PERF-02: the generator was too slow", "INVALID"), ("PASS port", "FAIL")],
)
def test_a_test_that_fails_before_its_verdict_says_with_which_word(message: str, word: str) -> None:
    failed = trial("PERF-02", status="FAIL", message=message)
    assert outcome(criterion(), evidence(trials=[failed])).word == word


# -- criteria that other checks measure ----------------------------------------------------------------------------


def test_recoveries_in_its_tests_are_the_number_of_a_criterion() -> None:
    of = criterion("REC-01", "recovery.time", "max", "< 30 s", area="recovery")
    observed = [Observation(at_ns, "recovery.time", value) for at_ns, value in ((10, 1.5), (20, 2.5), (500, 99.0))]
    found = outcome(of, evidence(trials=[trial("REC-01")], observed=observed))
    assert (found.word, found.shown, found.n) == ("PASS", "2.50 s", 2)


def test_a_test_with_a_looser_limit_does_not_meet_the_criterion() -> None:
    of = criterion("REC-01", "recovery.time", "max", "< 30 s", area="recovery")
    found = outcome(of, evidence(trials=[trial("REC-01")], observed=[Observation(10, "recovery.time", 45.0)]))
    assert (found.word, found.why) == ("FAIL", "1 test passed, and the worst that was measured, 45.0 s, is not < 30 s")


def test_a_recovery_criterion_without_a_number_is_met_by_its_tests() -> None:
    of = criterion("REC-15", "recovery.time", "max", "< 30 s", area="recovery")
    assert outcome(of, evidence(trials=[trial("REC-15")])).word == "PASS"


def test_a_ledgers_anomalies_are_the_number_of_a_criterion() -> None:
    of = criterion("DLV-12", "delivery.anomalies", "count", "== 0", area="delivery")
    failed = trial("DLV-12", status="FAIL", message="3 lost")
    observed = [Observation(10, "delivery.anomalies", 3), Observation(20, "recovery.time", 9)]
    found = outcome(of, evidence(trials=[failed], observed=observed))
    assert (found.word, found.shown, found.why) == ("FAIL", "3", "Suite.Test: 3 lost")


# -- behaviour -----------------------------------------------------------------------------------------------------


def test_behaviour_is_met_when_all_its_tests_pass() -> None:
    found = outcome(behaviour(), evidence(trials=[trial("CONN-01"), trial("CONN-01"), trial("CONN-02", status="FAIL")]))
    assert (found.word, found.why) == ("PASS", "2 tests passed")


def test_behaviour_is_not_met_when_one_of_its_tests_fails() -> None:
    given = evidence(trials=[trial("CONN-01"), trial("CONN-01", status="FAIL", message="no challenge")])
    assert outcome(behaviour(), given).word == "FAIL"


def test_behaviour_with_a_skipped_test_is_judged_by_the_others() -> None:
    given = evidence(trials=[trial("CONN-01"), trial("CONN-01", status="SKIP", message="no Docker")])
    assert outcome(behaviour(), given).why == "1 test passed"


def test_behaviour_whose_tests_were_all_skipped_did_not_run_and_says_why() -> None:
    found = outcome(behaviour(), evidence(trials=[trial("CONN-01", status="SKIP", message="no Docker")]))
    assert (found.word, found.why) == ("not run", "skipped: no Docker")


def test_what_was_not_selected_did_not_run() -> None:
    assert outcome(behaviour(), evidence()).why == "no test of it was selected"


# -- all of them ---------------------------------------------------------------------------------------------------


def test_targets_are_told_apart_from_stretch_scale_and_behaviour() -> None:
    criteria = [criterion(), criterion("SCALE-11", area="scale", tags=["stretch"]), behaviour()]
    acceptance = Acceptance.of(criteria, evidence())
    assert [one.criterion.id for one in acceptance.targets] == ["PERF-02"]
    assert [one.criterion.id for one in acceptance.others] == ["SCALE-11", "CONN-01"]


def test_a_run_is_complete_when_only_stretch_criteria_did_not_run() -> None:
    criteria = [criterion("SCALE-11", area="scale", tags=["stretch"]), behaviour()]
    assert Acceptance.of(criteria, evidence(trials=[trial("CONN-01")])).is_complete
    assert not Acceptance.of(criteria, evidence()).is_complete


def test_verdicts_of_no_criterion_are_thresholds() -> None:
    acceptance = Acceptance.of([criterion()], evidence(verdict(), verdict(name="delivery.time")))
    assert [one.name for one in acceptance.thresholds] == ["delivery.time"]


def test_words_are_counted_in_a_fixed_order() -> None:
    criteria = [behaviour("A"), behaviour("B"), behaviour("C")]
    given = evidence(trials=[trial("B"), trial("A", status="FAIL", message="x")])
    assert counted(Acceptance.of(criteria, given).outcomes) == "1 PASS, 1 FAIL, 1 not run"


# -- the record ----------------------------------------------------------------------------------------------------


class Result:
    """A test's result as Robot keeps it."""

    def __init__(self, name: str, *tags: str) -> None:
        self.full_name, self.tags, self.status, self.message = name, list(tags), "PASS", ""


def test_a_record_knows_in_which_test_a_verdict_was() -> None:
    record = Record()
    record.start_test()
    record.end_test(Result("Suite.A", "PERF-02"))
    told = record.evidence().trials[0]
    assert told.started_ns <= told.ended_ns
    assert told.held(told.started_ns)
    assert not told.held(told.ended_ns + 1)


def test_a_test_that_its_suites_tear_down_fails_has_failed() -> None:
    record, result = Record(), Result("Suite.A", "CONN-01")
    record.start_test()
    record.end_test(result)
    result.status, result.message = "FAIL", "the suite's tear-down failed"
    assert record.evidence().trials[0].status == "FAIL"


def test_a_test_that_was_not_reached_did_not_run() -> None:
    record, result = Record(), Result("Suite.A", "CONN-01", "robot:exit")
    result.status, result.message = "FAIL", "Failure occurred and exit-on-failure mode is in use."
    record.start_test()
    record.end_test(result)
    assert outcome(behaviour(), record.evidence()).word == "not run"


def test_a_tag_is_a_criterion_in_whatever_letters() -> None:
    record = Record()
    record.start_test()
    record.end_test(Result("Suite.A", "conn-01"))
    assert outcome(behaviour(), record.evidence()).word == "PASS"


def test_a_record_takes_what_it_knows_and_leaves_the_rest() -> None:
    record = Record()
    recovery = {"what": "recovery", "until": "first success", "first_success_ms": 1500.0, "drained_ms": None}
    for event in (
        verdict_event(),
        Event(1, "verdict", "direct", {"anomalies": {"lost": 2, "duplicated": 1}, "line": "FAIL"}),
        Event(2, "measurement", "redis", recovery),
        Event(3, "measurement", "redis", recovery | {"until": "drained"}),
        Event(4, "measurement", "series", {"metric": "latency", "value": 1.0}),
        Event(5, "criteria", "/suites/criteria.yaml"),
        Event(6, "sent", "alice", {"id": "m-1"}),
    ):
        record.take(event)
    given = record.evidence()
    assert [one.name for one in given.judged] == ["PERF-02"]
    assert list(given.observed) == [Observation(1, "delivery.anomalies", 3), Observation(2, "recovery.time", 1.5)]
    assert [str(path) for path in given.catalogues] == ["/suites/criteria.yaml"]


# -- a verdict's numbers -------------------------------------------------------------------------------------------


def test_numbers_of_a_verdict_are_told_in_one_unit() -> None:
    judged = verdict(baseline=0.0157)
    assert (judged.shown, judged.bounds, judged.compared) == ("31.4 ms", "30.8 ms … 32.1 ms", "15.7 ms, +100 %")


def test_what_is_judged_as_observed_has_no_bounds() -> None:
    judged = verdict(unit="Size", value=498e6, low=498e6, high=498e6, limit="< 512 MB")
    assert (judged.shown, judged.bounds) == ("498 MB", "")


def test_a_bound_that_is_not_known_is_a_question() -> None:
    assert verdict(high=None).bounds == "30.8 ms … ?"


def test_a_verdict_on_nothing_has_no_numbers() -> None:
    judged = verdict("INVALID", value=None, low=None, high=None, n=None, unit=None)
    assert (judged.shown, judged.bounds, judged.compared, judged.n) == ("", "", "", None)


@pytest.mark.parametrize(
    "broken", [{"unit": "Parsec"}, {"value": "many"}, {"limit": "soon"}, {"n": True}, {"line": None}]
)
def test_a_damaged_event_does_no_harm(broken: dict[str, object]) -> None:
    judged = verdict(**broken)
    assert isinstance(judged, Judged)
    assert isinstance(f"{judged.shown}{judged.bounds}{judged.compared}", str)
