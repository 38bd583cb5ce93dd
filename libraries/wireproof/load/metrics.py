"""What a load measures, and which statistic of it is meant where nobody names one."""

from collections.abc import Mapping
from typing import Final

METRICS: Final[Mapping[str, str]] = {
    "connect.time": "p95",
    "login.time": "p95",
    "connect.success": "rate",
    "connect.failed": "rate",
    "connections.held": "min",
    "reconnect.time": "p95",
    "send.rate": "mean",
    "send.lateness": "p99",
    "send.failed": "count",
    "ack.time": "p95",
    "delivery.time": "p95",
    "delivery.rate": "mean",
    "delivery.success": "rate",
    "delivery.lost": "count",
    "delivery.duplicated": "count",
    "delivery.reordered": "count",
    "delivery.misdelivered": "count",
    "delivery.corrupted": "count",
    "error.rate": "rate",
    "query.time": "p95",
    "query.rate": "mean",
    "flow.time": "p95",
    "flow.missing": "count",
    "loop.lag": "p99",
    "gc.pause": "max",
    "generator.cpu": "max",
    "self.echo": "p95",
}
"""By name, in the order in which they are told.

connect.time: from the start of the TCP connection to the answer to the upgrade. login.time: from there until the
protocol has let the client in; both of first connections. connect.success, connect.failed: of those that were tried.
connections.held: connections that are open, each second of the measured time. reconnect.time: from the end of a
connection until its client is let in again.
send.rate: messages per second that went out. send.lateness: how much later than they were due. send.failed: of the
messages that were due those that could not be sent, because their connection was gone.
ack.time, delivery.time: from when a message was due to its acknowledgement, to its arrival at each recipient.
delivery.rate: messages per second that were sent, acknowledged where the protocol does that, and delivered.
delivery.success: delivered of those taken over. delivery.lost, duplicated, reordered, misdelivered, corrupted: cases
that the ledger finds in all messages, those of the warm-up included.
error.rate: of the messages that were due those that were not sent, not taken over, or lost.
query.time, query.rate: of queries, from when they were due, and how many were answered per second. flow.time: from when
a message was due until it is both delivered and a row.
flow.missing: of the messages whose row was looked for those that were acknowledged and had none.
loop.lag, gc.pause, generator.cpu, self.echo: what the generator adds by itself.
"""


def rate_of(metric: str) -> str:
    """The metric that says how often per second what a user class times was done: `query.rate` of `query.time`."""
    return f"{metric.removesuffix('.time')}.rate"
