"""Each defect does what it says; the same scenario on the clean server gives the right thing."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
from devices import GENEROUS_S, Device, Target, arrived, database, fresh, payloads, until_end
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from wireproof.stack.errors import StackError


async def to_all(device: Device) -> list[Any]:
    """Says something to all; returns the payloads of what comes back until it is acknowledged."""
    await device.send("user_message", "to all")
    found = []
    while (message := await device.next("user_message", "ack"))["type"] != "ack":
        found.append(message["payload"])
    return found


async def live(target: Target) -> object:
    """Number and payload of what a desktop gets of six messages, none of them marked as a repetition."""
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for number in range(1, 7):
            await phone.send("user_message", number, toDeviceId="desktop")
        assert [(await phone.next("ack"))["payload"]["status"] for _ in range(6)] == ["delivered"] * 6
        messages = await arrived(desktop)
    assert [message for message in messages if "retryCount" in message] == []
    return [(message["seq"], message["payload"]) for message in messages]


async def stored_and_to_come_again(target: Target) -> object:
    """What the server has stored of two messages, and how many of them it would still send again."""
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for number in range(2):
            await phone.ask("user_message", number, toDeviceId="desktop")
        await target.call("POST", "/test/reset")
        rows = (await target.call("GET", "/messages", token=desktop.token))[1]
        devices = (await target.call("GET", "/devices", token=desktop.token))[1]
    return [row["payload"] for row in rows], [device["backlog"] for device in devices]


async def alone(target: Target) -> object:
    """One message without a successor."""
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        await phone.ask("user_message", "alone", toDeviceId="desktop")
        return (await desktop.next("user_message"))["payload"]


async def repeated(target: Target) -> object:
    """Deliveries of an id that is sent twice after its ack, and of one sent three times at once."""
    user, slow, quick = fresh("user"), fresh("m"), fresh("m")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for _ in range(2):
            await phone.ask("user_message", "slow", toDeviceId="desktop", id=slow)
        for _ in range(3):
            await phone.send("user_message", "quick", toDeviceId="desktop", id=quick)
        for _ in range(3):
            await phone.next("ack")
        return [(m["seq"], m["payload"]) for m in await arrived(desktop)]


async def strangers(target: Target) -> object:
    """What devices of two users get of a message to the first one's desktop, and of a broadcast of its phone."""
    user, other = fresh("user"), fresh("user")
    async with (
        target.device(user, "phone") as phone,
        target.device(user, "desktop") as desktop,
        target.device(other, "stranger") as stranger,
    ):
        await phone.ask("user_message", "to all")
        broadcast = payloads(await arrived(desktop)), payloads(await arrived(stranger))
        await phone.ask("user_message", "direct", toDeviceId="desktop")
        meant = payloads(await arrived(desktop))
        return broadcast, meant, len(await arrived(phone) + await arrived(stranger))


async def broadcast(target: Target) -> object:
    """What three devices get of a message of the first one to all, the last one after it was away."""
    user = fresh("user")
    async with target.device(user, "a") as a, target.device(user, "b") as b:
        async with target.device(user, "c"):
            pass
        echo = await to_all(a)
        async with target.device(user, "c") as c:
            await a.ask("user_message", "end", toDeviceId="c")
            return [echo, payloads(await arrived(b)), await until_end(c)]


async def to_the_only_other(target: Target) -> object:
    """What two devices get of a message of the first one to all."""
    user = fresh("user")
    async with target.device(user, "a") as a, target.device(user, "b") as b:
        return [await to_all(a), payloads(await arrived(b))]


async def backlog(target: Target) -> object:
    """What a device gets of five messages that waited for it, and of one that came live: nothing but messages."""
    user = fresh("user")
    async with target.device(user, "phone") as phone:
        async with target.device(user, "desktop"):
            pass
        for number in range(5):
            await phone.ask("user_message", number, toDeviceId="desktop")
        async with target.device(user, "desktop") as desktop:
            found = [(await desktop.next("user_message"))["payload"]]
            last = 0 if found == [4] else 4
            while last not in found:
                found.append((await desktop.next("user_message"))["payload"])
            await phone.ask("user_message", "live", toDeviceId="desktop")
            return found + payloads(await arrived(desktop))


