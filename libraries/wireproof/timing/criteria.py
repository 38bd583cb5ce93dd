"""The catalogue of acceptance criteria, read from a file that a team keeps beside its suites."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from wireproof.quantities import Comparison
from wireproof.timing.errors import TimingError
from wireproof.timing.requirement import Requirement, require_statistic
from wireproof.wiretext import safe

PLACES = ("criteria.yaml", "resources/criteria.yaml")
"""Where a catalogue is looked for, in a folder and all those around it."""

_REQUIRED = ("id", "title", "area", "metric", "statistic", "limit", "unit", "scope", "source")
_OPTIONAL = ("tags", "goal", "at_least")
_BEHAVIOUR = {"metric": "behaviour", "statistic": "all", "limit": "pass", "unit": "tests"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One entry of the catalogue.

    Attributes:
        id: what tests, reports and baselines call it.
        title: what is promised, in plain words.
        area: the folder of suites that proves it.
        requirement: what has to be measured and the limit; None where all tests that carry the id have to pass.
        unit: what its number counts.
        scope: under which conditions it is observed.
        source: where the promise comes from.
        tags: such as `stretch`.
        goal: tighter than the limit, reported and not judged.
    """

    id: str
    title: str
    area: str
    requirement: Requirement | None
    unit: str
    scope: str
    source: str
    tags: tuple[str, ...] = ()
    goal: Comparison | None = None


@dataclass(frozen=True)
class Catalogue:
    """All criteria of a team, in the order of its file."""

    path: Path
    criteria: tuple[Criterion, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Criterion]:
        return {criterion.id: criterion for criterion in self.criteria}

    def find(self, id: str) -> Criterion:
        """The criterion of that id.

        Raises:
            TimingError: there is none; the text names near ones.
        """
        if id in self.by_id:
            return self.by_id[id]
        near = difflib.get_close_matches(id.upper(), self.by_id, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has {len(self.criteria)} others"
        raise TimingError(f"no criterion '{safe(id, 40)}' in {self.path}: {hint}")

    def required(self, id: str) -> Requirement:
        """What the criterion of that id demands of a measurement.

        Raises:
            TimingError: there is none, or it demands that tests pass.
        """
        criterion = self.find(id)
        if criterion.requirement is None:
            raise TimingError(
                f"criterion {id} states behaviour: it is met when all tests with its tag pass, nothing is measured"
            )
        return criterion.requirement


def locate(starts: Iterable[Path]) -> Path:
    """The catalogue that is nearest to one of these folders: in it, or in one around it.

    Raises:
        TimingError: there is none.
    """
    looked = [Path(start).resolve() for start in starts]
    for start in looked:
        for folder in (start, *start.parents):
            for place in PLACES:
                if (folder / place).is_file():
                    return folder / place
    raise TimingError(
        f"no {' or '.join(PLACES)} in {' or '.join(map(str, looked))} or a folder around: write one, or name it with "
        "Library    wireproof.Timing    criteria=path"
    )


def load(path: Path) -> Catalogue:
    """Reads a catalogue.

    Raises:
        TimingError: it cannot be read, or an entry is not as it should be; the text says which and why.
    """
    try:
        import yaml
    except ImportError:
        raise TimingError("criteria are YAML: install PyYAML, pip install robotframework-wireproof[db]") from None
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise TimingError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TimingError(f"{path} is no YAML: {' '.join(safe(error, 300).split())}") from None
    entries = data.get("criteria") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not entries:
        raise TimingError(f"{path} has no list of criteria: it begins with the key criteria")
    criteria: dict[str, Criterion] = {}
    for number, entry in enumerate(entries, 1):
        try:
            criterion = _criterion(entry)
        except ValueError as error:
            raise TimingError(f"{path}: {_name(entry, number)}: {error}") from None
        if criterion.id in criteria:
            raise TimingError(f"{path}: criterion {criterion.id} is there twice")
        criteria[criterion.id] = criterion
    return Catalogue(path, tuple(criteria.values()))


def _name(entry: Any, number: int) -> str:
    id = entry.get("id") if isinstance(entry, dict) else None
    return f"criterion {safe(id, 40)}" if id else f"criterion number {number}"


def _criterion(entry: Any) -> Criterion:
    if not isinstance(entry, dict):
        raise ValueError(f"it has to be keys and values, not {safe(entry, 40)}")
    for key in entry:
        if key not in (*_REQUIRED, *_OPTIONAL):
            near = difflib.get_close_matches(str(key), (*_REQUIRED, *_OPTIONAL), n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join((*_REQUIRED, *_OPTIONAL))}"
            raise ValueError(f"unknown key {safe(key, 40)}: {hint}")
    for key in _REQUIRED:
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ValueError(f"{key} has to be a text" if key in entry else f"{key} is missing")
    goal = _limit(entry["goal"]) if "goal" in entry else None
    tags = entry.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("tags has to be a list of texts")
    plain = {key: entry[key].strip() for key in ("id", "title", "area", "unit", "scope", "source")}
    return Criterion(**plain, requirement=_requirement(entry), tags=tuple(tags), goal=goal)


def _requirement(entry: Mapping[str, Any]) -> Requirement | None:
    shape = {key: entry[key] for key in _BEHAVIOUR}
    if shape == _BEHAVIOUR:
        return None
    if "behaviour" in shape.values() or shape["limit"] == "pass":
        raise ValueError("behaviour has metric behaviour, statistic all, limit pass and unit tests")
    require_statistic(entry["statistic"])
    limit, at_least = _limit(entry["limit"]), entry.get("at_least", 0)
    if type(at_least) is not int or at_least < 0:
        raise ValueError(f"at_least is a number of observations, such as 300, not {safe(at_least, 40)}")
    return Requirement(entry["id"], entry["title"], entry["metric"], entry["statistic"], limit, at_least)


def _limit(text: Any) -> Comparison:
    limit = Comparison.parse(str(text))
    if limit.subject:
        raise ValueError(f"limit {str(text)!r} names {limit.subject!r}: metric and statistic are keys of their own")
    return limit
