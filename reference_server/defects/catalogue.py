"""Every defect there is, as data: for the command line, the documentation and the proof of the suites."""

from collections.abc import Sequence

from reference_server.app import Parts
from reference_server.defects import (
    backlog,
    connections,
    dependencies,
    identity,
    load,
    promises,
    rows,
    storing,
    text,
    traffic,
)
from reference_server.defects.defect import Active, Defect, activate
from reference_server.defects.parameters import count, share, time
from reference_server.settings import SettingsError

_DELIVERY = tuple(f"DLV-{number:02}" for number in range(1, 13))
_DATABASE = tuple(f"DB-{number:02}" for number in range(1, 8))
_SESSIONS = tuple(f"SESS-{number:02}" for number in range(1, 7))
_ELSEWHERE = ("DB-09", "CONN-04", "CONN-05", "CONN-09", "CONN-13", "SEC-03", "SEC-04", "SEC-05")
_RECOVERY = tuple(f"REC-{number:02}" for number in range(1, 20))
_ANY_TRAFFIC = (*_DELIVERY, *_DATABASE, *_SESSIONS, *_ELSEWHERE, *_RECOVERY)
"""Criteria whose tests send messages: one in a thousand may be theirs."""

_TO_ALL = ("CONN-04", "DB-01", "DB-06", "DLV-03", *_DELIVERY[4:9], "DLV-11", "DLV-12", "SESS-04", *_RECOVERY)
"""Criteria whose tests send messages to all and look who gets them."""

