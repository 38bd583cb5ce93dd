"""The answers that a protocol asks for, as templates: a confirmation of each delivery costs no parsing."""

import copy
import re
from collections.abc import Callable, Sequence

from wireproof.dialects import Dialect, Frame, Outgoing
from wireproof.load.template import NoTemplateError, Template, Values

Answer = Callable[[bytes, int, int], Sequence[Outgoing]]
"""Called with a frame, its message's number and the delivery's: what to send."""


def answer(dialect: Dialect, frame: Frame, found: "re.Match[bytes]", id: str, values: Values) -> Answer:
    """How frames like this one are answered on the connection that the dialect serves.

    Args:
        dialect: of the connection.
        frame: one of them.
        found: where it says its message's number, and the delivery's if it has one.
        id: the id of that message.
        values: for the slots of a template.
    """
    first = _answers(dialect, frame)
    if not first:
        return lambda payload, number, seq: ()

    def by_dialect(payload: bytes, number: int, seq: int) -> Sequence[Outgoing]:
        return _answers(dialect, Frame(frame.opcode, payload))

    numbers = None
    second = _answers(dialect, frame)
    if "seq" in found.re.groupindex:
        seq, other = found["seq"], b"%d" % (int(found["seq"]) + 7)
        begin, end = found.span("seq")
        changed = frame.payload[:begin] + other + frame.payload[end:]
        numbers, second = (seq, other), _answers(dialect, Frame(frame.opcode, changed, frame.at_ns))
    if len(first) != 1 or len(second) != 1 or first[0].about != id:
        return by_dialect
    try:
        template = Template(first[0].payload, second[0].payload, id.encode(), values, numbers)
    except NoTemplateError:
        return by_dialect
    opcode = first[0].opcode
    # The id that it is about is only looked at for whether there is one.
    return lambda payload, number, seq: (Outgoing(template.payload(number, seq), opcode, about=id),)


def _answers(dialect: Dialect, frame: Frame) -> Sequence[Outgoing]:
    asked = copy.copy(dialect)
    return [outgoing for message in asked.feed(frame) for outgoing in asked.answers(message)]
