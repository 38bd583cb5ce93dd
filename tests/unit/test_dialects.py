import itertools
import json
import sys
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof import dialects
from wireproof.dialects import BINARY, TEXT, Dialect, Draft, Frame, LoginRefused, Message, Outgoing, create
from wireproof.dialects.cloud_message import CAPABILITIES
from wireproof.wiretext import safe

BUILT_IN = ("cloudmessage", "json", "echo")
CHALLENGE = {"type": "device_register", "payload": {"challenge": "Please register your device"}}
LOGIN = {"id": "phone", "userId": "u1", "authToken": "top-secret"}


def frame(value, at_ns=1):
    return Frame(TEXT, value if isinstance(value, bytes) else json.dumps(value).encode(), at_ns)


def message(dialect, value) -> Message:
    (arrived,) = dialect.feed(frame(value))
    return arrived


def sent(outgoing: Outgoing):
    return json.loads(outgoing.payload)


def logged_in(**options):
    dialect = create("cloudmessage", "phone", options=options)
    login = dialect.login(LOGIN)
    next(login)
    (registration,) = login.send(message(dialect, CHALLENGE))
    with pytest.raises(StopIteration):
        login.send(message(dialect, ack(registration)))
    return dialect


def ack(outgoing, **payload):
    return {"type": "ack", "payload": {"originalMessageId": outgoing.id, "status": "success", **payload}}


@pytest.mark.parametrize("name", BUILT_IN)
@given(opcode=st.sampled_from([TEXT, BINARY]), payload=st.binary() | st.text().map(str.encode))
def test_every_frame_becomes_a_message(name, opcode, payload):
    (arrived,) = create(name, "alice").feed(Frame(opcode, payload, 7))
    assert (arrived.at_ns, arrived.client, arrived.raw, arrived.index) == (7, "alice", payload, 1)
    assert arrived.json is not None or arrived.problem or payload.strip() == b"null"
    assert arrived.problem == safe(arrived.problem)


@pytest.mark.parametrize("name", BUILT_IN)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.dictionaries(st.text(), v)))
def test_every_json_value_is_read(name, value):
    envelope = {"type": value, "id": value, "payload": value, "seq": value, "replyTo": value, "fromDeviceId": value}
    for said in (value, envelope, {**envelope, "payload": envelope}):
        arrived = message(create(name), said)
        assert arrived.json == said
        assert all(isinstance(text, str) for text in arrived.fields.values())
        assert isinstance(arrived.kind, str)
        assert isinstance(arrived.reply_to, str)
        assert type(arrived.seq) in (int, type(None))
        create(name).answers(arrived)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_message_that_cannot_be_read_says_why(name):
    dialect = create(name, "alice")
    half = message(dialect, rb'{"text": "half emoji \ud83d"}')
    assert (half.json, half.text) == (None, r'{"text": "half emoji \ud83d"}')
    assert half.problem == "half a character (lone surrogate \\ud83d) in a JSON string"
    wrong = message(dialect, b"\xff")
    assert (wrong.json, wrong.text, wrong.problem) == (None, None, "not UTF-8: byte 0xff at position 0")
    (binary,) = dialect.feed(Frame(BINARY, b"\xff", 1))
    assert (binary.opcode, binary.text) == ("binary", None)


def test_messages_are_numbered_over_the_connections_of_a_client():
    arrivals = itertools.count(1)
    numbers = [message(create("json", "alice", arrivals), {}).index for _ in range(3)]
    assert numbers == [1, 2, 3]


def test_a_message_shows_itself_in_one_short_line():
    assert repr(message(create("json", "alice"), {"type": "a\nb"})) == "<alice #1 a\\nb, 16 bytes>"
    assert repr(message(create("json", "alice"), [])) == "<alice #1, 2 bytes>"


