"""Recoveries in words: each line that a check can fail with, and the table."""

import pytest

from wireproof.timing.fault import Fault
from wireproof.timing.figures import KINDS, LOST, UNSENT, Recovery
from wireproof.timing.recorder import Tally
from wireproof.timing.table import html, row
from wireproof.timing.telling import duration, shortfall, summary, unmeasurable

FAULT = Fault(1, "postgres", "killed", "Root.Suite.Test", 1_000_000_000, 3_000_000_000)
NO_ERRORS = dict.fromkeys(KINDS, 0)


def recovered(**told: object) -> Recovery:
    usual = {"detect_ms": 12.0, "first_success_ms": 1200.0, "rate_ms": 1800.0, "drained_ms": 2345.0, "healed_ns": 3}
    more = {"kinds": NO_ERRORS | {LOST: 2, UNSENT: 39}, "rate_before": 200.0, "rate_now": 126.0, "has_traffic": True}
    return Recovery(FAULT, **(usual | more | told))  # type: ignore[arg-type]


def test_what_was_measured_is_one_line() -> None:
    assert summary(recovered()) == (
        "recovery from 'postgres killed': detected after 12 ms, first success after 1.2 s, former rate after 1.8 s, "
        "drained after 2.3 s, 41 errors at clients (2 lost connections, 39 unsent)"
    )
    assert summary(recovered(detect_ms=None, kinds=NO_ERRORS, drained_ms=None, rate_ms=None)) == (
        "recovery from 'postgres killed': no client noticed, first success after 1.2 s, no error at a client"
    )


def test_what_is_well_has_no_shortfall() -> None:
    assert shortfall(recovered(), "drained", 2345) == ""
    assert unmeasurable(recovered(), "rate") == ""


def test_what_took_too_long_says_how_long() -> None:
    assert shortfall(recovered(), "rate", 1500) == (
        "recovery from 'postgres killed' took 1.8 s until the former rate was back, at most 1.5 s is allowed; "
        "41 errors at clients (2 lost connections, 39 unsent)"
    )
    assert "until the first success, at most 0 ms" in shortfall(recovered(), "first success", 0)
    assert "until everything was drained" in shortfall(recovered(), "drained", 1)


def test_what_is_not_complete_says_what_was_reached() -> None:
    assert shortfall(recovered(rate_ms=None, drained_ms=None, outstanding=41), "rate", 5000) == (
        "recovery from 'postgres killed' is not complete after 5.0 s: first success after 1.2 s, 63 % of 200/s in the "
        "last 0.5 s, 41 acked messages not delivered, 41 errors at clients (2 lost connections, 39 unsent)"
    )
    nothing = recovered(first_success_ms=None, rate_ms=None, drained_ms=None, rate_before=None, kinds=NO_ERRORS)
    assert shortfall(nothing, "drained", 500) == (
        "no-progress-after-heal: recovery from 'postgres killed' is not complete after 500 ms: "
        "no message was acked and delivered, no error at a client"
    )


def test_traffic_that_ended_is_told() -> None:
    ended = recovered(rate_ms=None, drained_ms=None, traffic_ended_ms=3100.0, rate_now=0)
    assert unmeasurable(ended, "drained") == ""
    assert ", the traffic ended 3.1 s after the heal, " in shortfall(ended, "drained", 5000)
    assert " % of " not in shortfall(ended, "drained", 5000)
    early = recovered(first_success_ms=None, rate_ms=None, drained_ms=None, traffic_ended_ms=-200.0)
    assert unmeasurable(early, "rate") == (
        "no rate shows the recovery from 'postgres killed': the traffic ended 200 ms before the heal; let it go on for "
        "0.5 s or longer after the heal"
    )
    assert unmeasurable(early, "drained") == unmeasurable(early, "rate")
    assert unmeasurable(early, "first success") == ""
    assert unmeasurable(recovered(traffic_ended_ms=490.0), "drained") == ""


