"""What is asked of a load becomes a plan, or is refused in one line before anything starts."""

from pathlib import Path
from typing import Any

import pytest
from robot.api.types import Secret

from wireproof import dialects
from wireproof.load import order
from wireproof.load.errors import LoadError
from wireproof.load.members import Client
from wireproof.load.order import Order, needs_of, plan_of
from wireproof.load.plan import Plan
from wireproof.quantities import Rate
from wireproof.wiretext import MASK

URL = "ws://127.0.0.1:3001/path?a=1"


def plan(**given: Any) -> Plan:
    return plan_of("steady", Order(**{"url": URL, "connections": 4, "duration_s": 10.0, **given}))


def test_a_plan() -> None:
    made = plan(
        rate=Rate(20),
        send={"text": "hi", "token": Secret("hidden-0818")},
        kind="note",
        query={"key": Secret("q 1")},
        size=250,
        warmup_s=1.0,
        connect_rate=Rate(50),
        workers=2,
        spin=True,
    )
    assert made.name == "steady"
    assert made.endpoint.url == "ws://127.0.0.1:3001/path?a=1&key=q+1"
    assert made.endpoint.dialect == "json"
    assert made.traffic.body == {"text": "hi", "token": "hidden-0818"}
    assert (made.traffic.kind, made.traffic.size) == ("note", 250)
    assert (made.pace.warmup_s, made.pace.drain_s, made.pace.connect_rate) == (1.0, 5.0, 50.0)
    assert (made.pace.workers, made.pace.spin) == (2, True)
    assert len(made.members) == made.profile.peak_connections == 4
    needs = needs_of(made)
    assert (needs.connections, needs.messages, needs.processes, needs.address) == (4, 200, 2, "127.0.0.1:3001")


def test_stages_may_say_how_many_connect() -> None:
    made = plan(connections=None, duration_s=None, stages="0..6 connections over 2s, 10/s for 1s")
    assert [member.name for member in made.members] == [f"client-00{n}" for n in range(1, 7)]


def test_a_closed_loop_needs_no_rate() -> None:
    made = plan(model="closed", depth=4, send={})
    assert (made.traffic.model, made.traffic.depth) == ("closed", 4)


def test_clients_may_be_listed() -> None:
    each = (Client(name="ann", headers={"X": "1"}), Client(to="room"))
    made = plan(connections=None, each=each, headers={"X": "0", "Y": "{n}"}, scenario="push only")
    assert [member.name for member in made.members] == ["ann", "client-002"]
    assert [member.headers for member in made.members] == [{"X": "1", "Y": "1"}, {"X": "0", "Y": "2"}]
    assert [member.to for member in made.members] == ["", "room"]


def test_a_class_of_ones_own_needs_no_url_and_no_dialects_login() -> None:
    made = plan(
        url="",
        scenario="user",
        user="wireproof.load.queries.Queries",
        settings={"dsn": Secret("dsn-0819"), "file": "x.sql"},
        login={"any": "{n}"},
        rate=Rate(5),
    )
    assert made.traffic.settings == {"dsn": "dsn-0819", "file": "x.sql"}
    assert [member.login for member in made.members] == [{"any": str(n)} for n in range(1, 5)]


def test_queries_are_asked_of_the_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "q.sql"
    file.write_text("-- name: one\nSELECT 1;\n")
    monkeypatch.setattr(order, "_database", lambda: "postgresql://h/db")
    made = plan(url="", queries=str(file), rate=Rate(5))
    assert (made.traffic.scenario, made.traffic.user) == ("user", "wireproof.load.queries.Queries")
    assert made.traffic.settings == {"dsn": "postgresql://h/db", "file": str(file)}


def test_ids_may_be_elsewhere() -> None:
    endpoint = plan(id_at="$.header.id").endpoint
    assert dict(endpoint.definition) == {"name": "json-with-id", "base": "json", "id": "$.header.id"}
    assert endpoint.dialect == "json-with-id"
    sent = dialects.create(endpoint.dialect).encode(dialects.Draft({"text": "hi"}, id="m1"))
    assert sent.payload == b'{"text": "hi", "header": {"id": "m1"}}'
    assert plan(id_at="$.id").endpoint.definition == {}


