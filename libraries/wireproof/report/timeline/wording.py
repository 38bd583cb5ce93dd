"""Events in words: each becomes a symbol, a few words and an excerpt, all made safe here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wireproof.journal import Event
from wireproof.wiretext import safe

Look = Literal["up", "down", "quiet", "link", "bad", "store", "service", "fault", "mark", "note", "failure"]
"""How an event is painted; the names are the classes of the style sheet."""

Data = Mapping[str, Any]

_LENGTH = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in words, safe to show but not escaped."""

    look: Look
    symbol: str
    words: str
    excerpt: str = ""


def put(event: Event) -> Entry:
    """The event in words; a kind that is not known is named, with all it says."""
    return _KINDS.get(event.kind, _unknown)(event)


def _text(data: Data, key: str) -> str:
    value = data.get(key)
    return "" if value is None else safe(value, _LENGTH)


def _list(value: object) -> str:
    return ", ".join(safe(one, 60) for one in value) if isinstance(value, list | tuple) else safe(value, _LENGTH)


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _labelled(label: str, text: str) -> str:
    return f"{label} {text}" if text else ""


def _quoted(text: str) -> str:
    return f"'{text}'" if text else ""


def _rest(data: Data, *told: str) -> str:
    """What else an event says."""
    pairs = (
        (safe(key, 40), value) for key, value in data.items() if key not in told and value not in (None, "", [], {})
    )
    return " ".join(f"{key}={_list(value)}" for key, value in pairs)[:_LENGTH]


def _scope(event: Event) -> Entry:
    starts = event.data.get("phase") != "end"
    words = _join(safe(event.source), _quoted(_text(event.data, "name")), "starts" if starts else "ends")
    return Entry("mark", "▸" if starts else "◂", words)


def _mark(event: Event) -> Entry:
    return Entry("mark", "⚑\ufe0e", f"mark '{safe(event.source)}'")


def _connect(event: Event) -> Entry:
    return Entry("link", "○", _labelled("connects to", _text(event.data, "url")))


def _connected(event: Event) -> Entry:
    began = event.data.get("started_ns")
    took = f"in {(event.at_ns - began) / 1e6:.1f} ms" if isinstance(began, int) else ""
    number = _labelled("as connection", _text(event.data, "connection"))
    subprotocol = _labelled("with subprotocol", _text(event.data, "subprotocol"))
    return Entry("link", "●", _join("connected", took, number, subprotocol))


def _login(event: Event) -> Entry:
    data = event.data
    read = _labelled("has read up to seq", _text(data, "last_seq"))
    recovered = _labelled("recovered:", _text(data, "recovered"))
    return Entry("link", "●", _join("logged in", _labelled("as", _text(data, "identity")), read, recovered))


def _ledger(event: Event) -> Entry:
    data, phase = event.data, _text(event.data, "phase")
    words = {"quiet": "all has arrived", "overdue": "gave up waiting", "start": "the ledger starts", "end": "it ends"}
    return Entry("note", "◎", _join(words.get(phase, phase), _text(data, "guarantee")))


def _refused(event: Event) -> Entry:
    data = event.data
    reason = _labelled(f"at stage {_text(data, 'stage')}:", _text(data, "reason"))
    codes = [_labelled("status", _text(data, "status")), _labelled("code", _text(data, "code"))]
    return Entry("bad", "✕", _join("refused", reason, *codes))


def _close(event: Event) -> Entry:
    data = event.data
    by = _text(data, "by")
    words = _join("closed", _labelled("by", by), _text(data, "code"), _quoted(_text(data, "reason")))
    return Entry("link" if by == "client" else "bad", "✕", words)


def _reconnect(event: Event) -> Entry:
    return Entry("link", "↻", _labelled("reconnects, attempt", _text(event.data, "attempt")) or "reconnects")


def _sent(event: Event) -> Entry:
    return _frame(event, "up", "↑")


def _received(event: Event) -> Entry:
    return _frame(event, "down", "↓")


def _frame(event: Event, look: Look, symbol: str) -> Entry:
    data = event.data
    excerpt = _text(data, "excerpt")
    index, length, outcome = data.get("index"), data.get("length"), _text(data, "outcome")
    words = _join(
        f"#{index}" if isinstance(index, int) else "",
        _text(data, "message_kind") or ("raw bytes" if data.get("raw") else "message"),
        _text(data, "id"),
        _labelled("to", _list(data["to"]) if data.get("to") else ""),
        _labelled("seq", _text(data, "seq")),
        _labelled("answers", _text(data, "reply_to")),
        _labelled("about", _text(data, "about")),
        outcome,
        "again" if data.get("retry") else "",
        f"({length} bytes)" if isinstance(length, int) and not excerpt else "",
    )
    if outcome in ("refused", "unknown"):
        look = "bad"
    elif data.get("control"):
        look = "quiet"
    return Entry(look, symbol, words, excerpt)


def _expect(event: Event) -> Entry:
    data = event.data
    return Entry("note", "◎", _join("expects", _text(data, "id"), _labelled("at", _list(data.get("audience") or ""))))