def test_what_is_on_cannot_be_recovered_from() -> None:
    other = Fault(2, "redis", "suspended", "", 1)
    assert shortfall(recovered(still_on=other, healed_ns=None, first_success_ms=None), "first success", 100) == (
        "the fault 'redis suspended' is still on: recovery begins when it is healed"
    )


def test_what_cannot_be_measured_says_what_to_do() -> None:
    assert unmeasurable(recovered(has_traffic=False), "first success") == (
        "nothing shows a recovery from 'postgres killed': no tracked message was sent after it began; "
        "call Start Tracked Traffic before the fault"
    )
    assert unmeasurable(recovered(rate_before=None), "rate") == (
        "there is no rate to come back to: the traffic before 'postgres killed' had delivered fewer than 10 messages; "
        "start it earlier, or give until=drained"
    )
    assert unmeasurable(recovered(rate_before=None), "drained") == ""


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 ms"),
        (0.04, "< 1 ms"),
        (1, "1 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (59_949, "59.9 s"),
        (59_950, "1 min 0 s"),
        (125_000, "2 min 5 s"),
    ],
)
def test_times_are_told_as_people_read_them(ms: float, words: str) -> None:
    assert duration(ms) == words


# -- the table ---------------------------------------------------------------------------------------------------------


def verdict(at_ns: int, scope: str, source: str = "default", **counts: int) -> Tally:
    return Tally(at_ns, source, scope, {word.replace("_", "-"): count for word, count in counts.items()})


def test_a_row_takes_what_its_tests_ledgers_found_last() -> None:
    verdicts = [
        verdict(500_000_000, "Root.Suite.Test", lost=9),  # before the fault
        verdict(4_000_000_000, "Root.Suite.Test", lost=7),
        verdict(5_000_000_000, "Root.Suite.Test", lost=1, missing_recipient=2, retry_duplicated=4, reordered=8),
        verdict(5_000_000_000, "Root.Suite.Test", "second", lost=10),
        verdict(6_000_000_000, "Root.Suite.Other", lost=99),
        verdict(7_000_000_000, "Root", lost=99),
    ]
    found = row(recovered(), verdicts, [verdict(9_000_000_000, "Root", "", rows=2, keys=1)])
    assert (found.lost, found.duplicated, found.leaked) == (13, 4, 3)
    assert row(recovered(), verdicts[:1], []).lost is None


def test_the_table_tells_a_missing_number_from_one_that_was_never_reached() -> None:
    shown = html("Root", [row(recovered(detect_ms=None, drained_ms=None, outstanding=3), [], [])])
    assert '<td data-head="Test" class="w-name">Suite.Test</td>' in shown
    assert '<td data-head="Lasted">2.0 s</td>' in shown
    assert '<td data-head="Detect" class="w-none" title="no client noticed">\u2013</td>' in shown
    assert '<td data-head="Drained" class="w-bad" title="3 acked and not delivered">never</td>' in shown
    assert '<td data-head="Errors" title="2 lost connections, 39 unsent">41</td>' in shown
    assert '<td data-head="Lost" class="w-none" title="no ledger judged">\u2013</td>' in shown
    quiet = html("Root", [row(recovered(has_traffic=False, first_success_ms=None), [], [])])
    assert 'class="w-none" title="no tracked message was sent after the fault began">\u2013</td>' in quiet
    no_rate = html("Root", [row(recovered(rate_before=None, rate_ms=None), [], [])])
    assert '<td data-head="90 %" class="w-none" title="there was no rate before the fault">\u2013</td>' in no_rate


def test_names_in_the_table_are_only_text() -> None:
    evil = Fault(1, "<script>", '"x\u202e', "Root.<b>T</b>", 1, 2)
    shown = html("Root", [row(Recovery(evil, still_on=evil, has_traffic=True, kinds=NO_ERRORS), [], [])])
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "\u202e" not in shown
    assert "&lt;script&gt; &quot;x\\u202e" in shown
