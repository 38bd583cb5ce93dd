"""The criteria as JUnit: one case for each, for dashboards that know nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from wireproof.report.acceptance.outcomes import NOT_RUN, Acceptance, Outcome
from wireproof.report.acceptance.record import Judged
from wireproof.wiretext import safe

_LONGEST = 600


@dataclass(frozen=True, slots=True)
class _Case:
    """A criterion or a threshold; `is_counted` if what is no PASS fails the build."""

    group: str
    name: str
    word: str
    why: str
    judged: Judged | None
    limit: str
    is_counted: bool = True


def junit(acceptance: Acceptance) -> str:
    """The document.

    What was found without failing a test, such as a small sample that a short run reports as a warning, is skipped
    with its line; only a FAIL always fails.
    """
    suites = {
        "criteria": [_of_outcome(outcome) for outcome in acceptance.outcomes],
        "thresholds": [_of_threshold(judged) for judged in acceptance.thresholds],
    }
    root = ElementTree.Element("testsuites", name="wireproof")
    for name, cases in suites.items():
        if cases:
            root.append(_suite(name, cases))
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.attrib[total]) for suite in root)))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _of_outcome(outcome: Outcome) -> _Case:
    criterion = outcome.criterion
    failed = any(trial.status == "FAIL" for trial in outcome.trials)
    name = f"{criterion.id} {criterion.title}"
    return _Case(criterion.area, name, outcome.word, outcome.why, outcome.judged, outcome.limit, failed)


def _of_threshold(judged: Judged) -> _Case:
    limit = f"{judged.statistic} {judged.limit}"
    return _Case(judged.of or "load", f"{judged.name} {limit}", judged.word, judged.line, judged, limit)


def _suite(name: str, cases: list[_Case]) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=name, tests=str(len(cases)), errors="0", time="0")
    suite.extend(map(_element, cases))
    for count, tag in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(count, str(len(suite.findall(f"testcase/{tag}"))))
    return suite


def _element(case: _Case) -> ElementTree.Element:
    element = ElementTree.Element("testcase", classname=safe(case.group), name=safe(case.name), time="0")
    properties = ElementTree.SubElement(element, "properties")
    for name, value in _properties(case):
        ElementTree.SubElement(properties, "property", name=name, value=safe(value, _LONGEST))
    why = safe(case.why, _LONGEST)
    if case.word == NOT_RUN or (not case.is_counted and case.word in ("INCONCLUSIVE", "INVALID")):
        ElementTree.SubElement(element, "skipped", message=why)
    elif case.word != "PASS":
        ElementTree.SubElement(element, "failure", type=case.word, message=why).text = why
    return element


def _properties(case: _Case) -> Iterator[tuple[str, str]]:
    yield "verdict", case.word
    yield "limit", case.limit
    if case.judged is not None:
        yield from _numbers(case.judged)


def _numbers(judged: Judged) -> Iterable[tuple[str, str]]:
    numbers = {
        "actual": judged.shown,
        "low": judged.text(judged.low),
        "high": judged.text(judged.high),
        "n": "" if judged.n is None else str(judged.n),
        "baseline": judged.text(judged.baseline),
        "of": judged.of,
    }
    return ((name, value) for name, value in numbers.items() if value)
