"""The answers that a protocol asks for, as templates: a confirmation of each delivery costs no parsing."""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass

from wireproof.dialects import Dialect, Frame, Outgoing
from wireproof.load.worker.template import NoTemplateError, Template, Values


@dataclass(frozen=True, slots=True)
class Answer:
    """How one connection answers frames of one shape.

    Attributes:
        dialect: of the connection.
        opcode: of the frames.
        answers: whether they are answered at all.
        template: of the answer; None where the dialect has to write each.
        sample: an answer.
    """

    dialect: Dialect
    opcode: int
    answers: bool = True
    template: Template | None = None
    sample: Outgoing | None = None

    def to(self, payload: bytes, number: int, seq: int) -> Sequence[Outgoing]:
        """What to send after a frame, with its message's number and the delivery's."""
        if not self.answers:
            return ()
        if self.template is None or self.sample is None:
            return _answers(self.dialect, Frame(self.opcode, payload))
        # Whatever id the sample is about, it is the frame's: the shape says so.
        return (Outgoing(self.template.payload(number, seq), self.sample.opcode, about=self.sample.about),)


def answer_of(dialect: Dialect, frame: Frame, pattern: "re.Pattern[bytes]", id: str, values: Values) -> Answer:
    """How frames like this one are answered on the connection that the dialect serves.

    Args:
        dialect: of the connection.
        frame: one of them.
        pattern: finds its message's number, and the delivery's if it has one.
        id: the id of that message.
        values: for the slots of a template.
    """
    first = _answers(dialect, frame)
    numbers, again = None, frame
    found = pattern.fullmatch(frame.payload)
    if found is not None and "seq" in pattern.groupindex:
        seq, other = found["seq"], b"%d" % (int(found["seq"]) + 7)
        begin, end = found.span("seq")
        numbers = (seq, other)
        again = Frame(frame.opcode, frame.payload[:begin] + other + frame.payload[end:], frame.at_ns)
    second = _answers(dialect, again)
    by_dialect = Answer(dialect, frame.opcode, answers=bool(first))
    if len(first) != 1 or len(second) != 1 or first[0].about != id:
        return by_dialect
    try:
        template = Template(first[0].payload, second[0].payload, id.encode(), values, numbers)
    except NoTemplateError:
        return by_dialect
    return Answer(dialect, frame.opcode, template=template, sample=first[0])


def _answers(dialect: Dialect, frame: Frame) -> Sequence[Outgoing]:
    asked = copy.copy(dialect)
    return [outgoing for message in asked.feed(frame) for outgoing in asked.answers(message)]