def _row(event: Event) -> Entry:
    data = event.data
    present = data.get("present")
    presence = "is not there" if present is False else "is there" if present else ""
    words = _join("row", _text(data, "table"), _text(data, "id"), presence)
    return Entry("store", "▤", _join(words, _rest(data, "table", "id", "present", "excerpt", "length", "sha256")))


def _rows(event: Event) -> Entry:
    return Entry("store", "▤", _join("rows", _rest(event.data)))


def _told(event: Event) -> Entry:
    """A message of the database's or the cache's own channels."""
    data = event.data
    words = _join(safe(event.kind), _text(data, "channel"))
    excerpt = _text(data, "excerpt") or _text(data, "payload")
    rest = _rest(data, "channel", "excerpt", "payload", "length", "sha256")
    return Entry("store", "◆", _join(words, rest), excerpt)


def _service(event: Event) -> Entry:
    data = event.data
    return Entry("service", "■", _join(_text(data, "action"), _rest(data, "action")))


def _fault(event: Event) -> Entry:
    data = event.data
    name = _text(data, "name") or safe(event.kind)
    return Entry(
        "fault", "▲", _join("fault", _quoted(name), _text(data, "phase"), _rest(data, "name", "phase", "number"))
    )


def _wire(event: Event) -> Entry:
    data = event.data
    return Entry("quiet", "⇢", _join("passed", _text(data, "direction"), _text(data, "id")))


def _unsent(event: Event) -> Entry:
    data = event.data
    return Entry("bad", "↑", _join("not sent:", _text(data, "id"), _text(data, "reason")))


def _traffic(event: Event) -> Entry:
    data = event.data
    begins = data.get("phase") == "on"
    rate = f"at {data['rate']:g}/s" if isinstance(data.get("rate"), int | float) else ""
    rest = _rest(data, "phase", "rate", "senders")
    words = _join("steady traffic", _quoted(safe(event.source)), "begins" if begins else "ends", rate, rest)
    return Entry("note", "↑", words)


def _measurement(event: Event) -> Entry:
    data = event.data
    if data.get("what") == "recovery":
        return _recovery(event)
    value, unit = data.get("value"), _text(data, "unit")
    told = f"{value:g} ({unit})" if isinstance(value, int | float) else ""
    what = _join(_quoted(safe(event.source)), _text(data, "metric"), _text(data, "statistic"))
    return Entry("note", "◎", _join("measured", what, told, _labelled("of", _text(data, "n"))))


def _recovery(event: Event) -> Entry:
    """Times are told in milliseconds, in the order in which they come about."""
    data = event.data
    times = (
        _labelled(words, f"{data[key]:.0f} ms")
        for key, words in _MEASURED.items()
        if isinstance(data.get(key), int | float)
    )
    fault = _quoted(_join(safe(event.source), _text(data, "name")))
    told = _join("recovery", _labelled("from", fault), ", ".join(times))
    return Entry("note", "◎", _join(told, _rest(data, "what", "name", *_MEASURED)))


def _probe(event: Event) -> Entry:
    data = event.data
    if "totals" in data:
        return Entry("note", "◎", _join("probes", _rest(data.get("totals") or {})))
    if data.get("ok"):
        return Entry("service", "■", "answers again")
    return Entry("bad", "■", _labelled("does not answer:", _text(data, "problem")))


def _verdict(event: Event) -> Entry:
    """A ledger's, or on a criterion: its line says all."""
    return Entry("note", "◎", _join("verdict", _text(event.data, "line")))


def _criteria(event: Event) -> Entry:
    return Entry("note", "◎", _labelled("criteria of", safe(event.source)))


def _leaks(event: Event) -> Entry:
    return Entry("note", "◎", _join("leaks", _rest(event.data)))


def _unknown(event: Event) -> Entry:
    return Entry(
        "note", "•", _join(safe(event.kind), _rest(event.data, "excerpt", "sha256")), _text(event.data, "excerpt")
    )


_MEASURED = {
    "detect_ms": "detected after",
    "first_success_ms": "first success after",
    "rate_ms": "rate after",
    "drained_ms": "drained after",
    "limit_ms": "allowed",
}

_KINDS: dict[str, Callable[[Event], Entry]] = {
    "scope": _scope,
    "mark": _mark,
    "connect": _connect,
    "connected": _connected,
    "login": _login,
    "ledger": _ledger,
    "refused": _refused,
    "close": _close,
    "reconnect": _reconnect,
    "sent": _sent,
    "received": _received,
    "unsent": _unsent,
    "wire": _wire,
    "traffic": _traffic,
    "expect": _expect,
    "row": _row,
    "rows": _rows,
    "notification": _told,
    "channel": _told,
    "stream": _told,
    "service": _service,
    "fault": _fault,
    "probe": _probe,
    "verdict": _verdict,
    "measurement": _measurement,
    "leaks": _leaks,
    "criteria": _criteria,
}
