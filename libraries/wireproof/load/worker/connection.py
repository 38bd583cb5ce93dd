"""One connection of a load worker: it sends what is due, and notes and answers what comes."""

import asyncio
import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from wireproof.delivery.columns import ABSENT, ACKED
from wireproof.dialects import BINARY, TEXT, Dialect, Draft, Frame, LoginRefused, Message, Outgoing
from wireproof.journal import now_ns
from wireproof.load.worker.answers import Answer, answer_of
from wireproof.load.worker.reading import Reading, body_digest
from wireproof.load.worker.receipts import Shape
from wireproof.load.worker.shared import Worker
from wireproof.load.worker.template import Builder, NoTemplateError, Template
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.load.plan import Member

_EVERY = 1021
"""One frame of so many is read by the dialect as well, in case it depends on more than the frame. A prime, so that
it is another connection's each time."""

_TEXT = WSMsgType.TEXT
_OPCODES = {TEXT: _TEXT, BINARY: WSMsgType.BINARY}


class Connection(WSListener):
    """One member's connection.

    Args:
        worker: what it shares with the others.
        client: its number in the ledger's names.
        member: who it is.
        dialect: its own.
        draft: what it sends.

    Attributes:
        number: the how manieth of its client it is, from 1; 0 until the client is let in.
        since: the number of the first message that it may send.
    """

    def __init__(self, worker: Worker, client: int, member: "Member", dialect: Dialect, draft: Draft) -> None:
        self.worker, self.client, self.member, self.dialect, self.draft = worker, client, member, dialect, draft
        self.transport: WSTransport | None = None
        self.is_open = False
        self.leaving = False
        self.number = self.since = 0
        self.connected_at = 0
        self.digest = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._login: Any = None
        self._build: Builder | None = None
        self._opcode = WSMsgType.TEXT
        self._answers: dict[int, Answer] = {}
        self._fragments: list[bytes] = []
        self._answering = type(dialect).answers is not Dialect.answers

    # -- opening and closing -----------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.connected_at = now_ns()
        self.transport = transport
        if self.leaving:  # nobody waits for it any more
            transport.disconnect()
            return
        try:
            self._login = self.dialect.login(dict(self.member.login))
            if self._login is not None:
                self._send_all(next(self._login))
        except StopIteration:
            self._login = None
        except Exception as error:  # noqa: BLE001 - an author's dialect may raise anything
            self.worker.fault()
            self._refuse(error)
            return
        if self._login is None:
            self._begin()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        code, tally = _close_code(transport), self.worker.tally
        self.is_open = False
        if self.number:
            tally.closes.append((self.client, self.number, now_ns()))
            if not self.leaving:
                tally.errors[f"closed {code}"] += 1
                self.worker.lost(self.client, self.connected_at)
        if not self.ready.done():
            self._refuse(ConnectionError(f"closed {code}"))

    def leave(self) -> None:
        """Closes it on purpose."""
        self.leaving, self.is_open = True, False
        if not self.ready.cancel() and not self.ready.cancelled():
            self.ready.exception()  # else asyncio complains that nobody asked
        if self.transport is not None:
            self.transport.send_close(WSCloseCode.OK)
            self.transport.disconnect()

    def _begin(self) -> None:
        tally = self.worker.tally
        self.number, self.since = tally.opened(self, now_ns()), tally.next
        self.is_open = True
        self._beat()
        if not self.ready.done():
            self.ready.set_result(None)

    def _beat(self) -> None:
        """Says that it is alive, from now on as often as the protocol wants that."""
        heartbeat = self.dialect.heartbeat
        if heartbeat is not None and self.is_open:
            self._send_all((heartbeat.outgoing,))
            asyncio.get_running_loop().call_later(heartbeat.interval_s, self._beat)

    def _refuse(self, error: Exception) -> None:
        if not self.ready.done():
            self.ready.set_exception(error)
        if self.transport is not None:
            self.leaving = True
            self.transport.disconnect()

    def _continue_login(self, message: Message) -> None:
        try:
            self._send_all(self._login.send(message))
        except StopIteration:
            self._login = None
            self._begin()
        except LoginRefused as refusal:
            self._login = None
            self._refuse(refusal)

    # -- sending -----------------------------------------------------------------------------------------------------

    def prepare(self) -> Outgoing:
        """Makes the template of what it sends; gives the message that it was made from.

        Raises:
            ValueError: the dialect cannot send it, or gives it no id of ours.
        """
        id = self.worker.reader.ids.text(0)
        outgoing = self._encode(0)
        if id.encode() not in outgoing.payload or outgoing.id != id:
            raise ValueError(
                f"the dialect '{self.dialect.name}' sends such a message without the id it is given, so that no "
                "message can be told from another: give a JSON object as body, or a dialect with ids"
            )
        self._opcode = _OPCODES[outgoing.opcode]
        # Members that send the same share what builds it: ten thousand of them are opened in a second or two.
        models = self.worker.models
        if outgoing.payload not in models:
            digest = body_digest(outgoing.body, id) if self.dialect.traits.keeps_body else 0
            models[outgoing.payload] = self._builder(outgoing.payload, id), digest
        builder, self.digest = models[outgoing.payload]
        self._build = builder or (lambda number: self._encode(number).payload)
        return outgoing

    def _builder(self, payload: bytes, id: str) -> Builder | None:
        """What builds such messages without the dialect; None if nothing can."""
        try:
            return Template(payload, self._encode(0).payload, id.encode(), self.worker.values).builder()
        except NoTemplateError:
            return None

    def _encode(self, number: int) -> Outgoing:
        draft = self.draft
        return self.dialect.encode(
            Draft(draft.body, draft.kind, draft.to, draft.fields, self.worker.reader.ids.text(number))
        )

    def send(self, due_ns: int) -> None:
        """Sends the next message, which was due then."""
        worker = self.worker
        if not self.is_open or self.transport is None or self._build is None:
            worker.tally.unsent += 1
            return
        number = worker.tally.send(self.client, due_ns, now_ns())
        if worker.closed_loop:
            worker.awaited[number] = self.client
        self.transport.send(self._opcode, self._build(number))

    def _send_all(self, outgoings: Sequence[Outgoing]) -> None:
        for outgoing in outgoings:
            if self.transport is not None:
                self.transport.send(_OPCODES[outgoing.opcode], outgoing.payload)

    # -- receiving ---------------------------------------------------------------------------------------------------

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Notes what a frame says: by its shape, without parsing, or else by the dialect."""
        at_ns = now_ns()
        kind = frame.msg_type
        if kind is not _TEXT or not frame.fin or self._login is not None:
            self._take_other(transport, frame, kind, at_ns)
            return
        worker, payload = self.worker, frame.get_payload_as_bytes()
        worker.frames += 1
        for shape in worker.known:
            found = shape.match(payload)
            if found is not None:
                break
        else:
            self._read(TEXT, payload, at_ns)
            return
        number = int(found[1])
        if shape.delivers:
            seq = int(found[2]) if shape.numbered else ABSENT
            worker.tally.receive(self.client, number, at_ns, seq, shape.retry, shape.digest)
            if self._answering:
                self._answer(shape, payload, number, seq)
        if shape.outcome:
            worker.tally.judge(self.client, number, shape.outcome, at_ns)
            if worker.rows is not None and shape.outcome == ACKED:
                worker.rows.ask(number)
        if worker.closed_loop and (shape.outcome or not worker.acknowledged):
            worker.done(number, at_ns)
        if not worker.frames % _EVERY:
            self._check(shape, found, payload)

    def _take_other(self, transport: WSTransport, frame: WSFrame, kind: WSMsgType, at_ns: int) -> None:
        """Takes a frame of a login, of a binary message, of several frames, or of no message."""
        if kind in (_TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._join(kind, frame, at_ns)
        elif kind is WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def _join(self, kind: WSMsgType, frame: WSFrame, at_ns: int) -> None:
        if kind is not WSMsgType.CONTINUATION:
            self._fragments = [bytes([kind.value])]
        self._fragments.append(frame.get_payload_as_bytes())
        if frame.fin:
            self.worker.frames += 1
            opcode, *parts = self._fragments
            self._fragments = []
            self._read(opcode[0], b"".join(parts), at_ns)

    def _answer(self, shape: Shape, payload: bytes, number: int, seq: int) -> None:
        """Sends what the protocol asks for after a delivery."""
        worker, answer = self.worker, self._answers.get(shape.place)
        try:
            if answer is None:
                id, frame = worker.reader.ids.text(number), Frame(TEXT, payload)
                answer = answer_of(self.dialect, frame, shape.pattern, id, worker.values)
                self._answers[shape.place] = answer
            for outgoing in answer.to(payload, number, seq):
                if outgoing.about:
                    worker.tally.confirm(self.client, number, now_ns())
                self._send_all((outgoing,))
        except Exception:  # noqa: BLE001 - an author's dialect may raise anything
            worker.fault()

    def _read(self, opcode: int, payload: bytes, at_ns: int) -> None:
        """Lets the dialect read a frame."""
        worker = self.worker
        worker.parsed += 1
        try:
            frame = Frame(opcode, payload, at_ns)
            messages = self.dialect.feed(frame)
            for message in messages:
                if self._login is not None:
                    self._continue_login(message)
                    continue
                reading = worker.reader.read(self.dialect, message)
                self._note(message, reading)
                if len(messages) == 1:
                    worker.shapes.learn(self.dialect, frame, reading)
        except Exception:  # noqa: BLE001 - an author's dialect may raise anything
            worker.fault()

    def _note(self, message: Message, reading: Reading) -> None:
        worker, at_ns = self.worker, message.at_ns
        if reading.delivered != ABSENT:
            worker.tally.receive(self.client, reading.delivered, at_ns, reading.seq, reading.retry, reading.digest)
        elif reading.judged == ABSENT and not message.control:
            worker.tally.others += 1
            if worker.notes_others:
                worker.tally.receive(self.client, ABSENT, at_ns)
        if message.gap is not None:
            worker.tally.gaps.append((self.client, self.number, *message.gap))
        for outgoing in self.dialect.answers(message):
            about = worker.reader.ids.number(outgoing.about)
            if about != ABSENT:
                worker.tally.confirm(self.client, about, now_ns())
            self._send_all((outgoing,))
        if reading.outcome:
            worker.tally.judge(self.client, reading.judged, reading.outcome, at_ns)
            if worker.rows is not None and reading.outcome == ACKED:
                worker.rows.ask(reading.judged)
        is_end = reading.outcome or (reading.delivered != ABSENT and not worker.acknowledged)
        if worker.closed_loop and is_end:
            worker.done(reading.number, at_ns)

    def _check(self, shape: Shape, found: Any, payload: bytes) -> None:
        """Lets the dialect read what a shape has read: a dialect whose reading depends on more is read without."""
        dialect = copy.copy(self.dialect)
        try:
            messages = dialect.feed(Frame(TEXT, payload))
            readings = [self.worker.reader.read(dialect, message) for message in messages]
        except Exception:  # noqa: BLE001 - an author's dialect may raise anything
            self.worker.fault()
            return
        if readings != [shape.read(found)]:
            self.worker.shapes.forget()
            self.worker.misread = f"the dialect '{dialect.name}' reads {safe(payload, 120)} differently at another time"


def _close_code(transport: WSTransport) -> int:
    """The code that the peer closed with; 1006 where it did not say."""
    received = transport.close_handshake.recv if transport.close_handshake else None
    if received is None:
        return 1006
    code: Any = received.code  # a plain number where picows has no name for it
    return int(getattr(code, "value", code))
