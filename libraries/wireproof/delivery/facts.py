"""What each message of a history came to, derived from its columns once and shared by all invariants.

A *pair* is a message and one client that has to get it. Arrays named `pair_…` have one entry for each pair, in order of
messages; arrays named `receipt_…` one for each receipt of a message that was sent or expected, in order of recording;
all others one for each message. Nothing here costs more than a sort.
"""

from functools import cached_property

import numpy as np

from wireproof.delivery.audience import Audience, audience_of
from wireproof.delivery.columns import ABSENT, ACKED, REFUSED, UNKNOWN
from wireproof.delivery.findings import Rules
from wireproof.delivery.history import Bools, History, Ints
from wireproof.delivery.sessions import Sessions

NEVER = np.iinfo(np.int64).max
"""A moment that did not come."""

ELSEWHERE = -2
"""The outcome of a message that no client sent: it is due as soon as it is expected."""


class Facts:
    """Reads a history; every property is computed when it is first asked for.

    Args:
        history: what happened.
        rules: what was promised.
    """

    def __init__(self, history: History, rules: Rules | None = None) -> None:
        self.history = history
        self.rules = rules or Rules()
        self.messages = len(history.ids)
        self.clients = len(history.names)

    # -- sending -----------------------------------------------------------------------------------------------------

    @cached_property
    def first_send(self) -> Ints:
        """The row of the first sending of each message, or ABSENT."""
        return first_rows(self.history["sent"]["message"], self.messages)

    @cached_property
    def sends(self) -> Ints:
        """How often each message was sent."""
        return np.bincount(self.history["sent"]["message"], minlength=self.messages)

    @cached_property
    def is_sent(self) -> Bools:
        return self.first_send != ABSENT

    @cached_property
    def first_expectation(self) -> Ints:
        """The row in which each message was first expected, or ABSENT."""
        return first_rows(self.history["expected"]["message"], self.messages)

    @cached_property
    def is_expected(self) -> Bools:
        """Whether an audience was declared."""
        return self.first_expectation != ABSENT

    @cached_property
    def sender(self) -> Ints:
        """The client that sent, else the one that was expected to; 0 if nobody knows."""
        expected = gather(self.history["expected"]["sender"], self.first_expectation, 0)
        return np.where(self.is_sent, gather(self.history["sent"]["client"], self.first_send, 0), expected)

    @cached_property
    def sent_at(self) -> Ints:
        """When each message was first sent, else expected; NEVER if neither was."""
        expected = gather(self.history["expected"]["at"], self.first_expectation, NEVER)
        return np.where(self.is_sent, gather(self.history["sent"]["at"], self.first_send, NEVER), expected)

    @cached_property
    def to(self) -> Ints:
        return gather(self.history["sent"]["to"], self.first_send, 0)

    # -- outcomes ----------------------------------------------------------------------------------------------------

    @cached_property
    def acked_at(self) -> Ints:
        """When each message was acknowledged to its sender; NEVER if it was not."""
        return self._verdict_at(ACKED)

    @cached_property
    def outcome(self) -> Ints:
        """ACKED, REFUSED, UNKNOWN, ELSEWHERE; 0 for what was sent and needs no acknowledgement; ABSENT for no message.

        An acknowledgement outweighs a refusal of another sending, and both outweigh not knowing.
        """
        outcome = np.full(self.messages, ABSENT)
        if len(self.history["expected"]["message"]):
            elsewhere = gather(self.history["expected"]["elsewhere"], self.first_expectation, 0) == 1
            outcome[self.is_expected] = UNKNOWN
            outcome[elsewhere] = ELSEWHERE
        needs_verdict = gather(self.history["sent"]["acknowledged"], self.first_send, 0) == 1
        outcome[self.is_sent] = np.where(needs_verdict[self.is_sent], UNKNOWN, 0)
        for verdict in (UNKNOWN, REFUSED, ACKED):
            outcome[self._verdict_at(verdict) != NEVER] = verdict
        return outcome

    @cached_property
    def is_known(self) -> Bools:
        """Sent or expected, so that a receipt can be judged."""
        return self.outcome != ABSENT

    @cached_property
    def is_due(self) -> Bools:
        """Taken over by the peer, or sent where nobody acknowledges, or caused elsewhere: it has to arrive."""
        return (self.outcome == ACKED) | (self.outcome == 0) | (self.outcome == ELSEWHERE)

    def _verdict_at(self, outcome: int) -> Ints:
        """When that verdict first came, to the client that sent or was expected to."""
        verdicts = self.history["verdicts"]
        message = verdicts["message"]
        ours = (verdicts["outcome"] == outcome) & (verdicts["client"] == self.sender[message])
        at = np.full(self.messages, NEVER)
        if ours.all():
            scatter_first(at, message, verdicts["at"])
        else:
            scatter_first(at, message[ours], verdicts["at"][ours])
        return at

    # -- who has to get what -----------------------------------------------------------------------------------------

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.history)

    @cached_property
    def audience(self) -> Audience:
        """Who has to get each message."""
        return audience_of(self)

    @property
    def pair_message(self) -> Ints:
        return self.audience.message

    @property
    def pair_client(self) -> Ints:
        return self.audience.client

    # -- receipts ----------------------------------------------------------------------------------------------------

    @cached_property
    def receipts(self) -> Ints:
        """The rows of receipts of messages that were sent or expected."""
        message = self.history["received"]["message"]
        if not len(message) or not self.messages:
            return np.empty(0, np.int64)
        return np.flatnonzero((message != ABSENT) & self.is_known[message])

    @cached_property
    def receipt_message(self) -> Ints:
        return self.history["received"]["message"][self.receipts]

    @cached_property
    def receipt_client(self) -> Ints:
        return self.history["received"]["client"][self.receipts]

    @cached_property
    def receipt_at(self) -> Ints:
        return self.history["received"]["at"][self.receipts]

    @cached_property
    def is_stale(self) -> Bools:
        """Receipts on a socket that had been replaced before the message was even sent."""
        superseded, by_itself = self.sessions.superseded(self.history["received"], self.receipts)
        if not (superseded != NEVER).any():
            return np.zeros(len(self.receipts), bool)
        pair = self.audience.find(self.receipt_message, self.receipt_client)
        declared = self.is_expected[self.receipt_message] & (pair != ABSENT) & ~by_itself
        return (self.sent_at[self.receipt_message] > superseded) & ~declared

    @cached_property
    def receipt_pair(self) -> Ints:
        """The pair that each receipt serves; ABSENT for a stale one, and where the client is not in the audience."""
        pair = self.audience.find(self.receipt_message, self.receipt_client)
        pair[self.is_stale] = ABSENT
        return pair

    @cached_property
    def is_stray(self) -> Bools:
        """Receipts at a client that is not in the audience."""
        has_audience = self.audience.sizes[self.receipt_message] > 0
        return (self.receipt_pair == ABSENT) & ~self.is_stale & has_audience

    @cached_property
    def pair_first(self) -> Ints:
        """For each pair the first receipt that serves it, or ABSENT."""
        serving = np.flatnonzero(self.receipt_pair != ABSENT)
        first = np.full(len(self.pair_message), ABSENT)
        scatter_first(first, self.receipt_pair[serving], serving)
        return first

    @cached_property
    def pair_served(self) -> Bools:
        return self.pair_first != ABSENT

    @cached_property
    def pair_first_at(self) -> Ints:
        """When each pair was first served; NEVER if it was not."""
        return gather(self.receipt_at, self.pair_first, NEVER)

    @cached_property
    def is_repeat(self) -> Bools:
        """Receipts of what the same recipient had already."""
        repeat = self.receipt_pair != ABSENT
        repeat[self.pair_first[self.pair_served]] = False
        return repeat

    @cached_property
    def is_seen(self) -> Bools:
        """Whether anybody at all got a message, rightly or not."""
        seen = np.zeros(self.messages, bool)
        seen[self.receipt_message] = True
        return seen

    @cached_property
    def is_served(self) -> Bools:
        """Whether somebody in its audience got a message."""
        served = np.zeros(self.messages, bool)
        served[self.pair_message[self.pair_served]] = True
        return served

    @cached_property
    def pair_outstanding(self) -> Bools:
        """Pairs that have to be served and are not."""
        return self.is_due[self.pair_message] & ~self.pair_served

    @cached_property
    def verdict_pending(self) -> Ints:
        """Messages whose peer may still say what became of them: their socket is open, and it has not said so yet."""
        closes = self.history["closes"]
        closed = set(zip(closes["client"].tolist(), closes["connection"].tolist(), strict=True))
        undecided = (self.outcome == UNKNOWN) & self.is_sent & (self._verdict_at(UNKNOWN) == NEVER)
        sent, last_send = self.history["sent"], np.full(self.messages, ABSENT)
        last_send[sent["message"]] = np.arange(len(sent["message"]))

        def is_open(row: int) -> bool:
            # whatever was sent on it later: a sender may learn of the end after the reader did
            return (int(sent["client"][row]), int(sent["connection"][row])) not in closed

        return np.array([message for message in np.flatnonzero(undecided) if is_open(last_send[message])], np.int64)

    # -- rows --------------------------------------------------------------------------------------------------------

    @cached_property
    def message_tables(self) -> Ints:
        """The tables that messages are stored in: those with a row of a known one, else all that were looked at."""
        rows = self.history["rows"]
        found: Ints = np.unique(rows["table"][self.is_known[rows["message"]]])
        return found if len(found) else np.unique(self.history["scans"]["table"])

    @cached_property
    def is_stored(self) -> Bools:
        """Whether a row of each message was seen."""
        stored = np.zeros(self.messages, bool)
        stored[self.history["rows"]["message"]] = True
        return stored

    @cached_property
    def further_rows(self) -> Ints:
        """Rows of known messages that one look at one table saw beside another row of the same message."""
        rows = self.history["rows"]
        order = np.lexsort((rows["message"], rows["table"], rows["scan"]))
        same = [np.diff(rows[name][order]) == 0 for name in ("message", "table", "scan")]
        further = rows["copies"] > 1
        further[order[1:][np.logical_and.reduce(same)]] = True
        return np.flatnonzero(further & self.is_known[rows["message"]])

    @cached_property
    def last_look(self) -> int:
        """When the last look at the messages' tables was asked for; -1 if nobody looked."""
        scans = self.history["scans"]
        return int(scans["asked"][np.isin(scans["table"], self.message_tables)].max(initial=-1))

    @cached_property
    def is_unpersisted(self) -> Bools:
        """Acknowledged, and never a row although somebody looked afterwards."""
        return (self.acked_at < self.last_look) & ~self.is_stored & (self.outcome == ACKED)


def first_rows(message: Ints, messages: int) -> Ints:
    """The first row of each message, or ABSENT."""
    first = np.full(messages, ABSENT)
    scatter_first(first, message, np.arange(len(message)))
    return first


def scatter_first(target: Ints, index: Ints, values: Ints) -> None:
    """target[index] = values, where the first of several values for an index counts."""
    target[index[::-1]] = values[::-1]


def gather(values: Ints, index: Ints, missing: int) -> Ints:
    """values[index], and `missing` where the index is ABSENT."""
    if not len(values):
        return np.full(len(index), missing, np.int64)
    return np.where(index == ABSENT, np.int64(missing), values[index])