class TestPlainJson:
    def test_reads_the_usual_names(self):
        arrived = message(create("json"), {"type": "order.paid", "id": 17, "replyTo": "a", "ok": True, "x": {}})
        assert (arrived.kind, arrived.id, arrived.reply_to) == ("order.paid", "17", "a")
        assert arrived.fields == {"type": "order.paid", "id": "17", "replyTo": "a", "ok": "true"}

    def test_adds_to_an_object_what_the_draft_says(self):
        out = create("json").encode(Draft({"id": 1, "x": 1}, kind="k", to="bob", fields={"x": "2"}))
        assert sent(out) == {"id": 1, "x": "2", "type": "k", "to": "bob"}
        assert (out.id, out.kind) == ("1", "k")

    @pytest.mark.parametrize("id_", [0, "", None])
    def test_leaves_the_authors_id_alone(self, id_):
        assert sent(create("json").encode(Draft({"id": id_}))) == {"id": id_}

    def test_fills_an_id_where_there_is_none(self):
        first, second = (create("json").encode(Draft()) for _ in range(2))
        assert sent(first) == {"id": first.id}
        assert first.id != second.id
        assert sent(create("json").encode(Draft({"id": 1}, id="x"))) == {"id": "x"}

    @pytest.mark.parametrize("body", [[1], "text", 0, False])
    def test_sends_other_values_as_they_are(self, body):
        assert sent(create("json").encode(Draft(body))) == body

    def test_has_no_place_for_fields_beside_a_list(self):
        with pytest.raises(ValueError, match="kind, to and fields need a JSON object as body, not list"):
            create("json").encode(Draft([1], kind="k"))

    @pytest.mark.parametrize("body", [b"x", {"a": float("nan")}, {"a": object()}, "\ud83d", {"a": {1, 2}}])
    def test_says_what_no_json_text_can_hold(self, body):
        for name in ("json", "cloudmessage"):
            with pytest.raises(ValueError, match="cannot be sent as JSON: ") as caught:
                create(name).encode(Draft(body))
            assert str(caught.value) == safe(caught.value, 500)

    def test_knows_a_reply_by_its_name(self):
        dialect = create("json")
        out = dialect.encode(Draft(id="a"))
        assert dialect.is_reply(out, message(dialect, {"replyTo": "a"}))
        assert not dialect.is_reply(out, message(dialect, {"replyTo": "b"}))
        assert not dialect.is_reply(Outgoing(b"{}"), message(dialect, {}))

    def test_has_no_login(self):
        assert create("json").login({}) is None
        with pytest.raises(ValueError, match="the dialect 'json' has no login; leave out user, pa\\\\nss"):
            create("json").login({"user": 1, "pa\nss": 2})


def test_the_reply_of_an_echo_is_the_message_itself():
    dialect = create("echo")
    out = dialect.encode(Draft({"a": 1}))
    assert dialect.is_reply(out, message(dialect, out.payload))
    assert not dialect.is_reply(out, message(dialect, {"a": 1}))


