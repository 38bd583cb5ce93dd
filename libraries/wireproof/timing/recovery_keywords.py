"""Keywords that measure how long recovery from a fault takes."""

import time
from datetime import timedelta
from functools import partial
from typing import Literal

from robot.api import logger
from robot.api.deco import keyword

from wireproof import disturbances, scopes
from wireproof.failures import fail
from wireproof.history import SLICE_S
from wireproof.journal import current as journal
from wireproof.journal import now_ns
from wireproof.quantities import require_wait
from wireproof.timing import table, telling
from wireproof.timing.errors import TimingError
from wireproof.timing.fault import Fault, choose
from wireproof.timing.figures import Recovery, Until
from wireproof.timing.recorder import Recorder
from wireproof.wiretext import safe

Phase = Literal["begins", "ends"]

OUTAGE = "outage"

SHARE = 0.9
"""Of the former rate, when the author says nothing else."""


class RecoveryKeywords:
    """Faults, and what the system needed to recover from them."""

    def __init__(self) -> None:
        self._recorder = Recorder()
        journal().subscribe(self._recorder.take, recent=True)
        self._outages: dict[str, int] = {}

    @keyword(tags=["Recovery", "Assertion"])
    def recovery_should_take_at_most(
        self,
        limit: timedelta,
        *,
        until: Until = "first success",
        fault: str = "",
        share: float = SHARE,
        msg: str = "",
    ) -> Recovery:
        """Waits until the system has recovered from a fault, and fails when that takes longer than allowed.

        It needs messages before and after the fault: of `Start Tracked Traffic`, or of a load that has ended.

        Args:
            limit: how long it may take from the moment the healing was ordered. A fault that is on is waited for: one
                with a duration until that is over, any other as long as the limit.
            until: what has to be reached: the `first success`, the former `rate`, or `drained`.
            fault: which one: by its place (`postgres`), what it was (`killed`), or both (`postgres killed`); the last
                one of the running test when not given.
            share: the share of the former rate that has to be reached.
            msg: words to put before a failure's text.

        Returns:
            What was measured so far, as `Get Recovery` does.

        ```robotframework
        Open Client    alice    ${ECHO_URL}    dialect=echo    reconnect=10ms..100ms
        Start Tracked Traffic    alice    audience=alice    echo=yes    rate=200/s
        Wait For Messages    alice    20
        Record Outage    rollout    begins
        Record Outage    rollout    ends
        Recovery Should Take At Most    5 s    until=drained
        ```
        """
        require_wait(limit.total_seconds())
        if not 0 < share <= 1:
            raise TimingError(f"a share of the former rate is more than 0 and at most 1, not {share:g}")
        found = self._choose(fault)
        recovery = self._wait(found, until, limit.total_seconds(), share)
        limit_ms = limit.total_seconds() * 1000
        self._note(recovery, until=until, limit_ms=limit_ms)
        problem = telling.unmeasurable(recovery, until, self._recorder.running_loads) or telling.shortfall(
            recovery, until, limit_ms
        )
        if problem:
            raise fail(problem, msg)
        logger.info(telling.summary(recovery))
        return recovery

    @keyword(tags=["Recovery"])
    def get_recovery(self, fault: str = "", *, share: float = SHARE) -> Recovery:
        """Returns how the system has recovered from a fault by now, and judges nothing.

        Args:
            fault: which one, as for `Recovery Should Take At Most`.
            share: the share of the former rate that counts as recovered.

        Returns:
            An object with `detect_ms`, `first_success_ms`, `rate_ms`, `drained_ms` (None where something did not
            happen), `errors` (how many clients had) and `kinds` (how many of each kind: `lost connections`,
            `refused connections`, `refused`, `unknown`, `unsent`), `outstanding` (acked and not delivered) and
            `is_healed`.

        ```robotframework
        Record Outage    rollout    begins
        Record Outage    rollout    ends
        ${recovery}    Get Recovery    rollout
        Should Be Equal As Integers    ${recovery.errors}    0
        ```
        """
        return self._measure(self._choose(fault), share)

    @keyword(tags=["Recovery"])
    def record_outage(self, name: str, phase: Phase) -> None:
        """Tells of a fault that somebody else makes, such as a roll-out: recovery from it can then be measured.

        An outage that is not ended ends with the test or suite in which it began.

        Args:
            name: what it is called; `fault=` takes this name.
            phase: `begins` or `ends`.

        ```robotframework
        Record Outage    rollout    begins
        Record Outage    rollout    ends
        ```
        """
        if not name.strip():
            raise TimingError("an outage needs a name")
        if phase == "ends":
            if name not in self._outages:
                known = ", ".join(f"'{safe(one, 60)}'" for one in self._outages) or "none"
                raise TimingError(f"no outage '{safe(name, 60)}' has begun; under way: {known}")
            self._end_outage(name, self._outages[name])
        elif name in self._outages:
            raise TimingError(f"the outage '{safe(name, 60)}' has begun already: end it first")
        else:
            number = self._outages[name] = disturbances.number()
            journal().record("fault", name, phase="on", name=OUTAGE, number=number)
            scopes.current().defer(partial(self._end_outage, name, number))

    @keyword(tags=["Recovery"])
    def log_recovery_table(self) -> None:
        """Writes into the log what every fault of the running suite, and of the suites in it, has cost.

        It belongs into a suite's tear-down, after the checks for what was left behind. A test's ledgers tell what was
        lost and duplicated, `Nothing Should Be Left Behind` what leaked: in the test, else in a suite around it.

        ```robotframework
        Record Outage    rollout    begins
        Record Outage    rollout    ends
        Log Recovery Table
        ```
        """
        suite = scopes.enclosing("suite") or scopes.run()
        faults = [fault for fault in self._faults() if fault.on_ns >= suite.started_ns]
        if not faults:
            logger.info(f"there was no fault in {suite}")
            return
        verdicts, leaks = self._recorder.verdicts, self._recorder.leaks
        rows = [table.row(self._measure(fault, SHARE), verdicts, leaks) for fault in faults]
        logger.info(table.html(suite.name, rows), html=True)

    def _end_outage(self, name: str, number: int) -> None:
        if self._outages.get(name) == number:
            del self._outages[name]
            # What it touched is left out: it may well have been made to disturb nobody.
            journal().record("fault", name, phase="off", name=OUTAGE, number=number)

    # -- measuring ---------------------------------------------------------------------------------------------------

    def _faults(self) -> list[Fault]:
        journal().flush()
        return self._recorder.faults

    def _choose(self, wanted: str) -> Fault:
        found = choose(self._faults(), wanted, scopes.current().started_ns)
        if self._recorder.damaged:
            logger.warn(f"recovery is measured without {self._recorder.damaged} events that could not be read")
        return found

    def _measure(self, fault: Fault, share: float) -> Recovery:
        from wireproof.timing.recovery import measure

        now = now_ns()
        faults = self._faults()
        known = next(known for known in faults if known.number == fault.number)
        return measure(known, faults, self._recorder.observed(), now, share)

    def _wait(self, fault: Fault, until: Until, limit_s: float, share: float) -> Recovery:
        """Looks again and again until that is reached, or cannot be reached in time any more."""
        begin_ns = now_ns()
        while True:
            recovery = self._measure(fault, share)
            left_s = (recovery.deadline_ns(begin_ns, limit_s) - now_ns()) / 1e9
            if recovery.reached_ms(until) is not None or telling.unmeasurable(recovery, until) or left_s <= 0:
                return recovery
            time.sleep(min(SLICE_S, left_s))

    def _note(self, recovery: Recovery, *, until: Until, limit_ms: float) -> None:
        """Appends what was measured to the journal."""
        fault = recovery.fault
        journal().record(
            "measurement",
            fault.place,
            what="recovery",
            fault=fault.number,
            name=fault.name,
            detect_ms=recovery.detect_ms,
            first_success_ms=recovery.first_success_ms,
            rate_ms=recovery.rate_ms,
            drained_ms=recovery.drained_ms,
            errors=recovery.errors,
            limit_ms=limit_ms,
            until=until,
        )