async def mailbox(target: Target) -> set[str]:
    """What a connection gets that only names a device in its address, of one stored and one live message.

    It listens until it has both, or the server ends it because it does not register.
    """
    user = fresh("user")
    async with target.device(user, "phone") as phone:
        async with target.device(user, "desktop"):
            pass
        await phone.ask("user_message", "stored", toDeviceId="desktop")
        async with connect(f"{target.ws}?deviceId=desktop&userId={user}", ping_interval=None) as socket:
            onlooker = Device(target, socket, user, "desktop")
            await onlooker.next("device_register")
            await phone.ask("user_message", "live", toDeviceId="desktop")
            seen: set[str] = set()
            with suppress(ConnectionClosed):
                while seen != {"stored", "live"}:
                    seen.add((await onlooker.next("user_message"))["payload"])
            return seen


async def spoofed(target: Target) -> object:
    """Status and recipient's view of messages in the name of a known and an unknown device, and of one's own."""
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        async with target.device(user, "tablet"):
            pass
        async with target.device(user, "tablet"):
            pass  # its generation is not that of the phone
        statuses = [
            (await phone.ask("user_message", name, toDeviceId="desktop", fromDeviceId=name))["status"]
            for name in ("tablet", "ghost", "phone")
        ]
        return statuses, [m["fromDeviceId"] for m in await arrived(desktop)]


DECOMPOSED, LONG = "e\u0301 \ufb01 \u00b2", "x" * 70_000
"""Texts that are not in the form NFKC, and longer than 65 536 bytes."""


async def texts(target: Target) -> object:
    """What arrives of an ordinary text, of one that can be normalised, and of a long one."""
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for text in ("plain \u00e9 \U0001f600", DECOMPOSED, LONG):
            await phone.ask("user_message", {"text": text}, toDeviceId="desktop")
        return [payload["text"] for payload in payloads(await arrived(desktop))]


async def recovery(target: Target) -> object:
    """Whether a client that knows of more than there is hears that it has everything."""
    user = fresh("user")
    async with target.device(user, "phone") as phone:
        epoch = phone.session["epoch"]
    async with target.open() as again:
        again.user, again.name = user, "phone"
        return (await again.register(authToken=phone.token, epoch=epoch, lastSeq=100))["recovered"]


@dataclass(frozen=True)
class Case:
    """What a scenario gives with a defect, and without."""

    defect: str
    scenario: Callable[[Target], Awaitable[object]]
    wrong: object
    right: object

    def __str__(self) -> str:
        return f"{self.defect} {self.scenario.__name__}"


ALL = [(number, number) for number in range(1, 7)]


async def in_time(target: Target) -> object:
    """What a desktop has got of three messages when it has been answered, and what it gets afterwards."""
    user = fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for number in range(3):
            await phone.ask("user_message", number, toDeviceId="desktop")
        at_once = payloads(await arrived(desktop))
        return at_once, [(await desktop.next("user_message"))["payload"] for _ in range(3 - len(at_once))]


