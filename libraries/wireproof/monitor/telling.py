"""Monitorings in words: one line for what went well, one for each way to fail."""

from collections import Counter
from datetime import datetime, timedelta

from wireproof.journal import now_ns
from wireproof.measures.proportion import Proportion
from wireproof.monitor.looks import USED
from wireproof.monitor.monitoring import Monitoring
from wireproof.monitor.units import share
from wireproof.wiretext import safe

BLIND = "outages shorter than the interval between two probes may be missed"

MOST_REMARKS = 10


def clock(at_ns: int) -> str:
    """A moment of the journal's clock as the log's."""
    return f"{datetime.now() - timedelta(microseconds=(now_ns() - at_ns) / 1e3):%H:%M:%S}"


def uptime(monitoring: Monitoring) -> str:
    """How often the stack answered, and what was excused."""
    measure = monitoring.measures.get("probe.success")
    if not isinstance(measure, Proportion):
        return "nothing was probed"
    told = [f"uptime {share(measure.good, measure.tried)} of {measure.tried} probes", *faults(monitoring)]
    excused_by = excuses(monitoring)
    if excused_by:
        told.append(f"excused: {', '.join(excused_by)}")
    return "; ".join(told)


def faults(monitoring: Monitoring) -> list[str]:
    """What nothing excuses, a few words for each part of the stack."""
    told = []
    for subject, outcome in monitoring.probes.items():
        if outcome.failed:
            first = outcome.failed[0]
            times = _times(len(outcome.failed))
            told.append(f"{subject} failed {times}, first at {clock(first.began_ns)}: {safe(first.problem, 160)}")
    for service, restarts in monitoring.restarts.items():
        for one in restarts:
            if one.window is None:
                told.append(
                    f"{service} was started anew before {clock(one.at_ns)}, and no test asked for it "
                    f"({safe(one.was, 60)} became {safe(one.became, 60)})"
                )
    return told


def excuses(monitoring: Monitoring) -> list[str]:
    """What was done on purpose, and how many probes failed and services came back by it."""
    probes = Counter(excuse.window.label for outcome in monitoring.probes.values() for excuse in outcome.excused)
    restarts = Counter(
        one.window.label for found in monitoring.restarts.values() for one in found if one.window is not None
    )
    return [
        f"'{label}' {_counted(probes[label], 'failed probe')}{', ' * (probes[label] * restarts[label] > 0)}"
        f"{_counted(restarts[label], 'restart')}"
        for label in dict.fromkeys((*probes, *restarts))
    ]


def totals(monitoring: Monitoring) -> dict[str, dict[str, int]]:
    """By probe how many went well, failed and were excused."""
    return {
        subject: {"good": found.good, "failed": len(found.failed), "excused": len(found.excused)}
        for subject, found in monitoring.probes.items()
    }


def remarks(monitoring: Monitoring) -> list[str]:
    """What was worth knowing of looks that went well, and how often."""
    counts = Counter(
        (subject.removeprefix(USED), look.remark)
        for subject, looks in monitoring.looks.items()
        for look in looks
        if look.remark
    )
    return [
        f"{part}: {safe(remark, 200)} ({_times(count)})" for (part, remark), count in counts.most_common(MOST_REMARKS)
    ]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}" if count else ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
