"""The one listener: tells the ground floor which suite and test is running, and opens the journal.

Robot registers a library's listener for the suite that imports the library, after that suite has started, and once
for each library that brings it. So every event is compared with what is already known: a repeated one changes nothing,
and a suite is entered with the first keyword or test that runs in it.
"""

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from robot.api import TestSuite, logger
from robot.libraries.BuiltIn import BuiltIn
from robot.output import LOGGER  # type: ignore[import-untyped]

import wireproof
from wireproof import journal, scopes
from wireproof.report.acceptance import PAGE, Machine, Run, RunReport, follow, headline
from wireproof.report.evidence import Evidence
from wireproof.report.failures import TRY, shows_failure
from wireproof.report.timeline import Failure
from wireproof.timing.errors import TimingError
from wireproof.wiretext import safe

MOST_TIMELINES = 5
"""In one test, or in the set-up or tear-down of one suite: a test that goes on after failures may have thousands."""

_LINK = "Acceptance"
"""What the first lines of the log call the page."""

_QUIET = {"NoneConsole", "QuietConsole", "NoOutput", "QuietOutput"}
"""Robot's console loggers that print no results, by version."""


class Listener:
    """Follows a run by Robot's listener API, version 3."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        self._report: RunReport | None = None
        self._running: list[tuple[str, scopes.Scope]] = []
        self._evidence: Evidence | None = None
        self._user: scopes.Scope | None = None
        self._shown: list[Any] = []
        self._failed: dict[str, list[scopes.FailedCheck]] = {}

    def start_keyword(self, data: Any, result: Any) -> None:
        """A keyword outside a test belongs to a suite's set-up or tear-down."""
        if not self._in_test and isinstance(data.parent, TestSuite):
            self._enter_suite(data.parent)

    def start_test(self, data: Any, result: Any) -> None:
        if self._is_running(data.id):
            return
        self._enter_suite(data.parent)
        self._provide_teardowns(data.parent)
        self._enter("test", data.id, data.full_name)
        if self._report is not None:
            self._report.start_test()

    def end_keyword(self, data: Any, result: Any) -> None:
        """A suite ends with its tear-down: what output.xml says of the suite's tests hangs on that from now on."""
        if data.type != "TEARDOWN" or not isinstance(data.parent, TestSuite):
            return
        if checks := self._leave(data.parent.id):
            self._failed[data.parent.id] = checks
            _fail(result, checks)

    def end_library_keyword(self, data: Any, implementation: Any, result: Any) -> None:
        """A failure is shown in every test that has used one of our keywords, whichever keyword failed."""
        if implementation.owner.real_name.startswith("wireproof.") and self._user is not scopes.current():
            self._user = scopes.current()
            self._shown = []
        self._show_failure(result)
        self.end_keyword(data, result)

    def end_try(self, data: Any, result: Any) -> None:
        self._show_failure(result)

    def end_test(self, data: Any, result: Any) -> None:
        if not self._is_running(data.id):
            return
        _fail(result, self._leave(data.id))
        if self._report is not None:
            self._report.end_test(result)

    def end_suite(self, data: Any, result: Any) -> None:
        """Tells Robot, which does not look at what a listener made of a tear-down, that checks have failed in it."""
        for check in self._failed.pop(data.id, []) + self._leave(data.id):
            result.suite_teardown_failed(check)
        if data.parent is None and _LINK not in result.metadata:
            self._link_acceptance(result)

    def close(self) -> None:
        """The run ends: everything that is still open goes, then the journal, then its last pages are written."""
        for check in _warn(scopes.leave(scopes.run())):
            logger.error(check)
        self._running.clear()
        journal.current().close()
        self._write_acceptance()

    def _show_failure(self, result: Any) -> None:
        scope = scopes.current()
        if self._evidence is None or self._user is not scope or not shows_failure(result):
            return
        if len(self._shown) < MOST_TIMELINES and not any(result is shown for shown in self._shown):
            self._shown.append(result)
            logger.info(self._evidence.show(_failure(result, scope)), html=True)

    @property
    def _in_test(self) -> bool:
        return bool(self._running) and self._running[-1][1].kind == "test"

    def _is_running(self, identity: str) -> bool:
        return any(known == identity for known, _ in self._running)

    def _enter_suite(self, suite: Any) -> None:
        if self._is_running(suite.id):
            return
        if suite.parent is not None:
            self._enter_suite(suite.parent)
        # A suite that does not import the library itself, only its child suites do, ends without a call of `end_suite`.
        while self._running and (suite.parent is None or self._running[-1][0] != suite.parent.id):
            for check in self._leave(self._running[-1][0]):
                logger.error(check)
        self._enter("suite", suite.id, suite.full_name)

    def _enter(self, kind: scopes.Kind, identity: str, name: str) -> None:
        self._open_journal()
        self._running.append((identity, scopes.enter(kind, name)))

    def _provide_teardowns(self, suite: Any) -> None:
        """A check at the end of a suite needs a tear-down that it can fail."""
        while suite is not None:
            scope = next((scope for known, scope in self._running if known == suite.id), None)
            if scope is not None and scope.has_checks and not suite.has_teardown:
                suite.teardown.config(name="BuiltIn.No Operation")
            suite = suite.parent

    def _open_journal(self) -> None:
        built_in = BuiltIn()
        if journal.current().is_open or built_in.dry_run_active:
            return
        output = Path(built_in.get_variable_value("${OUTPUT DIR}"))
        journal.current().open(output / "wireproof" / "journal.jsonl")
        self._evidence = Evidence(output)
        self._report = follow(RunReport(output / "wireproof", _folders(built_in), _run(built_in)))

    def _link_acceptance(self, result: Any) -> None:
        """The log and the report name the page in their first lines."""
        with contextlib.suppress(TimingError):  # told when it is to be written
            if self._report is not None and (acceptance := self._report.acceptance()):
                result.metadata[_LINK] = f"[wireproof/{PAGE}|{headline(acceptance)}]"

    def _write_acceptance(self) -> None:
        report, self._report = self._report, None
        try:
            told = report.write() if report is not None else ""
        except (TimingError, OSError) as error:
            logger.error(f"the acceptance report was not written: {safe(error, 500)}")
            return
        if told and not console_is_quiet():
            logger.console(f"\n{told}")

    def _leave(self, identity: str) -> list[scopes.FailedCheck]:
        """Ends what runs with this identity; returns the checks that failed."""
        checks: list[scopes.FailedCheck] = []
        if not self._is_running(identity):
            return checks
        known = ""
        while known != identity:
            known, scope = self._running.pop()
            checks += _warn(scopes.leave(scope))
        return checks


