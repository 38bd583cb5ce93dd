"""What a timeline shows, and that nothing from the wire gets out of its text."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timelines import MS, Reader, classes, event, failure

from wireproof import wiretext
from wireproof.journal import Event, Journal
from wireproof.report.timeline import Failure, Links, fragment, lay_out, page

EVIL = [
    "</svg><script>alert(1)</script>",
    "</style></q></li></ol></div><img src=x onerror=alert(1)>",
    "*HTML* <b>bold</b>",
    "half \ud83d",
    "\u202eevil\u2066\x00\x1b[31m\r\n",
    "]]></msg><!-- &lt; &#60; ",
    '" onclick="alert(1)" x="',
]
MESSAGE = {"message_kind": "user_message", "id": "m-17", "excerpt": '{"text":"hello"}'}


def drawn(events: Sequence[Event], failed: Failure | None = None, most: int = 60) -> Reader:
    return Reader(fragment(lay_out(events, failed or failure(), most), Links("journal.jsonl", "page.html")))


def looks(reader: Reader) -> list[str]:
    """How each event of the list is painted."""
    marked = [classes(attrs) for tag, attrs in reader.elements if tag == "li"]
    return [one[0] for one in marked if "w-pause" not in one]


def test_tells_which_client_sent_and_which_received() -> None:
    reader = drawn(
        [event(10, "sent", "phone", to="laptop", **MESSAGE), event(12, "received", "laptop", index=3, **MESSAGE)]
    )
    assert reader.lines[:2] == [
        '0.0100|↑|phone|user_message m-17 to laptop|{"text":"hello"}',
        '0.0120|↓|laptop|#3 user_message m-17|{"text":"hello"}',
    ]


def test_ends_with_the_failure_and_says_when_the_keyword_began() -> None:
    reader = drawn([event(10, "sent", "phone")], failure("phone: no message"))
    assert reader.lines[1:] == [
        "490 ms",
        "0.5000|▸|Wait For Message begins",
        "500 ms",
        "1.0000|✕|phone: no message",
    ]


def test_shows_nothing_that_came_after_the_failure() -> None:
    assert "late" not in drawn([event(10, "sent", "phone"), event(1001, "received", "late")]).text


def test_each_client_has_a_lane_with_strokes_up_and_down() -> None:
    html = fragment(lay_out([event(0, "connected", "phone"), event(500, "sent", "phone")], failure(), 60), Links())
    assert Reader(html).count("svg") == 2
    assert '<path class="w-up" d="M500 12v-9"/>' in html
    assert '<path class="w-life" d="M0 12H1000"/>' in html


@pytest.mark.parametrize("events", [[], [event(1, "sent", "a")], [event(5, "sent", "a")] * 3])
def test_draws_as_little_as_there_is(events: list[Event]) -> None:
    reader = drawn(events, failure(began_ms=5, at_ms=5))
    assert f"{len(events)} events" in reader.text
    assert reader.count("svg") == (2 if events else 0)


def test_events_at_the_very_start_of_a_test_that_failed_at_once() -> None:
    assert drawn([event(0, "sent", "a")], failure(began_ms=0, at_ms=0)).count("svg") == 2


def test_folds_what_is_neither_last_nor_told_of() -> None:
    events = [event(n, "sent", "phone", id=f"m-{n:03}") for n in range(60)]
    reader = drawn(events, failure("lost: m-030"))
    assert [text for inside, text in reader.texts if inside[-1] == "summary"] == ["30 events", "15 events"]
    told = [attrs for tag, attrs in reader.elements if tag == "li" and "w-told" in classes(attrs)]
    assert len(told) == 1


def test_of_many_events_the_last_ones_are_shown() -> None:
    layout = lay_out([event(n, "sent", "a", id=f"m-{n:03}") for n in range(90)], failure(), 60)
    assert (layout.shown, layout.total) == (60, 90)
    assert [row.entry.words for row in layout.rows[:1]] == ["message m-030"]


def test_what_the_failure_tells_of_is_shown_however_long_ago() -> None:
    events = [event(number, "sent", "alice", id=f"message-{number}") for number in range(400)]
    drawn = lay_out(events, failure("lost message-17 for good"), 60)
    assert [row.at_ns // MS for row in drawn.rows if row.pointed_at] == [17]
    assert drawn.shown == 61
    reader = Reader(page(drawn, Links()))
    (note,) = (inside for inside, text in reader.texts if text == "what happened in between is in the journal")
    assert "details" not in note


def test_the_start_of_the_keyword_stands_among_the_events_of_its_time() -> None:
    events = [event(10, "sent", "a"), event(600, "received", "a")]
    assert looks(drawn(events)) == ["w-up", "w-failure", "w-down", "w-failure"]


def test_a_short_id_is_not_looked_for() -> None:
    assert not failure("expected 17 (number)").tells_of(event(1, "sent", "a", id="17"))


def test_points_at_the_nearest_message_and_at_answers_to_a_lost_one() -> None:
    events = [
        event(1, "received", "alice", index=1),
        event(2, "received", "bob", index=1),
        event(3, "received", "bob", index=2, reply_to="m-17"),
    ]
    reader = drawn(events, failure("alice: no message id=m-17; 1 came, nearest #1 differs"))
    assert [("w-told" in classes(attrs)) for tag, attrs in reader.elements if tag == "li"][:3] == [True, False, True]


def test_a_named_client_has_a_lane_though_it_was_silent() -> None:
    events = [event(-500, "connected", "alice"), event(-500, "connected", "carol"), event(10, "sent", "bob")]
    layout = lay_out(events, failure("alice: no message within 1 s"), 60)
    assert layout.lanes == ("alice", "bob")
    assert {(span.lane, span.kind) for span in layout.spans} == {("alice", "connected"), ("bob", "connected")}


def test_of_many_clients_only_the_involved_have_lanes_and_the_rest_is_counted() -> None:
    events = [event(n, "received", f"client-{n % 200}", id=f"other-{n:05}") for n in range(800)]
    events.append(event(1, "sent", "sender", id="m-4711"))
    layout = lay_out(events, failure("client-7 missed m-4711"), 60)
    assert layout.lanes == ("client-7", "sender")
    assert (layout.shown, layout.total, layout.sources) == (5, 801, 201)
    assert "5 of 801 events on 2 of 201 lanes" in drawn(events, failure("client-7 missed m-4711")).text


def test_of_many_clients_none_of_them_involved_some_have_lanes() -> None:
    events = [event(n, "received", f"client-{n}") for n in range(200)]
    assert len(lay_out(events, failure(), 60).lanes) == 12


def test_a_name_inside_another_is_not_named() -> None:
    assert not failure("alice-2, my-alice, alice2: no message").names("alice")
    assert failure("no message", arguments=("alice", "timeout=1 s")).names("alice")


def test_a_fault_shades_its_time_on_all_lanes() -> None:
    events = [
        event(100, "sent", "phone"),
        event(200, "fault", "link", phase="on", name="latency"),
        event(300, "sent", "phone"),
        event(400, "fault", "link", phase="off", name="latency"),
        event(450, "sent", "phone"),
    ]
    html = fragment(lay_out(events, failure(), 60), Links())
    assert html.count('<rect class="w-fault" x="111" y="0" width="222" height="24"/>') == 1
    marked = [classes(attrs) for tag, attrs in Reader(html).elements if tag == "li"]
    under = ["w-under" in one for one in marked if "w-pause" not in one]
    assert under == [False, True, True, True, False, False, False]


def test_a_fault_that_is_not_over_lasts_until_the_failure() -> None:
    html = fragment(lay_out([event(0, "fault", "link", phase="on", name="drop")], failure(), 60), Links())
    assert '<rect class="w-fault" x="0" y="0" width="1000" height="24"/>' in html


def test_a_killed_service_is_down_until_it_is_started() -> None:
    events = [event(0, "service", "redis", action="killed"), event(500, "service", "redis", action="started")]
    html = fragment(lay_out(events, failure(), 60), Links())
    assert html.count('<rect class="w-outage" x="0" y="0" width="500" height="24"/>') == 1


def test_a_lost_connection_interrupts_the_lifeline() -> None:
    events = [
        event(0, "connected", "phone"),
        event(100, "close", "phone", by="server", code=1001, reason="bye"),
        event(500, "connected", "phone"),
    ]
    html = fragment(lay_out(events, failure(), 60), Links())
    assert 'd="M0 12H100M500 12H1000"' in html
    assert "closed by server 1001 'bye'" in Reader(html).text


def test_who_acts_without_having_connected_did_so_before() -> None:
    events = [event(0, "mark", "m"), event(100, "sent", "a"), event(300, "close", "a")]
    assert 'class="w-life" d="M0 12H300"' in fragment(lay_out(events, failure(), 60), Links())
    events = [event(0, "mark", "m"), event(100, "connected", "a"), event(200, "close", "a"), event(300, "close", "a")]
    html = fragment(lay_out(events, failure(), 60), Links())
    assert 'class="w-life" d="M100 12H200"' in html


def test_a_connection_whose_login_is_refused_has_ended() -> None:
    events = [event(0, "connected", "a"), event(100, "refused", "a", stage="login", reason="no")]
    assert 'class="w-life" d="M0 12H100"' in fragment(lay_out(events, failure(), 60), Links())


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (event(1, "scope", "test", phase="start", name="A.B"), "▸|test 'A.B' starts"),
        (event(1, "mark", "request"), "⚑\ufe0e|mark 'request'"),
        (event(1, "connect", "a", url="ws://x"), "○|a|connects to ws://x"),
        (event(3, "connected", "a", started_ns=MS, connection=2), "●|a|connected in 2.0 ms as connection 2"),
        (event(1, "refused", "a", stage="http", reason="no", status=403), "✕|a|refused at stage http: no status 403"),
        (event(1, "login", "a", identity="d", epoch="e"), "●|a|logged in as d"),
        (event(1, "login", "a", last_seq=0, recovered=False), "●|a|logged in has read up to seq 0 recovered: False"),
        (event(1, "ledger", "room", phase="overdue"), "◎|room|gave up waiting"),
        (event(1, "ledger", "room", phase="start", guarantee="exactly once"), "◎|room|the ledger starts exactly once"),
        (event(1, "reconnect", "a", attempt=2), "↻|a|reconnects, attempt 2"),
        (event(1, "sent", "a", raw=True, length=9), "↑|a|raw bytes (9 bytes)"),
        (event(1, "received", "a", reply_to="m-1", outcome="refused"), "↓|a|message answers m-1 refused"),
        (event(1, "expect", "a", id="m-1", audience=["b", "c"]), "◎|a|expects m-1 at b, c"),
        (event(1, "row", "db", table="messages", id="m-1", present=False), "▤|db|row messages m-1 is not there"),
        (event(1, "rows", "db", table="messages", count=7), "▤|db|rows table=messages count=7"),
        (event(1, "notification", "db", channel="news", excerpt="x"), "◆|db|notification news|x"),
        (event(1, "channel", "cache", channel="news", excerpt="x"), "◆|cache|channel news|x"),
        (event(1, "service", "redis", action="killed", endpoint="h:1"), "■|redis|killed endpoint=h:1"),
        (event(1, "fault", "link", phase="on", name="drop"), "▲|link|fault 'drop' on"),
        (event(1, "fault", "link", phase="off", name="drop", number=3, touched=2), "▲|link|fault 'drop' off touched=2"),
        (
            event(1, "probe", "http", ok=False, problem="no answer within 2 s"),
            "■|http|does not answer: no answer within 2 s",
        ),
        (event(1, "probe", "http", ok=True), "■|http|answers again"),
        (event(1, "wire", "gate", id="m-1", direction="to server"), "⇢|gate|passed to server m-1"),
        (event(1, "unsent", "a", id="m-1", reason="a is closed"), "↑|a|not sent: m-1 a is closed"),
        (event(1, "traffic", "calm", phase="on", rate=200.0, senders=["a"]), "↑|steady traffic 'calm' begins at 200/s"),
        (event(1, "traffic", "calm", phase="off", sent=7, unsent=1), "↑|steady traffic 'calm' ends sent=7 unsent=1"),
        (
            event(1, "measurement", "db", what="recovery", name="killed", detect_ms=3.2, rate_ms=None, errors=4),
            "◎|recovery from 'db killed' detected after 3 ms errors=4",
        ),
        (event(1, "leaks", "", rows=2, keys=0), "◎|leaks rows=2 keys=0"),
        (event(1, "verdict", "D1", line="FAIL lost: 1", result="FAIL"), "◎|verdict FAIL lost: 1"),
        (event(1, "criteria", "/suites/criteria.yaml"), "◎|criteria of /suites/criteria.yaml"),
        (
            event(1, "measurement", "get order", metric="latency", statistic="p95", value=0.25, unit="Duration", n=300),
            "◎|measured 'get order' latency p95 0.25 (Duration) of 300",
        ),
        (event(1, "novelty", "x", size=3), "•|x|novelty size=3"),
    ],
)
def test_every_kind_is_told_in_words(told: Event, words: str) -> None:
    assert drawn([told]).lines[0].partition("|")[2] == words


def test_answers_of_the_protocol_are_quiet_and_refusals_are_not() -> None:
    reader = drawn([event(1, "sent", "a", control=True), event(2, "received", "a", control=True, outcome="refused")])
    assert looks(reader) == ["w-quiet", "w-bad", "w-failure", "w-failure"]


def test_a_connection_lost_by_others_is_bad_and_one_ended_here_is_not() -> None:
    reader = drawn([event(1, "close", "a", by="client", code=1000), event(2, "close", "a", by="network", code=1006)])
    assert looks(reader)[:2] == ["w-link", "w-bad"]


def test_strokes_of_the_protocol_itself_are_shorter() -> None:
    html = fragment(
        lay_out([event(0, "received", "a"), event(500, "received", "a", control=True)], failure(), 60), Links()
    )
    assert 'd="M0 12v9"' in html
    assert 'd="M500 12v4"' in html


def test_the_legend_explains_what_is_there() -> None:
    (legend,) = [text for inside, text in drawn([event(1, "sent", "a")]).texts if "sent" in text and "p" in inside]
    assert legend == "↑ sent"
    assert "database" not in drawn([event(1, "sent", "a")]).text


def test_labels_that_would_cover_each_other_give_way_to_faults_and_later_marks() -> None:
    events = [event(0, "mark", "early"), event(5, "mark", "late"), event(500, "mark", "hidden")]
    events.append(event(505, "fault", "link", phase="on", name="latency"))
    events.append(event(990, "mark", "at the edge"))
    flags = [text for inside, text in drawn(events).texts if inside[-1] == "span" and "ol" not in inside]
    assert [text for text in flags if "sent" not in text][:2] == ["mark 'late'", "latency"]
    assert "mark 'at the edge'" not in flags


def test_the_axis_has_round_numbers_with_room_for_each() -> None:
    html = fragment(lay_out([event(0, "sent", "a")], failure(), 60), Links())
    axis = html[html.index('class="w-axis"') :].partition("</div>")[0]
    assert re.findall(r"left:([\d.]+)%\">([\d.]+)", axis) == [
        ("0.0", "0.0"),
        ("20.0", "0.2"),
        ("40.0", "0.4"),
        ("60.0", "0.6"),
        ("80.0", "0.8"),
    ]


@pytest.mark.parametrize("evil", EVIL)
def test_hostile_text_stays_text_wherever_it_stands(evil: str) -> None:
    own = Journal()
    for kind in ("sent", "received", "close", "service", "fault", "row", "scope", "mark", "connect", evil):
        fields = dict.fromkeys(
            ("id", "message_kind", "reason", "url", "name", "action", "table", "to", "reply_to"), evil
        )
        own.record(kind, evil, at_ns=MS, payload=evil.encode("utf-8", "surrogatepass"), **fields)
    failed = failure(evil, keyword=evil, arguments=(evil,), where=evil)
    for html in (
        fragment(lay_out(own.recent(), failed, 60), Links()),
        page(lay_out(own.recent(), failed, 60), Links()),
    ):
        reader = Reader(html)
        html.encode()
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e\u2066\ud800-\udfff]", html)
        assert "script" not in {tag for tag, _ in reader.elements}


def test_text_of_a_saved_journal_is_made_safe_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiretext, "_secrets", wiretext._Secrets())
    wiretext.hide("canary-4711")
    reader = drawn([event(1, "sent", "\ud83d", excerpt="half \ud83d canary-4711", id=["no", "text"], length="long")])
    assert "\\ud83d" in reader.text
    assert "canary" not in reader.text


def test_a_large_payload_is_cut() -> None:
    own = Journal()
    own.record("received", "a", at_ns=MS, payload=b"<" * 1_048_576)
    assert len(fragment(lay_out(own.recent(), failure(), 60), Links())) < 20_000


def test_ten_thousand_events_stay_a_page() -> None:
    events = [event(n / 20, "sent", f"c{n % 10}", excerpt="x" * 200, id=f"m{n:06}") for n in range(10_000)]
    html = page(lay_out(events, failure(), 2000), Links())
    assert Reader(html).count("li") >= 2000
    assert len(html.encode()) < 300_000


def test_the_more_events_the_shorter_their_lines() -> None:
    events = [
        event(n / 3, "sent", "a", id=f"{n:08}-0000-4000-8000-000000000000", excerpt="x" * 200) for n in range(2000)
    ]
    assert len(drawn(events, most=60).lines[0]) > 200
    assert len(drawn(events, most=2000).lines[0]) < 80


def test_a_fragment_is_ascii_and_a_page_says_its_encoding() -> None:
    layout = lay_out([event(1, "sent", "zoë", excerpt="日本語")], failure(), 60)
    assert fragment(layout, Links()).isascii()
    assert "日本語" in Reader(fragment(layout, Links())).text
    assert '<meta charset="utf-8">' in page(layout, Links())


def test_nothing_is_loaded_from_outside() -> None:
    html = page(lay_out([event(1, "sent", "a")], failure(), 60), Links("j.jsonl", "t.html"))
    assert {attrs["href"] for tag, attrs in Reader(html).elements if "href" in attrs} == {"j.jsonl", "t.html"}
    assert not re.search(r"url\(|@import|https?:|src=", html)


ANY_TEXT = st.text(st.characters())
"""With lone surrogates."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT, lambda inner: st.lists(inner, max_size=3)
)
KINDS = st.sampled_from(
    ["sent", "received", "connected", "close", "refused", "row", "fault", "service", "scope", "mark"]
)
TOLD = "id index length reply_to about to outcome phase name action present audience started_ns excerpt code by"
KEYS = st.sampled_from(TOLD.split())
EVENTS = st.builds(
    Event, st.integers(-(10**6), 10**7), KINDS | ANY_TEXT, ANY_TEXT, st.dictionaries(KEYS | ANY_TEXT, JSON, max_size=6)
)


@given(st.lists(EVENTS, max_size=20), ANY_TEXT, st.integers(0, 10**7), st.integers(0, 10**7))
def test_whatever_happened_is_drawn_balanced(events: list[Event], message: str, one: int, two: int) -> None:
    began_ns, at_ns = sorted([one, two])
    failed = failure(message, began_ns=began_ns, at_ns=at_ns)
    html = page(lay_out(events, failed, 10), Links())
    Reader(html)
    html.encode()