DEFECTS = (
    Defect(
        name="drop-delivery",
        summary="acknowledges and stores a delivery, and never sends it: not again, not after a reconnect",
        expected="lost",
        also=("gap", "missing-recipient"),
        caught_by=("DLV-12",),
        spreads_to=_ANY_TRAFFIC,
        parameters=(share("0.001"),),
        put_in=traffic.drop,
    ),
    Defect(
        name="duplicate-delivery",
        summary="sends a delivery twice without a retryCount, at once or so much later",
        expected="duplicated",
        caught_by=("DLV-12",),
        spreads_to=_ANY_TRAFFIC,
        parameters=(share("0.001"), time("delay", "0s")),
        put_in=traffic.duplicate,
    ),
    Defect(
        name="reorder",
        summary="lets a delivery change places with the next one of the same sender to the same device",
        expected="reordered",
        caught_by=("DLV-12",),
        spreads_to=_ANY_TRAFFIC,
        parameters=(share("0.001"),),
        put_in=traffic.reorder,
    ),
    Defect(
        name="no-idempotency",
        summary="stores and delivers an id again that it has already",
        expected="duplicate-row",
        also=("duplicated",),
        caught_by=("DLV-07",),
        spreads_to=("DB-01", "DB-05", "DB-06", "DLV-05", "DLV-12", "REC-08"),
        put_in=storing.forget_ids,
    ),
    Defect(
        name="crossed-routing",
        summary="shows a delivery to a device that it is not meant for, of the same or of another user",
        expected="misdelivered",
        also=("unexpected-recipient",),
        caught_by=("DLV-12",),
        spreads_to=_ANY_TRAFFIC,
        parameters=(share("0.001"),),
        put_in=traffic.cross,
    ),
    Defect(
        name="broadcast-skips-one",
        summary="leaves one recipient out of a message to several",
        expected="missing-recipient",
        also=("lost",),
        caught_by=("DLV-02",),
        spreads_to=_TO_ALL,
        put_in=storing.skip_one,
    ),
    Defect(
        name="broadcast-echo",
        summary="sends a message to all back to its sender, too",
        expected="unexpected-recipient",
        caught_by=("DLV-02",),
        spreads_to=(*_TO_ALL, "SEC-05"),
        put_in=storing.echo,
    ),
    Defect(
        name="backlog-lifo",
        summary="sends the backlog newest first",
        expected="reordered",
        caught_by=("DLV-06",),
        spreads_to=("DLV-09", "DLV-12", "DB-06", "SESS-01", *_RECOVERY),
        put_in=backlog.turn,
    ),
    Defect(
        name="backlog-cap",
        summary="keeps so many messages for a device that is away, and loses older ones without a word",
        expected="gap",
        also=("lost", "missing-recipient"),
        caught_by=("DLV-06",),
        spreads_to=("DLV-12", "SESS-01", "REC-01", "REC-16"),
        parameters=(count("100"),),
        put_in=backlog.cap,
    ),
    Defect(
        name="mailbox-capture",
        summary="sends a device's mail to a connection that names it in its query string and never registered",
        expected="misdelivered",
        caught_by=("SEC-05", "DLV-02"),
        spreads_to=("CONN-02",),
        put_in=identity.capture_mailboxes,
    ),
    Defect(
        name="trust-sender",
        summary="believes the fromDeviceId of a message, whoever sent it",
        expected="spoofed-sender",
        caught_by=("SEC-03", "DLV-10"),
        put_in=identity.trust_sender,
    ),
    Defect(
        name="damaged-unicode",
        summary=f"normalises texts to NFKC and cuts payloads at {text.CUT_AT} bytes",
        expected="corrupted",
        caught_by=("DLV-04",),
        spreads_to=("DLV-12", "DB-01", "DB-06", "SEC-08"),
        put_in=text.damage,
    ),
    Defect(
        name="seq-reset",
        summary="counts deliveries from 1 again after a restart, in the same epoch",
        expected="non-monotonic",
        caught_by=("SESS-01",),
        spreads_to=("DLV-06", "DB-02", "DB-06", "REC-01", "REC-02", "REC-14", "REC-16", "REC-17"),
        put_in=storing.reset_numbers,
    ),
    Defect(
        name="false-recovered",
        summary="says recovered: true to every client that tells how far it has come, also over a gap",
        expected="false-recovery",
        caught_by=("SESS-01",),
        spreads_to=("SESS-02", "SESS-03", "SEC-04"),
        put_in=identity.boast,
    ),
    Defect(
        name="rollback-leak",
        summary="pushes a message inserted by SQL before its transaction ends, also when it is rolled back",
        expected="phantom",
        also=("duplicated",),
        caught_by=("DB-04",),
        spreads_to=("DB-02", "DB-03", "DB-05", "DB-06"),
        put_in=rows.leak,
    ),
    Defect(
        name="ack-before-commit",
        summary="acknowledges a message inside the transaction that stores it, before the commit",
        expected="ack-before-durable",
        also=("acked-not-persisted", "lost"),
        caught_by=("DLV-05", "REC-07"),
        spreads_to=("REC-01", "REC-04", "REC-05", "REC-08", "REC-14", "REC-18"),
        put_in=promises.hurry,
    ),
    Defect(
        name="ack-on-failed-insert",
        summary="acknowledges a message although the database raised an error at its insert",
        expected="acked-not-persisted",
        also=("lost",),
        caught_by=("DLV-05", "REC-19"),
        spreads_to=("REC-04", "REC-05", "REC-06", "REC-08", "REC-14", "REC-18"),
        put_in=promises.swallow,
    ),
    Defect(
        name="backlog-in-memory",
        summary="has forgotten after a restart what was not confirmed before",
        expected="lost",
        also=("gap", "missing-recipient", "unconverged"),
        caught_by=("DLV-06", "SESS-01", "REC-01"),
        spreads_to=("CONN-13", "REC-02", "REC-14", "REC-16", "REC-17"),
        put_in=backlog.keep_in_memory,
    ),
    Defect(
        name="confirm-on-send",
        summary="takes a delivery out of the backlog when it is written, before the client confirms it",
        expected="lost",
        also=("gap", "missing-recipient", "unconverged"),
        caught_by=("DLV-06", "REC-16"),
        spreads_to=("DLV-05", "DLV-12", "SEC-03", "SEC-04", "REC-01", "REC-02", "REC-12", "REC-13", "REC-14", "REC-15"),
        put_in=backlog.confirm_on_send,
    ),
    Defect(
        name="live-overtakes-backlog",
        summary="sends live deliveries at once while a device is still being sent its backlog",
        expected="reordered",
        also=("non-monotonic",),
        caught_by=("DLV-06", "REC-16"),
        spreads_to=("DLV-12", "SESS-01", "REC-01", "REC-02", "REC-12", "REC-13", "REC-14", "REC-15"),
        put_in=backlog.overtake,
    ),
    Defect(
        name="stale-session",
        summary="leaves the older connection of a device open when a newer one takes over, and sends to both",
        expected="stale-session",
        caught_by=("CONN-09",),
        spreads_to=("SESS-01",),
        put_in=connections.cling,
    ),
    Defect(
        name="leak-on-abort",
        summary="keeps a connection that ends by a reset, and its place",
        expected="leak",
        caught_by=("CONN-05",),
        spreads_to=("CONN-08", "CONN-10", "DB-06", "REC-12", "REC-13", "REC-15", "REC-16"),
        put_in=connections.hoard,
    ),
    Defect(
        name="head-of-line",
        summary="stores and delivers nothing for anybody while a client does not read",
        expected="bystander-latency",
        caught_by=("REC-15",),
        spreads_to=("REC-12", "REC-13"),
        put_in=connections.wait_for_readers,
    ),
    Defect(
        name="deaf-after-redis",
        summary="hears and sees nothing of other nodes any more once its subscription in Redis was lost",
        expected="no-progress-after-heal",
        caught_by=("REC-11",),
        spreads_to=("REC-09", "REC-10", "REC-14", "REC-17"),
        put_in=dependencies.go_deaf,
    ),
    Defect(
        name="poisoned-pool",
        summary="replaces no connection to PostgreSQL that was lost",
        expected="no-progress-after-heal",
        also=("lost", "missing-recipient"),
        caught_by=("REC-05",),
        spreads_to=("REC-04", "REC-06", "REC-07", "REC-08", "REC-14", "REC-18", "REC-19"),
        put_in=dependencies.poison,
    ),
    Defect(
        name="no-heartbeat",
        summary="pings nobody, and keeps a peer that is silent for ever online",
        expected="presence-stale",
        caught_by=("CONN-06", "DB-09", "REC-12"),
        put_in=connections.forget_heartbeats,
    ),
    Defect(
        name="kill-without-drain",
        summary="ends at SIGTERM at once: no close frame, no answer to what is under way",
        expected="unclean-close",
        also=("lost",),
        caught_by=("CONN-13", "REC-02"),
        spreads_to=("REC-17",),
        put_in=connections.end_at_once,
    ),
    Defect(
        name="crash-on-bad-frame",
        summary="dies of a message that is JSON but no object",
        expected="server-died",
        caught_by=("DLV-10",),
        put_in=connections.break_on_bad_frames,
    ),
    Defect(
        name="slow-tail",
        summary="lets a share of the deliveries wait so long before it sends them, in order",
        expected="slo",
        also=("bystander-latency",),
        caught_by=("PERF-05",),
        spreads_to=("PERF-02", "REC-12", "REC-13", "REC-15"),
        parameters=(time("delay", "250ms"), share("0.02")),
        put_in=load.linger,
    ),
    Defect(
        name="grow",
        summary="keeps every message in memory for good",
        expected="growth",
        caught_by=("SCALE-17",),
        put_in=load.remember,
    ),
)
"""In the order in which they are shown."""

_BY_NAME = {defect.name: defect for defect in DEFECTS}


def parse(texts: Sequence[str]) -> list[Active]:
    """Read `NAME[:PARAMETER,...]` options; raises SettingsError with one plain line."""
    found: list[Active] = []
    for option in texts:
        name, _, parameters = option.partition(":")
        if name not in _BY_NAME:
            raise SettingsError(f"there is no defect {name!r}; there are {', '.join(_BY_NAME)}")
        if any(name == other.defect.name for other in found):
            raise SettingsError(f"defect {name} is given twice")
        found.append(activate(_BY_NAME[name], option, parameters.split(",") if parameters else []))
    return found


def parts_with(texts: Sequence[str], seed: int) -> Parts:
    """The normal parts with these defects in them; raises SettingsError with one plain line."""
    parts = Parts()
    for active in parse(texts):
        parts = active.put_in(parts, seed)
    return parts
