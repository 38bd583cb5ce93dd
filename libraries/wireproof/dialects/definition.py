"""Dialects made from JSON paths, without Python: what `Define Dialect` makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from wireproof.dialects.base import (
    Dialect,
    Draft,
    Frame,
    Message,
    Outgoing,
    fresh_id,
    read_json,
    scalar_fields,
    write_json,
)
from wireproof.dialects.plain_json import Echo, PlainJson
from wireproof.matching import JsonPath, json_path
from wireproof.matching.templates import Template, compiled
from wireproof.wiretext import safe

_BASES: Mapping[str, type[Dialect]] = {base.name: base for base in (PlainJson, Echo)}


@dataclass(frozen=True, kw_only=True)
class Definition:
    """Where a protocol of JSON messages keeps what a test asks for.

    Attributes:
        name: how the dialect is called.
        base: `json`, or `echo` where a reply is the sent message itself.
        kind, id, reply_to, flow, seq: JSON paths such as `$.header.type`; empty where the protocol has none, but for
            the kind, the id and what is replied to, which are then at `$.type`, `$.id` and `$.replyTo`. Drafts are sent
            with kind and id at these places.
        ack: JSON to send for each message that carries an id and is no control message; each text in it that starts
            with `$` is a JSON path into that message and gives way to what stands there, null if nothing does.
        control: a JSON template, or a list of them; messages that match one belong to the protocol, and matchers do not
            see them.

    Raises:
        ValueError: a part is not what it has to be, in one line that names it.
    """

    name: str
    base: str = "json"
    kind: str = ""
    id: str = ""
    reply_to: str = ""
    flow: str = ""
    seq: str = ""
    ack: Any = None
    control: Any = None
    paths: Mapping[str, JsonPath] = field(init=False, repr=False, compare=False)
    templates: tuple[Template, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.name or "." in self.name:
            raise ValueError(f"a dialect's name is a word without a point, not '{safe(self.name)}'")
        if self.base not in _BASES:
            known = " or ".join(_BASES)
            raise ValueError(f"base is {known}, not '{safe(self.base)}'; extend other dialects by a class in Python")
        places = {
            "kind": self.kind or "$.type",
            "id": self.id or "$.id",
            "reply_to": self.reply_to or "$.replyTo",
            "flow": self.flow,
            "seq": self.seq,
        }
        object.__setattr__(self, "paths", {part: _path(part, place) for part, place in places.items() if place})
        object.__setattr__(self, "templates", _templates(self.control))
        _filled("ack", self.ack, {})

    def dialect(self) -> type[Dialect]:
        """The class of such a dialect, ready to be made for each connection."""
        return type(self.name, (_Defined, _BASES[self.base]), {"name": self.name, "definition": self})


class _Defined(Dialect):
    """Reads and writes what its definition says; the base that stands behind it knows what a reply is."""

    definition: ClassVar[Definition]

    def feed(self, frame: Frame) -> list[Message]:
        value, problem = read_json(frame)
        if problem:
            return [self.message(frame, problem=problem)]
        found = {part: _first(path, value) for part, path in self.definition.paths.items()}
        seq = found.pop("seq", None)
        return [
            self.message(
                frame,
                json=value,
                seq=seq if type(seq) is int else None,
                fields=scalar_fields(value) if isinstance(value, dict) else {},
                body=value,
                control=any(template.matches(value) for template in self.definition.templates),
                **{part: _text(item) for part, item in found.items()},
            )
        ]

    def answers(self, message: Message) -> Sequence[Outgoing]:
        """The acknowledgement, if one is defined."""
        if self.definition.ack is None or message.control or not message.id:
            return ()
        ack = _filled("ack", self.definition.ack, message.json)
        return (Outgoing(write_json(ack), kind="ack", about=message.id),)

    def encode(self, draft: Draft) -> Outgoing:
        """The body with the fields and `to` added at its top, kind and id where the definition has them.

        Raises:
            ValueError: kind or id are to be put where a path does not lead by names alone, or into a body that is no
                object.
        """
        added = {**draft.fields, **({"to": draft.to} if draft.to else {})}
        if draft.body is not None and not isinstance(draft.body, dict):
            if added or draft.kind:
                raise ValueError(f"kind, to and fields need a JSON object as body, not {type(draft.body).__name__}")
            return Outgoing(write_json(draft.body), id=draft.id, body=draft.body)
        paths = self.definition.paths
        body = {**(draft.body or {}), **added}
        if draft.kind:
            body = _put(paths["kind"], body, draft.kind)
        if draft.id:
            body = _put(paths["id"], body, draft.id)
        elif paths["id"].names and not paths["id"].values(body):
            body = _put(paths["id"], body, fresh_id())
        return Outgoing(
            write_json(body),
            id=_text(_first(paths["id"], body)),
            kind=_text(_first(paths["kind"], body)),
            to=draft.to,
            body=body,
        )


def _path(part: str, expression: str) -> JsonPath:
    try:
        return json_path(expression)
    except ValueError as error:
        raise ValueError(f"{part}: {error}") from None


def _templates(control: Any) -> tuple[Template, ...]:
    if control is None:
        return ()
    try:
        return tuple(compiled(one) for one in (control if isinstance(control, list | tuple) else [control]))
    except ValueError as error:
        raise ValueError(f"control: {error}") from None


def _filled(part: str, template: Any, value: Any) -> Any:
    match template:
        case Mapping():
            return {key: _filled(part, item, value) for key, item in template.items()}
        case list() | tuple():
            return [_filled(part, item, value) for item in template]
        case str() if template.startswith("$"):
            return _first(_path(part, template), value)
    return template


def _put(path: JsonPath, body: dict[str, Any], item: str) -> dict[str, Any]:
    """A copy of the body with the item at the path; objects on the way are made where they are missing."""
    if not path.names:
        raise ValueError(f"nothing can be put at '{safe(path.expression)}'; give a path of names such as $.header.id")
    return _with(body, path.names, item)


def _with(body: dict[str, Any], names: Sequence[str], item: str) -> dict[str, Any]:
    name, *rest = names
    if not rest:
        return {**body, name: item}
    inner = body.get(name, {})
    if not isinstance(inner, dict):
        raise ValueError(f"'{safe(name)}' in the body is no object, so that nothing can be put into it")
    return {**body, name: _with(inner, rest, item)}


def _first(path: JsonPath, value: Any) -> Any:
    return next(iter(path.values(value)), None)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