def _fail(result: Any, checks: list[scopes.FailedCheck]) -> None:
    for check in checks:
        result.message = f"{result.message}\n\nAlso: {check}" if result.failed else check
        result.status = "FAIL"


def _failure(result: Any, scope: scopes.Scope) -> Failure:
    now_ns = journal.now_ns()
    is_keyword = result.type != TRY
    return Failure(
        keyword=result.name if is_keyword else "TRY",
        message=result.message,
        arguments=result.args if is_keyword else (),
        where=str(scope),
        zero_ns=scope.started_ns,
        began_ns=now_ns - round(result.elapsed_time.total_seconds() * 1e9),
        at_ns=now_ns,
        at=datetime.now(),
    )


def console_is_quiet() -> bool:
    """Whether Robot was told to keep its console quiet.

    It filters nothing that libraries write there themselves, and does not tell what its option was.
    """
    consoles = [value for name, value in vars(LOGGER).items() if "console" in name]
    kinds = {type(getattr(one, part, one)).__name__ for one in consoles for part in ("listener", "logger")}
    return not kinds.isdisjoint(_QUIET)


def _folders(built_in: BuiltIn) -> list[Path]:
    """Where criteria may be: near the running suite, or where Robot was started."""
    source = built_in.get_variable_value("${SUITE SOURCE}")
    return [*([Path(source).parent] if source else []), Path.cwd()]


def _run(built_in: BuiltIn) -> Run:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    stack = safe(built_in.get_variable_value("${STACK}", ""), 100)
    return Run(Machine.here(), started, stack, wireproof.__version__)


def _warn(problems: list[str]) -> list[scopes.FailedCheck]:
    """Warns of what could not be cleaned up; returns the checks that failed."""
    for problem in problems:
        if not isinstance(problem, scopes.FailedCheck):
            logger.warn(problem)
    return [problem for problem in problems if isinstance(problem, scopes.FailedCheck)]
