"""Histories told by hand, event by event, as the journal would record them."""

from dataclasses import replace
from typing import Any, Literal

from wireproof.delivery.findings import Guarantee, Order, Rules
from wireproof.delivery.recorder import Recorder
from wireproof.delivery.verdict import Verdict, judge
from wireproof.journal import Event

RUN = "0123456789ab"
MS = 1_000_000


def tracked(number: int) -> str:
    """The id of a tracked message of the run."""
    return f"wp-{RUN}-{number}"


class Story:
    """Tells events; each happens one millisecond after the one before, unless `at` says otherwise, in milliseconds."""

    def __init__(self, guarantee: Guarantee = "exactly once", order: Order = "per sender", min_acked: int = 1) -> None:
        self.rules = Rules(guarantee, order, min_acked)
        self.recorder = Recorder("default", RUN)
        self.events: list[Event] = []
        self.now = 0

    def tell(self, kind: str, source: str, at: int | None = None, **data: Any) -> "Story":
        self.now = self.now + 1 if at is None else at
        self.events.append(Event(self.now * MS, kind, source, data))
        self.recorder.take(self.events[-1])
        return self

    def connect(self, client: str, connection: int = 1, *, identity: str = "", **traits: Any) -> "Story":
        promised = {"acknowledges": True, "marks_redelivery": True, "redelivery_s": 10.0} | traits
        granted = {name: promised.pop(name) for name in ("epoch", "last_seq", "recovered") if name in promised}
        at = promised.pop("at", None)
        self.tell("connected", client, at, connection=connection, **promised)
        return self.tell("login", client, at, connection=connection, identity=identity, **granted)

    def expect(self, sender: str, id: str, *audience: str, **more: Any) -> "Story":
        return self.tell("expect", sender, id=id, audience=list(audience), **more)

    def send(self, sender: str, id: str, at: int | None = None, **more: Any) -> "Story":
        return self.tell("sent", sender, at, **({"id": id, "connection": 1, "message_kind": "say"} | more))

    def answer(
        self, sender: str, id: str, outcome: Literal["acked", "refused", "unknown"] = "acked", at: int | None = None
    ) -> "Story":
        answer = {"id": f"answer to {id}", "message_kind": "ack", "reply_to": id, "outcome": outcome, "connection": 1}
        return self.tell("received", sender, at, **answer)

    def receive(self, client: str, id: str, at: int | None = None, **more: Any) -> "Story":
        return self.tell("received", client, at, **({"id": id, "connection": 1, "message_kind": "say"} | more))

    def confirm(self, client: str, id: str, at: int | None = None, connection: int = 1) -> "Story":
        return self.tell("sent", client, at, id=f"ok {id}", about=id, control=True, connection=connection)

    def deliver(self, id: str, *to: str, sender: str = "alice", **receipt: Any) -> "Story":
        """Declared, sent, acked and received by everybody."""
        self.expect(sender, id, *to).send(sender, id).answer(sender, id)
        for client in to:
            self.receive(client, id, **receipt)
        return self

    def look(self, *ids: str, scan: int = 1, table: str = "messages", asked: int | None = None, **row: Any) -> "Story":
        """Somebody looks at the rows of a table, and sees these."""
        asked_at = self.now + 1 if asked is None else asked
        for id in ids:
            self.tell("row", "db", id=id, scan=scan, table=table, **row)
        return self.tell("rows", "db", scan=scan, table=table, asked_ns=asked_at * MS, count=len(ids))

    def promised(self, **more: Any) -> "Story":
        """The same, by other rules."""
        self.rules = replace(self.rules, **more)
        return self

    def verdict(self) -> Verdict:
        return judge(self.recorder.history(), self.rules)

    def words(self) -> dict[str, int]:
        """Every anomaly and how often it was found, tolerated ones too."""
        return {word: found.count for word, found in self.verdict().findings.items() if found.count}


def chat(guarantee: Guarantee = "exactly once", order: Order = "per sender", **traits: Any) -> Story:
    """Alice, Bob and Carol are connected and known as a, b and c; one message has gone well."""
    story = Story(guarantee, order)
    for client in ("alice", "bob", "carol"):
        story.connect(client, identity=client[0], **traits)
    return story.deliver(tracked(1), "bob")
