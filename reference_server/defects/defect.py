"""A defect as data: how it is called, what it does, what a suite must say about it, and how it gets into the parts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from reference_server.app import Parts
from reference_server.defects.parameters import Chance, Parameter
from reference_server.settings import SettingsError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One way to be wrong.

    Attributes:
        name: what `--defect` calls it.
        summary: what the server does wrong, in one line.
        expected: the anomaly word with which a suite has to fail.
        also: words with which other tests may fail: true consequences of the same fault.
        caught_by: criteria whose tests have to find it.
        spreads_to: further criteria whose tests may fail.
        parameters: what may follow the name.
        put_in: gives parts that have it, from parts and the values of the parameters.
    """

    name: str
    summary: str
    expected: str
    caught_by: tuple[str, ...]
    put_in: Callable[..., Parts]
    also: tuple[str, ...] = ()
    spreads_to: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    @property
    def criteria(self) -> frozenset[str]:
        """Criteria whose tests may be red; every other one has to be green."""
        return frozenset(self.caught_by + self.spreads_to)

    @property
    def usage(self) -> str:
        """Name and parameters as one writes them, with the defaults."""
        return self.name + ":" * bool(self.parameters) + ",".join(p.default for p in self.parameters)


@dataclass(frozen=True, slots=True)
class Active:
    """A defect with its values, and the option that asks for it."""

    option: str
    defect: Defect
    values: tuple[Any, ...]

    def put_in(self, parts: Parts, seed: int) -> Parts:
        """The parts with this defect in them; its chances are its own, whatever is active beside it."""
        own_seed = f"{seed} {self.defect.name}"
        return self.defect.put_in(parts, *(v.seeded(own_seed) if isinstance(v, Chance) else v for v in self.values))


def activate(defect: Defect, option: str, texts: list[str]) -> Active:
    """Read the parameters of a defect; those left out have their default. Raises SettingsError with one plain line."""
    if len(texts) > len(defect.parameters):
        shown = f"it is written {defect.usage}" if defect.parameters else "it takes none"
        raise SettingsError(f"defect {defect.name} has too many parameters: {shown}")
    values = []
    for number, parameter in enumerate(defect.parameters):
        text = texts[number] if number < len(texts) else parameter.default
        try:
            values.append(parameter.read(text))
        except ValueError:
            raise SettingsError(
                f"defect {defect.name}: {parameter.name} is {text!r}, expected {parameter.expected}"
            ) from None
    return Active(option, defect, tuple(values))


def mixed(flaw: type[T], base: type[T], **attributes: object) -> type[T]:
    """`base` with a flaw before it: a subclass of the normal class that calls `super()`, so that flaws add up."""
    return cast(type[T], type(base.__name__, (flaw, base), attributes))
