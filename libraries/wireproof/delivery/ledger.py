"""A ledger that runs: it takes what the journal records, waits until all has arrived, and judges."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from wireproof.delivery.errors import DeliveryError, NotQuietError
from wireproof.delivery.findings import Rules
from wireproof.delivery.recorder import DAMAGED, Recorder, Standing
from wireproof.history import SLICE_S
from wireproof.journal import Event, Journal, now_ns
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.delivery.verdict import Verdict


_TELL_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a drain waits.

    Attributes:
        quiet_s: how long nothing may come once nothing is outstanding.
        timeout_s: how long to wait for that.
        redelivery_s: after what time the server repeats what was not confirmed, None for what the ledger's rules say:
            while something is outstanding a drain does not give up before.
    """

    quiet_s: float = 1.0
    timeout_s: float = 30.0
    redelivery_s: float | None = None


class Ledger:
    """Judges what is sent from its start on.

    Args:
        name: what it is called.
        rules: what was promised.
        journal: whose events it takes.
        standing: what was before it.
    """

    def __init__(self, name: str, rules: Rules, journal: Journal, standing: Standing) -> None:
        self.name = name
        self.rules = rules
        self._journal = journal
        self._standing = standing
        self._recorder = Recorder(name)
        self._begun = False
        self._damaged = 0
        self._sent_when_drained = -1
        self._unsubscribe: Callable[[], None] = journal.subscribe(self._take)
        promised: dict[str, Any] = asdict(rules)
        del promised["min_acked"]
        journal.record("ledger", name, phase="start", **promised)
        journal.flush()

    def _take(self, event: Event) -> None:
        if self._begun:
            try:
                self._recorder.take(event)
            except DAMAGED:
                self._damaged += 1  # told by the verdict: here an error would end the journal's writer
        elif event.kind == "ledger" and event.source == self.name and event.data["phase"] == "start":
            self._recorder = self._standing.recorder(self.name, self._journal.run)
            self._begun = True

    @property
    def recorder(self) -> Recorder:
        """What was taken so far, all that is recorded by now included."""
        self._journal.flush()
        return self._recorder

    @property
    def is_drained(self) -> bool:
        """Whether nothing was sent since the last drain."""
        return self._sent_when_drained == self.recorder.rows("sent", "expected")

    def drain(self, patience: Patience, tell: Callable[[str], object]) -> None:
        """Waits until everything has arrived and nothing more comes.

        Args:
            patience: how long.
            tell: called now and then with what is outstanding, and at last with how long it took.

        Raises:
            NotQuietError: the time is over; the text names what is outstanding.
        """
        begin_ns = now_ns()
        size, waits_for, changed_ns = -1, "", begin_ns
        give_up_ns, told_ns = begin_ns, begin_ns
        while True:
            recorder = self.recorder
            self._sent_when_drained = recorder.rows("sent", "expected")
            if size != recorder.rows("sent", "expected", "received", "verdicts", "closes"):
                size = recorder.rows("sent", "expected", "received", "verdicts", "closes")
                changed_ns = now_ns()
                waits_for, redelivery_s = self._outstanding(patience.redelivery_s)
                at_least_s = redelivery_s + patience.quiet_s if waits_for else 0
                give_up_ns = begin_ns + int(max(patience.timeout_s, at_least_s) * 1e9)
            quiet_ns = changed_ns + int(patience.quiet_s * 1e9)
            if not waits_for and now_ns() >= quiet_ns:
                self._journal.record("ledger", self.name, phase="quiet")
                tell(f"ledger '{self.name}' is quiet after {_since(begin_ns):.1f} s")
                return
            if now_ns() >= give_up_ns:
                self._give_up(waits_for, _since(begin_ns))
                return
            if _since(told_ns) >= _TELL_EVERY_S:
                told_ns = now_ns()
                tell(f"{_since(begin_ns):.0f} s, {waits_for or 'nothing'} outstanding")
            until_ns = give_up_ns if waits_for else min(give_up_ns, quiet_ns)
            # In slices also while much arrives: every look at the columns takes time from those who send and read.
            time.sleep(min(SLICE_S, max(0.0, (until_ns - now_ns()) / 1e9)))

    def _outstanding(self, redelivery_s: float | None) -> tuple[str, float]:
        """What has to come yet, in words, and the longest redelivery time of the protocols in use."""
        from wireproof.delivery.facts import Facts
        from wireproof.delivery.samples import outstanding

        facts = Facts(self.recorder.history())
        longest = facts.history["connections"]["redelivery_ns"].max(initial=0) / 1e9
        told = (redelivery_s, self.rules.redelivery_s, longest)
        return outstanding(facts), next(seconds for seconds in told if seconds is not None)

    def _give_up(self, waits_for: str, waited_s: float) -> None:
        verdict = self.judge()
        self._journal.record("ledger", self.name, phase="overdue")
        self._journal.flush()
        if waits_for and self.rules.tolerates("lost") and not verdict.failing:
            return
        missing = f"{waits_for} outstanding" if waits_for else "nothing is outstanding, but messages keep coming"
        line = f": {verdict.line}" if verdict.failing else ""
        raise NotQuietError(f"ledger '{self.name}' is not quiet after {waited_s:.1f} s, {missing}{line}")

    def judge(self, min_acked: int = 1) -> "Verdict":
        """The verdict on what was taken so far."""
        from wireproof.delivery.verdict import judge

        recorder = self.recorder
        return judge(recorder.history(), replace(self.rules, min_acked=min_acked), damaged=self._damaged)

    def note(self, verdict: "Verdict", min_acked: int) -> None:
        """Appends a verdict to the journal."""
        words = {found.word: found.count for found in verdict.findings.values() if found.count}
        self._journal.record(
            "verdict", self.name, result=verdict.result, line=verdict.line, min_acked=min_acked, anomalies=words
        )

    def end(self) -> None:
        """Takes no more."""
        self._journal.record("ledger", self.name, phase="end")
        self._journal.flush()
        self._unsubscribe()


class Ledgers:
    """The ledgers that run, by name.

    Args:
        journal: whose events they take; followed from now on for what holds when a ledger begins.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._running: dict[str, Ledger] = {}
        self._standing = Standing()
        journal.subscribe(self._standing.take, recent=True)

    def start(self, name: str, rules: Rules) -> Ledger:
        """Starts a ledger.

        Raises:
            DeliveryError: the name is empty, or a ledger of that name runs.
        """
        name = safe(name)
        if not name.strip():
            raise DeliveryError("a ledger needs a name")
        if name in self._running:
            raise DeliveryError(f"the ledger '{name}' is running already; give the second one another name")
        self._running[name] = Ledger(name, rules, self._journal, self._standing)
        return self._running[name]

    def find(self, name: str) -> Ledger:
        """The running ledger of that name.

        Raises:
            DeliveryError: there is none; the text lists those there are.
        """
        found = self._running.get(safe(name))
        if found is None:
            known = ", ".join(self._running) or "none, call Start Ledger first"
            raise DeliveryError(f"no ledger named '{safe(name)}' is running; running: {known}")
        return found

    def end(self, name: str) -> None:
        """Ends a ledger, if it runs."""
        ledger = self._running.pop(safe(name), None)
        if ledger is not None:
            ledger.end()


def _since(moment_ns: int) -> float:
    return (now_ns() - moment_ns) / 1e9
