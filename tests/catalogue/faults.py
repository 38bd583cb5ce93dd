"""Every fault as data: its suites are the one place where it is described."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from robot.api import TestSuite
from robot.libdocpkg import LibraryDocumentation

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "tests" / "atest" / "suites" / "faults"
FAMILIES = ("bytes", "connecting", "frames", "messages", "database", "cache", "services")
"""The suites' files, in the order of the page."""

TAG = "fault:"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, from the test that shows it.

    Attributes:
        id: the word behind the tag `fault:`.
        name: what goes wrong.
        call: the keyword call that makes it.
        seen: what a client sees of it.
    """

    id: str
    name: str
    call: tuple[str, ...]
    seen: str


@dataclass(frozen=True, slots=True)
class Family:
    """Faults of one kind, from one suite."""

    name: str
    about: str
    suite: Path
    faults: tuple[Fault, ...]


def families() -> list[Family]:
    """The whole catalogue.

    Raises:
        ValueError: a test has no id, no words, or makes no fault.
    """
    return [_family(SUITES / f"{name}.robot") for name in FAMILIES]


@cache
def makers() -> frozenset[str]:
    """The keywords that make a fault: they return it, or break a service."""
    links_and_data = (each for each in _keywords("Faults") if str(each.args.return_type) == "Fault")
    services = (each for each in _keywords("Stack") if "faults" in each.tags)
    return frozenset(each.name for each in (*links_and_data, *services))


def fault_call(test: Any) -> Any:
    """The first keyword call of a test that makes a fault; None if there is none."""
    return next((step for step in test.body if getattr(step, "name", None) in makers()), None)


def _family(path: Path) -> Family:
    suite = TestSuite.from_file_system(path)
    return Family(suite.name, _one_line(suite.doc), path.relative_to(ROOT), tuple(map(_fault, suite.tests)))


def _fault(test: Any) -> Fault:
    ids = [tag.removeprefix(TAG) for tag in test.tags if tag.startswith(TAG)]
    call = fault_call(test)
    if len(ids) != 1 or call is None or not test.doc:
        raise ValueError(f"'{test.name}' needs one tag {TAG}…, a documentation, and a keyword that makes a fault")
    return Fault(ids[0], test.name, (call.name, *map(str, call.args)), _one_line(test.doc))


def _keywords(library: str) -> Iterator[Any]:
    yield from LibraryDocumentation(f"wireproof.{library}").keywords


def _one_line(text: str) -> str:
    return " ".join(text.split())