def test_workers_define_a_defined_dialect_again() -> None:
    dialects.define(dialects.Definition(name="orders", kind="$.event", seq="$.n"))
    endpoint = plan(dialect="orders").endpoint
    assert dialects.Definition(**endpoint.definition) == dialects.Definition(name="orders", kind="$.event", seq="$.n")
    assert plan(dialect="orders", id_at="$.key").endpoint.dialect == "orders-with-id"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"duration_s": None}, "say how long: give duration, such as 30s, or stages, such as 0/s..1000/s over 30s"),
        ({"stages": "1/s for 1s"}, "stages say how long each of them lasts: leave out duration, or stages"),
        ({"duration_s": -1.0}, "a duration of -1 s makes no load: give more than 0 s, such as 30s"),
        ({"connections": -4}, "-4 connections cannot be: give 1 or more"),
        ({"connections": 0}, "stage 1 has no connections: say how many"),
        ({"rate": Rate(5), "model": "closed"}, "a closed loop sends when an answer has come: leave out the rate, or"),
        ({"model": "closed", "depth": 0}, "depth=0 sends nothing: each connection has 1 message under way, or more"),
        (
            {"model": "closed", "duration_s": None, "stages": "4..0 connections over 1s"},
            "connections of a closed loop have messages under way: let them rise only, or take model=open",
        ),
        ({"depth": 3}, "depth belongs to model=closed: an open load sends when messages are due"),
        ({"send": {}}, "send is given, and no rate to send at: give a rate, such as 100/s, or model=closed"),
        ({"group": "a"}, "group belongs to scenario=fan out: there a message reaches the others of its group"),
        (
            {"scenario": "user", "rate": Rate(1)},
            "scenario=user runs a class: give its import path as user, and only then",
        ),
        ({"user": "my.User"}, "scenario=user runs a class: give its import path as user, and only then"),
        (
            {"scenario": "user", "user": "a.B"},
            "clients of a class do a step when it is due: give a rate, such as 5/s",
        ),
        (
            {"scenario": "user", "user": "no.such.User", "rate": Rate(1)},
            "the user class 'no.such.User' cannot be imported: ",
        ),
        ({"queries": "/no/such.sql"}, "queries '/no/such.sql': "),
        ({"queries": __file__}, "a query without a name: write"),
        ({"queries": "x.sql", "send": {}}, "a load with queries asks a database and sends no messages: leave out scen"),
        ({"row_query": "SELECT 1"}, "there is no database to ask: "),
        ({"warmup_s": -1.0}, "warmup and drain are 0 s or more"),
        ({"drain_s": -1.0}, "warmup and drain are 0 s or more"),
        ({"warmup_s": 10.0}, "a warm-up of 10 s leaves nothing to measure of 10 s: make it shorter, or the load lon"),
        ({"workers": -1}, "workers and size are 0, for as it is, or more"),
        ({"row_query": "SELECT 1 WHERE 'x' = %s", "row_every": 0}, "rows of every 0th message cannot be looked for"),
        ({"connections": 3, "scenario": "pairs"}, "3 connections do not make pairs"),
        ({"each": (Client(),), "connections": 2}, "each lists 1 clients, the load has 2 connections: make them the"),
        ({"each": (Client(),), "connections": 1, "login": {"id": "a"}}, "each lists every client's own login: leave"),
        ({"url": "http://127.0.0.1/"}, "is not a WebSocket's: write ws:// instead"),
        ({"url": ""}, "no url: give one, or start a stack with Ensure Stack"),
        ({"headers": {"X Y": "1"}}, "'X Y' is not a header's name"),
        ({"each": (Client(headers={"X Y": "1"}),), "connections": 1}, "'X Y' is not a header's name"),
        ({"subprotocols": ("a b",)}, "'a b' is not a subprotocol's name"),
        ({"login": {"id": f"x{MASK}"}}, f"the text {MASK} would be sent"),
        ({"dialect": "morse"}, "no dialect named 'morse'; there are "),
        ({"dialect": "stomp", "id_at": "$.id2"}, "id_at says where JSON messages keep their id; the dialect 'stomp' k"),
        ({"id_at": "header.id["}, "id: "),
        ({"url": "wss://127.0.0.1/", "tls": {"ca": "/no/such.pem"}}, "tls file '/no/such.pem' cannot be read"),
    ],
)
def test_what_cannot_be_asked(given: dict[str, Any], why: str) -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011 - whatever it is, keywords and command line show its text
        plan(**given)
    assert isinstance(error.value, ValueError)
    assert why in str(error.value)
    assert "\n" not in str(error.value)


def test_a_load_needs_a_name() -> None:
    with pytest.raises(LoadError, match="a load needs a name"):
        plan_of(" ", Order(url=URL, connections=1, duration_s=1))