CASES = [
    Case("drop-delivery:1", live, [], ALL),
    Case("drop-delivery:1", stored_and_to_come_again, ([0, 1], [0, 0]), ([0, 1], [2, 0])),
    Case("duplicate-delivery:1", live, [pair for pair in ALL for _ in range(2)], ALL),
    Case("reorder:1", live, [ALL[n] for n in (1, 0, 3, 2, 5, 4)], ALL),
    Case("reorder:1", alone, "alone", "alone"),
    Case(
        "no-idempotency",
        repeated,
        [(1, "slow"), (2, "slow"), (3, "quick"), (4, "quick"), (5, "quick")],
        [(1, "slow"), (2, "quick")],
    ),
    Case("crossed-routing:1", strangers, ((["to all"], ["to all"]), ["direct"], 1), ((["to all"], []), ["direct"], 0)),
    Case("broadcast-skips-one", broadcast, [[], ["to all"], []], [[], ["to all"], ["to all"]]),
    Case("broadcast-skips-one", to_the_only_other, [[], ["to all"]], [[], ["to all"]]),
    Case("broadcast-echo", broadcast, [["to all"], ["to all"], ["to all"]], [[], ["to all"], ["to all"]]),
    Case("backlog-lifo", backlog, [4, 3, 2, 1, 0, "live"], [0, 1, 2, 3, 4, "live"]),
    Case("backlog-cap:2", backlog, [3, 4, "live"], [0, 1, 2, 3, 4, "live"]),
    Case("backlog-cap:5", backlog, [0, 1, 2, 3, 4, "live"], [0, 1, 2, 3, 4, "live"]),
    Case(
        "trust-sender",
        spoofed,
        (["delivered"] * 3, ["tablet", "ghost", "phone"]),
        (["failed", "failed", "delivered"], ["phone"]),
    ),
    Case(
        "damaged-unicode",
        texts,
        ["plain \u00e9 \U0001f600", "\u00e9 fi 2", LONG[: 65_536 - len('{"text": ""}')]],
        ["plain \u00e9 \U0001f600", DECOMPOSED, LONG],
    ),
    Case("false-recovered", recovery, True, False),
    Case("slow-tail:5s,1", in_time, ([], [0, 1, 2]), ([0, 1, 2], [])),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_defect_is_what_it_says_and_the_clean_server_is_right(case: Case, target, start_server):
    server = start_server(defects=[case.defect])
    assert await case.scenario(Target(server.ws, server.http)) == case.wrong
    assert await case.scenario(target) == case.right


async def test_a_captured_mailbox_is_read_until_the_server_ends_the_connection(start_server):
    for defects, seconds, overheard in ((["mailbox-capture"], GENEROUS_S, {"stored", "live"}), ([], 3, set())):
        server = start_server(defects=defects, registrationTimeout=seconds)
        assert await mailbox(Target(server.ws, server.http)) == overheard


@pytest.mark.parametrize("defect", ["drop-delivery:0.5", "backlog-cap:3"])
async def test_what_was_lost_stays_lost_when_a_client_recovers(defect, start_server):
    server = start_server(defects=[defect])
    target, user, sent = Target(server.ws, server.http), fresh("user"), set(range(12))
    async with target.device(user, "phone") as phone:
        async with target.device(user, "desktop") as desktop:
            epoch, token = desktop.session["epoch"], desktop.token
        for number in sent:
            await phone.ask("user_message", number, toDeviceId="desktop")
        seen: list[set[int]] = []
        for _ in range(2):
            async with target.open() as desktop:
                desktop.user, desktop.name = user, "desktop"
                await desktop.register(authToken=token, epoch=epoch, lastSeq=0)
                for _ in range(20):  # one of them arrives
                    await phone.ask("user_message", "end", toDeviceId="desktop")
                seen.append(set(await until_end(desktop)))
    assert seen[1] <= seen[0] < sent


async def test_a_duplicate_may_come_after_its_confirmation(start_server):
    server = start_server(defects=["duplicate-delivery:1,250ms"])
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        await phone.ask("user_message", "once", toDeviceId="desktop")
        first = await desktop.next("user_message")
        await desktop.confirm(first)
        await desktop.is_served()
        assert await desktop.next("user_message") == first


async def test_numbers_start_over_after_a_restart(start_server, stack):
    server = start_server(defects=["seq-reset"])
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        for number in range(4):
            await phone.ask("user_message", number, toDeviceId="desktop")
        messages = await arrived(desktop)
        assert [message["seq"] for message in messages] == [1, 2, 3, 4]
        for message in (messages[0], messages[2]):
            await desktop.confirm(message)
        await desktop.is_served()
    epoch = desktop.session["epoch"]
    stack.service(server.name).restart()
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        await phone.ask("user_message", "new", toDeviceId="desktop")
        messages = await arrived(desktop)
        assert [(m["seq"], m["payload"]) for m in messages] == [(1, 1), (2, 3), (3, "new")]
        assert ["retryCount" in message for message in messages] == [True, True, False]
        assert desktop.session["epoch"] == epoch


async def test_a_row_is_pushed_before_its_transaction_ends(start_server, stack):
    for defects, pushed in ((["rollback-leak"], ["not yet \u2026 \\ 'true'"]), ([], [])):
        server = start_server(defects=defects)
        target, user = Target(server.ws, server.http), fresh("user")
        async with (
            target.device(user, "phone") as phone,
            target.device(user, "desktop") as desktop,
            database(stack.postgres.url_of(server.postgres.rsplit("/", 1)[1])) as connection,
        ):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(
                "INSERT INTO messages (user_id, to_device_id, payload) VALUES ($1, 'desktop', to_json($2::text))",
                *(user, "not yet \u2026 \\ 'true'"),
            )
            seen = [(await desktop.next("user_message"))["payload"]] if defects else []
            await transaction.rollback()
            await phone.is_served()
            assert seen + payloads(await arrived(desktop)) == pushed


async def test_defects_add_up_and_survive_a_restart(start_server, stack):
    server = start_server(
        defects=["no-idempotency", "broadcast-echo", "trust-sender", "duplicate-delivery:1,0s", "backlog-lifo"]
    )
    target = Target(server.ws, server.http)
    for _ in range(2):
        assert await to_the_only_other(target) == [["to all"] * 2, ["to all"] * 2]
        assert await backlog(target) == [4, 4, 3, 3, 2, 2, 1, 1, 0, 0, "live", "live"]
        assert (await spoofed(target))[0] == ["delivered"] * 3
        assert [seq for seq, _ in await repeated(target)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
        stack.service(server.name).restart()


async def test_the_same_seed_hits_the_same_deliveries(start_server):
    found = []
    for seed in (3, 3, 4):
        server = start_server(defects=["drop-delivery:0.5"], defectSeed=seed)
        found.append([await live(Target(server.ws, server.http)) for _ in range(4)])
    assert found[0] == found[1] != found[2]


async def test_no_idempotency_keeps_every_repetition_as_a_row(start_server, stack):
    server = start_server(defects=["no-idempotency"])
    await repeated(Target(server.ws, server.http))
    async with database(stack.postgres.url_of(server.postgres.rsplit("/", 1)[1])) as connection:
        assert await connection.fetch("SELECT count(*) FROM messages GROUP BY id ORDER BY 1") == [(2,), (3,)]


async def test_a_slow_tail_is_no_longer_than_its_share(start_server):
    server = start_server(defects=["slow-tail:250ms,0.1"])
    target, user = Target(server.ws, server.http), fresh("user")
    async with target.device(user, "phone") as phone, target.device(user, "desktop") as desktop:
        slow = 0
        for number in range(100):
            await phone.ask("user_message", number, toDeviceId="desktop")
            messages = await arrived(desktop)
            if not messages:
                slow += 1
                messages = [await desktop.next("user_message")]
            assert payloads(messages) == [number]
            await desktop.confirm(messages[0])
    assert 1 <= slow <= 10


async def test_what_grows_is_as_large_as_all_messages_together(start_server, stack):
    grown = {}
    for defects in ([], ["grow"]):
        server = start_server(defects=defects)
        target, user = Target(server.ws, server.http), fresh("user")
        process = psutil.Process(stack.service(server.name).process.pid)
        async with target.device(user, "phone") as phone:
            async with target.device(user, "desktop"):
                pass
            before = process.memory_full_info().uss
            for _ in range(60):
                await phone.ask("user_message", "x" * 1_000_000, toDeviceId="desktop")
            grown[bool(defects)] = (process.memory_full_info().uss - before) / 60_000_000
    assert grown[False] < 0.5 < 1 <= grown[True]


async def test_active_defects_are_named_by_health_version_and_log(start_server, stack, target):
    server = start_server(defects=["reorder", "duplicate-delivery:0.01,2s"], defectSeed=7)
    faulty, names = Target(server.ws, server.http), ["reorder", "duplicate-delivery:0.01,2s"]
    status, body = await faulty.call("GET", "/health/ready")
    assert (status, body["status"], body["defects"]) == (200, "pass", names)
    settings = (await faulty.call("GET", "/version"))[1]["settings"]
    assert (settings["defects"], settings["defectSeed"]) == (names, 7)
    assert "defects" not in (await target.call("GET", "/health/ready"))[1]
    assert (await target.call("GET", "/version"))[1]["settings"]["defects"] == []


def test_a_stack_whose_server_refuses_a_defect_says_why(start_server):
    with pytest.raises(StackError, match=r"there is no defect 'no-such'; there are drop-delivery, "):
        start_server(defects=["no-such"])
