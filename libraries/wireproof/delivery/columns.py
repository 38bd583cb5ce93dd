"""The columns of a delivery history: which tables there are, and what a row of each says.

Every value is an integer: messages and names are numbered by the history that holds the columns, times are nanoseconds
of the journal's clock, and `ABSENT` says that nothing was observed.
"""

from collections.abc import Mapping

ABSENT = -1

ACKED, REFUSED, UNKNOWN = 1, 2, 3
"""Verdicts of a peer on a message it was sent."""

OUTCOMES: Mapping[str, int] = {"acked": ACKED, "refused": REFUSED, "unknown": UNKNOWN}

TABLES: Mapping[str, tuple[str, ...]] = {
    "sent": ("message", "client", "connection", "to", "kind", "at", "digest", "acknowledged", "due"),
    "verdicts": ("message", "client", "outcome", "at"),
    "received": ("message", "client", "connection", "at", "seq", "retry", "digest", "kind", "flow", "reply"),
    "confirmed": ("message", "client", "connection", "at"),
    "expected": ("message", "client", "sender", "elsewhere", "at"),
    "rows": ("message", "table", "scan", "at", "digest", "owner", "copies"),
    "scans": ("scan", "table", "asked", "at"),
    "connections": ("client", "connection", "at", "marks_redelivery", "counts_flows", "redelivery_ns"),
    "logins": ("client", "connection", "identity", "at", "epoch", "last_seq", "recovered"),
    "closes": ("client", "connection", "at"),
    "gaps": ("client", "connection", "first", "last"),
    "wire": ("message", "link", "at"),
    "faults": ("name", "on", "at", "touched"),
    "overdue": ("at",),
}
"""One line per table.

sent: one sending; `acknowledged` when the peer has to say whether it took the message over, `due` when a schedule meant
it to be sent.
verdicts: what the peer said, to the client that sent.
received: one receipt, with the socket it came on; `message` is absent where the protocol gave no id.
confirmed: a recipient said that it has it.
expected: one client of a declared audience; `elsewhere` when no client sends it.
rows, scans: rows that were seen, and the look at the table that saw them, asked at `asked` and answered at `at`.
connections, logins, closes: the life of sockets, no two of which have the same `client` and `connection`. At a login
the server names the `epoch` of its numbers, and says whether it `recovered` all after `last_seq`.
gaps: numbers that the server said will never come.
wire: a proxy saw the message. faults: a fault went on or off, and how many connections it `touched`.
overdue: a drain gave up waiting.
"""

DEFAULTS: Mapping[str, int] = {
    "seq": ABSENT,
    "due": ABSENT,
    "copies": 1,
    "last_seq": ABSENT,
    "recovered": ABSENT,
    "touched": ABSENT,
}
"""What a column holds that nobody gave; 0 for those not named."""
