"""The reference server under load: pairs of devices, devices of one user, rows behind acknowledgements."""

import json
import time
import urllib.request
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from test_findings import result_of

from wireproof.load import profile
from wireproof.load.plan import Endpoint, Member, Pace, Plan, RowProbe, Traffic
from wireproof.stack.embedded import EmbeddedStack

DEVICES, MESSAGES = 6, 600
ROW = "SELECT 1 FROM messages WHERE id = %s"


def token(stack: EmbeddedStack, user: str, device: str) -> str:
    asked = json.dumps({"userId": user, "deviceId": device}).encode()
    request = urllib.request.Request(
        stack.endpoint("http") + "/test/tokens", asked, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        found: str = json.load(answer)["token"]
        return found


def plan_for(stack: EmbeddedStack, *, devices_of_user: int = 2, **traffic: Any) -> Plan:
    run = f"{time.monotonic_ns():x}"
    members = []
    for number in range(DEVICES):
        user, device = f"user-{run}-{number // devices_of_user}", f"device-{run}-{number}"
        login = {"id": device, "userId": user, "authToken": token(stack, user, device)}
        members.append(Member(name=device, login=login, group=user))
    return Plan(
        name="devices",
        endpoint=Endpoint(url=stack.endpoint("ws"), dialect="cloudmessage"),
        members=tuple(members),
        traffic=Traffic(**traffic),
        profile=profile.constant_rate(MESSAGES / 2, DEVICES, 2),
        pace=Pace(workers=1, drain_s=10),
    )


def paired(plan: Plan) -> Plan:
    members = [
        replace(member, peer=index ^ 1, to=plan.members[index ^ 1].name) for index, member in enumerate(plan.members)
    ]
    return replace(plan, members=tuple(members))


def test_pairs_of_devices(stack: EmbeddedStack) -> None:
    plan = paired(plan_for(stack, scenario="pairs", size=320, row_probe=RowProbe(dsn=stack.postgres.url, query=ROW)))
    result = result_of(plan)
    assert list(result.problems) == []
    assert result.verdict is not None
    assert result.verdict.result == "PASS", result.verdict.line
    counts = result.counts
    assert (counts["sent"], counts["acked"], counts["delivered"]) == (MESSAGES, MESSAGES, MESSAGES)
    assert counts["parsed"] < MESSAGES / 10, "acknowledgements and deliveries of a known shape are not parsed"
    assert (result.ack.n, result.delivery.n, result.flow.n) == (MESSAGES, MESSAGES, MESSAGES)
    assert repr(result.measures["flow.missing"]) == f"<0 of {MESSAGES}>"
    assert result.history is not None
    assert len(result.history["confirmed"]["at"]) == MESSAGES
    with psycopg.connect(stack.postgres.url) as connection:
        sizes = connection.execute(
            "SELECT DISTINCT octet_length(payload::text) FROM messages WHERE id LIKE %s",
            (f"wp-{result.history.run}-%",),
        ).fetchall()
        watermarks = connection.execute(
            "SELECT watermark FROM devices WHERE id = ANY(%s)", ([member.name for member in plan.members],)
        ).fetchall()
    assert len(sizes) == 1
    assert [mark for (mark,) in watermarks] == [MESSAGES // DEVICES] * DEVICES, "every confirmation was understood"


def test_devices_of_one_user_get_what_one_of_them_sends(stack: EmbeddedStack) -> None:
    result = result_of(plan_for(stack, scenario="fan out", devices_of_user=3))
    assert list(result.problems) == []
    assert result.verdict is not None
    assert result.verdict.result == "PASS", result.verdict.line
    assert result.counts["delivered"] == MESSAGES * 2


def test_acknowledged_messages_without_a_row_are_counted(stack: EmbeddedStack) -> None:
    nowhere = RowProbe(dsn=stack.postgres.url, query="SELECT 1 FROM messages WHERE id = 'no' || %s", every=2)
    result = result_of(paired(plan_for(stack, scenario="pairs", row_probe=nowhere)))
    assert result.counts["acked-not-persisted"] == MESSAGES // 2
    assert result.measures["flow.missing"].estimate("count").value.value == MESSAGES // 2


def test_wrong_credentials_are_told_by_the_servers_reason(stack: EmbeddedStack) -> None:
    plan = plan_for(stack, scenario="fan out")
    members = tuple(replace(member, login={**member.login, "authToken": "no.such.token"}) for member in plan.members)
    result = result_of(replace(plan, members=members))
    assert sum(result.errors.values()) == DEVICES
    assert all(name.startswith("connect: login refused: AUTH_FAILED") for name in result.errors), result.errors
    assert result.verdict is None


@pytest.mark.parametrize("workers", [2])
def test_workers_tell_one_story(stack: EmbeddedStack, workers: int) -> None:
    plan = paired(plan_for(stack, scenario="pairs"))
    result = result_of(replace(plan, pace=replace(plan.pace, workers=workers)))
    assert result.verdict is not None
    assert result.verdict.result == "PASS", result.verdict.line
    assert result.counts["delivered"] == MESSAGES
    assert len(result.measures["generator.cpu"].values) == workers  # type: ignore[attr-defined]