class TestCloudMessage:
    def test_registers_after_the_challenge(self):
        dialect = create("cloudmessage", "phone")
        login = dialect.login(LOGIN)
        assert next(login) == ()
        assert login.send(message(dialect, {"type": "notification"})) == ()
        (registration,) = login.send(message(dialect, CHALLENGE))
        said = sent(registration)
        assert said["type"] == "device_register"
        assert (said["fromDeviceId"], said["userId"], said["requiresAck"], said["priority"]) == ("phone", "u1", True, 1)
        assert said["payload"] == {
            **LOGIN,
            "type": "desktop",
            "platform": "wireproof",
            "version": "1.0.0",
            "capabilities": CAPABILITIES,
        }
        assert registration.confidential
        assert login.send(message(dialect, {"type": "ack", "payload": {"originalMessageId": "another"}})) == ()
        with pytest.raises(StopIteration) as finished:
            login.send(message(dialect, {"type": "ack", "payload": {"status": "success", "sessionId": "s1"}}))
        assert finished.value.value["sessionId"] == "s1"

    def test_a_registration_without_a_token_is_not_confidential(self):
        dialect = create("cloudmessage")
        login = dialect.login({"id": "phone", "userId": "u1", "type": "mobile"})
        next(login)
        (registration,) = login.send(message(dialect, CHALLENGE))
        assert not registration.confidential
        assert sent(registration)["payload"]["type"] == "mobile"

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (
                {"type": "error", "payload": {"code": "AUTH_FAILED", "error": "token\nexpired"}},
                "AUTH_FAILED: token\\nexpired",
            ),
            ({"type": "error", "payload": None}, "refused without a reason"),
            ("failed ack", "REGISTRATION_FAILED"),
            ("error as reply", "refused without a reason"),
        ],
    )
    def test_a_refusal_is_told(self, answer, reason):
        dialect = create("cloudmessage")
        login = dialect.login(LOGIN)
        next(login)
        (registration,) = login.send(message(dialect, CHALLENGE))
        if answer == "failed ack":
            answer = ack(registration, status="failed", code="REGISTRATION_FAILED")
        elif answer == "error as reply":
            answer = {**ack(registration), "type": "error"}
        with pytest.raises(LoginRefused) as refused:
            login.send(message(dialect, answer))
        assert (refused.value.reason, refused.value.code) == (reason, None)

    @pytest.mark.parametrize(
        ("credentials", "complaint"),
        [
            ({}, "id is missing, userId is missing"),
            ({"id": "a", "userId": "b", "to\nken": "c"}, "to\\\\nken is unknown"),
        ],
    )
    def test_wrong_credentials_are_told_before_anything_is_sent(self, credentials, complaint):
        with pytest.raises(ValueError, match=f"a CloudMessage login takes .*authToken.*; {complaint}$"):
            create("cloudmessage").login(credentials)

    def test_an_envelope_is_the_devices_own(self):
        out = logged_in().encode(Draft({"text": "é"}, kind="task_start", to="tablet", id="m1"))
        said = sent(out)
        assert said.pop("timestamp").endswith("Z")
        assert said == {
            "id": "m1",
            "type": "task_start",
            "fromDeviceId": "phone",
            "userId": "u1",
            "payload": {"text": "é"},
            "priority": 1,
            "requiresAck": True,
            "toDeviceId": "tablet",
        }
        assert (out.id, out.kind, out.confidential) == ("m1", "task_start", False)

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"priority": "3"}, {"priority": 3}),
            ({"priority": "-1"}, {"priority": -1}),
            ({"priority": "high"}, {"priority": "high"}),
            ({"requiresAck": "False"}, {"requiresAck": False}),
            ({"requiresAck": "yes"}, {"requiresAck": True}),
            ({"requiresAck": "maybe"}, {"requiresAck": "maybe"}),
            ({"fromDeviceId": "other", "extra": "1"}, {"fromDeviceId": "other", "extra": "1"}),
        ],
    )
    def test_fields_override_the_envelope_also_with_wrong_values(self, fields, expected):
        said = sent(logged_in().encode(Draft(fields=fields)))
        assert {name: said[name] for name in expected} == expected

    def test_confirms_what_the_server_stored_and_wants_confirmed(self):
        dialect = logged_in()
        stored = {"id": "m1", "type": "user_message", "fromDeviceId": "tablet", "seq": 4, "requiresAck": True}
        (confirmation,) = dialect.answers(message(dialect, stored))
        said = sent(confirmation)
        assert (said["type"], said["requiresAck"]) == ("ack", False)
        assert said["payload"] == {"originalMessageId": "m1", "seq": 4}
        assert dialect.answers(message(dialect, {**stored, "requiresAck": False})) == ()
        assert dialect.answers(message(dialect, {**stored, "seq": None})) == ()
        assert dialect.answers(message(dialect, {**stored, "seq": True})) == ()

    def test_does_not_confirm_where_the_author_says_so(self):
        dialect = logged_in(confirm=False)
        assert dialect.answers(message(dialect, {"id": "m1", "seq": 4, "requiresAck": True})) == ()

    def test_reads_the_envelope(self):
        dialect = logged_in()
        arrived = message(
            dialect,
            {"id": "m1", "type": "ack", "fromDeviceId": "server", "seq": 3, "payload": {"originalMessageId": "m0"}},
        )
        assert (arrived.id, arrived.kind, arrived.reply_to, arrived.seq) == ("m1", "ack", "m0", 3)
        assert arrived.flow == "server→phone"
        assert arrived.body == {"originalMessageId": "m0"}

    def test_says_that_an_envelope_is_an_object(self):
        arrived = message(create("cloudmessage"), [1])
        assert (arrived.json, arrived.problem) == ([1], "a CloudMessage is a JSON object")


class Custom(Dialect):
    name = "custom"


