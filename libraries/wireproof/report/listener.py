"""The one listener: tells the ground floor which suite and test is running, and opens the journal.

Robot registers a library's listener for the suite that imports the library, after that suite has started, and once
for each library that brings it. So every event is compared with what is already known: a repeated one changes nothing,
and a suite is entered with the first keyword or test that runs in it.
"""

from pathlib import Path
from typing import Any

from robot.api import TestSuite, logger
from robot.libraries.BuiltIn import BuiltIn

from wireproof import journal, scopes


class Listener:
    """Follows a run by Robot's listener API, version 3."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        self._running: list[tuple[str, scopes.Scope]] = []

    def start_keyword(self, data: Any, result: Any) -> None:
        """A keyword outside a test belongs to a suite's set-up or tear-down."""
        if not self._in_test and isinstance(data.parent, TestSuite):
            self._enter_suite(data.parent)

    def start_test(self, data: Any, result: Any) -> None:
        if self._is_running(data.id):
            return
        self._enter_suite(data.parent)
        self._enter("test", data.id, data.full_name)

    def end_test(self, data: Any, result: Any) -> None:
        self._leave(data.id)

    def end_suite(self, data: Any, result: Any) -> None:
        self._leave(data.id)

    def close(self) -> None:
        """The run ends: everything that is still open goes, then the journal."""
        _warn(scopes.leave(scopes.run()))
        self._running.clear()
        journal.current().close()

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
            self._leave(self._running[-1][0])
        self._enter("suite", suite.id, suite.full_name)

    def _enter(self, kind: scopes.Kind, identity: str, name: str) -> None:
        _open_journal()
        self._running.append((identity, scopes.enter(kind, name)))

    def _leave(self, identity: str) -> None:
        if not self._is_running(identity):
            return
        known = ""
        while known != identity:
            known, scope = self._running.pop()
            _warn(scopes.leave(scope))


def _open_journal() -> None:
    built_in = BuiltIn()
    if journal.current().is_open or built_in.dry_run_active:
        return
    output = built_in.get_variable_value("${OUTPUT DIR}")
    journal.current().open(Path(output) / "wireproof" / "journal.jsonl")


def _warn(problems: list[str]) -> None:
    for problem in problems:
        logger.warn(problem)
