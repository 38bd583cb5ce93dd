"""What one received message says about the messages of a load."""

import json
from dataclasses import dataclass
from typing import Any

from wireproof.delivery.columns import ABSENT, OUTCOMES
from wireproof.dialects import Dialect, Message
from wireproof.journal import digest
from wireproof.load.worker.ids import Ids

_UNREADABLE = 1
"""The digest of a body that cannot be digested: no other body has it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says.

    Attributes:
        delivered: the number of the message that it brings; ABSENT if it brings none of ours.
        seq, retry, digest: of that delivery, as the columns of a history hold them.
        judged: the number of the message that it says an outcome of; ABSENT if it says none.
        outcome: which one.
    """

    delivered: int = ABSENT
    seq: int = ABSENT
    retry: int = 0
    digest: int = 0
    judged: int = ABSENT
    outcome: int = 0

    @property
    def number(self) -> int:
        """The message that it is about; ABSENT for none."""
        return self.judged if self.judged != ABSENT else self.delivered


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads messages for a load.

    Attributes:
        ids: how the load's messages are called.
        answered: whether an answer brings what it answers: in request and reply.
        names: words that name the load's members: a frame may name another one and say the same.
    """

    ids: Ids
    answered: bool = False
    names: frozenset[bytes] = frozenset()

    def read(self, dialect: Dialect, message: Message) -> Reading:
        """What a message says; what is not about the load's messages says nothing."""
        id = message.sent_id or message.id
        delivered, about = self.ids.number(id), self.ids.number(message.reply_to)
        outcome = OUTCOMES.get(dialect.outcome(message), 0) if about != ABSENT else 0
        if message.control:
            delivered = ABSENT
        elif delivered == ABSENT and self.answered and not dialect.traits.acknowledges:
            delivered = about
        if delivered == ABSENT:
            return Reading(judged=about if outcome else ABSENT, outcome=outcome)
        says = body_digest(message.body, id) if dialect.traits.keeps_body and delivered != about else 0
        return Reading(
            delivered=delivered,
            seq=ABSENT if message.seq is None else message.seq,
            retry=message.retry,
            digest=says,
            judged=about if outcome else ABSENT,
            outcome=outcome,
        )


def body_digest(body: Any, id: str) -> int:
    """What a body says, whatever the id in it, as the columns of a history hold digests."""
    if body is None:
        return 0
    try:
        # The canonical text of `journal.digest`, so that rows and journals give the same number for the same body.
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        return _UNREADABLE
    return int(digest(text.replace(id, "").encode()), 16) >> 1