class TestCreate:
    @pytest.fixture(autouse=True)
    def modules(self, monkeypatch):
        module = ModuleType("dialects_of_a_user")
        module.Custom, module.NoDialect, module.value = Custom, dict, 1
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(dialects, "_factories", dict(dialects._factories))

    def test_finds_a_class_by_its_import_path(self):
        assert type(create("dialects_of_a_user.Custom", "alice")) is Custom

    def test_finds_a_registered_one(self):
        dialects.register("json", Custom)
        assert type(create("json")) is Custom

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("nosuch", "no dialect named 'nosuch'; there are .*cloudmessage, echo"),
            ("", "no dialect named ''"),
            ("no\nname", r"no dialect named 'no\\nname'"),
            ("no.such.module.Class", "'no.such.module.Class' cannot be imported: No module named 'no'"),
            ("dialects_of_a_user.Missing", "cannot be imported: .* no attribute 'Missing'"),
            (".relative.Class", "the dialect '.relative.Class' cannot be imported: "),
            (".Class", "the dialect '.Class' cannot be imported: "),
            ("dialects_of_a_user.NoDialect", "'dialects_of_a_user.NoDialect' is not a subclass of"),
            ("dialects_of_a_user.value", "'dialects_of_a_user.value' is not a subclass of"),
        ],
    )
    def test_says_why_there_is_none(self, name, reason):
        with pytest.raises(ValueError, match=reason) as caught:
            create(name)
        assert str(caught.value) == safe(caught.value, 500)

    def test_reports_a_module_that_fails_in_one_line(self, tmp_path, monkeypatch):
        (tmp_path / "broken_dialect.py").write_text("raise RuntimeError('first\\nsecond')")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(ValueError, match=r"cannot be imported: first\\nsecond"):
            create("broken_dialect.Class")

    def test_says_which_option_it_does_not_have(self):
        with pytest.raises(ValueError, match=r"'cloudmessage' cannot be made with these options: .*'confrim'"):
            create("cloudmessage", options={"confrim": False})

    def test_a_dialect_that_only_reads_cannot_send(self):
        with pytest.raises(ValueError, match=r"the dialect 'custom' has no messages to send by parts"):
            Custom().encode(Draft())


class TestTracking:
    """What a delivery ledger asks a dialect."""

    @pytest.mark.parametrize(
        ("kind", "payload", "outcome"),
        [
            ("ack", {"originalMessageId": "m", "status": "delivered"}, "acked"),
            ("ack", {"originalMessageId": "m", "status": "queued"}, "acked"),
            ("ack", {"originalMessageId": "m", "status": "failed", "code": "QUEUE_FULL"}, "refused"),
            ("ack", {"originalMessageId": "m", "status": "failed", "code": "UNAVAILABLE"}, "unknown"),
            ("error", {"originalMessageId": "m", "code": "FORBIDDEN"}, "refused"),
            ("error", {"originalMessageId": "m", "code": "UNAVAILABLE"}, "unknown"),
            ("heartbeat", {"originalMessageId": "m"}, ""),
            ("ack", {"status": "delivered"}, ""),
            ("user_message", {"text": "hello"}, ""),
        ],
    )
    def test_cloud_message_says_what_became_of_a_message(self, kind, payload, outcome):
        dialect = logged_in()
        assert dialect.outcome(message(dialect, {"type": kind, "payload": payload})) == outcome

    def test_cloud_message_knows_redeliveries_and_who_it_is(self):
        dialect = logged_in()
        delivered = message(
            dialect, {"type": "user_message", "id": "m", "seq": 4, "retryCount": 2, "requiresAck": True}
        )
        assert (delivered.seq, delivered.retry) == (4, 2)
        assert dialect.identity == "phone"
        (confirmation,) = dialect.answers(delivered)
        assert confirmation.about == "m"

    @pytest.mark.parametrize("count", [None, "2", True])
    def test_a_retry_count_that_is_no_number_is_none(self, count):
        assert message(create("cloudmessage"), {"retryCount": count}).retry == 0

    def test_an_envelope_knows_its_recipient_body_and_whether_it_wants_an_acknowledgement(self):
        dialect = logged_in()
        outgoing = dialect.encode(Draft({"text": "hi"}, to="laptop", fields={"requiresAck": "false"}))
        assert (outgoing.to, outgoing.body, outgoing.acknowledged) == ("laptop", {"text": "hi"}, False)
        assert dialect.encode(Draft()).acknowledged

    @pytest.mark.parametrize(("kind", "for_peer"), [("heartbeat", True), ("ack", True), ("user_message", False)])
    def test_an_envelope_for_the_server_is_nobody_elses(self, kind, for_peer):
        assert create("cloudmessage").encode(Draft({}, kind)).for_peer is for_peer

    @pytest.mark.parametrize("name", ["json", "echo"])
    def test_a_reply_in_json_acknowledges(self, name):
        dialect = create(name)
        assert dialect.outcome(message(dialect, {"replyTo": "m"})) == "acked"
        assert dialect.outcome(message(dialect, {"id": "m"})) == ""
        outgoing = dialect.encode(Draft({"n": 1}, to="bob", id="m"))
        assert (outgoing.to, outgoing.body) == ("bob", {"n": 1, "to": "bob", "id": "m"})
