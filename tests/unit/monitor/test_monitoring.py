"""What looks come to: measures, gaps, problems, growth."""

import re

import pytest

from wireproof.measures.proportion import Proportion
from wireproof.measures.readings import Readings
from wireproof.measures.trend import Trend
from wireproof.monitor import growth, table, telling
from wireproof.monitor.errors import MonitorError
from wireproof.monitor.looks import Look
from wireproof.monitor.monitoring import Monitoring
from wireproof.monitor.windows import REACH, Window
from wireproof.quantities import Fraction, Size

S = 10**9
MB = 10**6


def used(at_s: float, memory: float = 50 * MB, cpu: float = 0.1, identity: str = "process 1") -> Look:
    values = {"memory.server": float(memory), "cpu.server": cpu}
    return Look(int(at_s * S), int(at_s * S), values=values, identity=identity)


def answered(at_s: float, problem: str = "") -> Look:
    return Look(int(at_s * S), int(at_s * S), problem)


def monitoring(
    windows: list[Window] | None = None, messages: int = 0, lasted_s: int = 10, **looks: list[Look]
) -> Monitoring:
    by_subject = {subject.replace("__", "."): found for subject, found in looks.items()}
    return Monitoring("m", 0, lasted_s * S, 1.0, by_subject, windows or [], messages=messages)


def test_numbers_become_readings_with_their_units() -> None:
    found = monitoring(process__server=[used(at, memory=at * MB, cpu=at / 100) for at in range(10)])
    memory, cpu = found.measures["memory.server"], found.measures["cpu.server"]
    assert memory.estimate("max").value == Size(9 * MB)
    assert cpu.estimate("max").value == Fraction(0.09)
    assert memory.n == 10
    assert cpu.n == 9, "the share of the first look tells of the time before"
    assert found.problems == []


def test_a_gap_is_a_gap_and_no_zero() -> None:
    looks = [used(at) for at in range(5)] + [answered(at, "server has no process") for at in range(5, 10)]
    memory = monitoring(process__server=looks).measures["memory.server"]
    assert isinstance(memory, Readings)
    assert (memory.n, memory.gaps) == (5, 5)
    assert memory.estimate("min").value == Size(50 * MB)


def test_a_declared_fault_explains_a_gap() -> None:
    looks = [used(0), answered(1, "server has no process"), *(used(at) for at in range(2, 10))]
    window = Window("server", "killed", REACH["server"], S // 2, S * 3 // 2)
    memory = monitoring([window], process__server=looks).measures["memory.server"]
    assert isinstance(memory, Readings)
    assert memory.gaps == 0


def test_all_probes_count_and_so_does_a_restart_that_nobody_asked_for() -> None:
    found = monitoring(
        http=[answered(at, "refused" if at == 3 else "") for at in range(10)],
        redis=[answered(at) for at in range(10)],
        process__server=[used(at, identity="process 1" if at < 5 else "process 2") for at in range(10)],
    )
    assert found.measures["probe.http"] == Proportion(9, 10)
    assert found.measures["probe.redis"] == Proportion(10, 10)
    assert found.measures["probe.success"] == found.measures["uptime"] == Proportion(19, 21)
    told = telling.uptime(found)
    assert told.startswith("uptime 90.47 % of 21 probes; http failed once, first at ")
    assert "server was started anew before " in told
    assert told.endswith("and no test asked for it (process 1 became process 2)")


def test_what_is_excused_is_told() -> None:
    window = Window("redis", "killed", REACH["redis"], 2 * S, 4 * S)
    looks = [
        Look(at * S, at * S, "refused" if 2 <= at <= 4 else "", identity="" if 2 <= at <= 4 else f"run {at > 4}")
        for at in range(10)
    ]
    found = monitoring([window], redis=looks)
    assert found.measures["probe.success"] == Proportion(7, 7)
    assert telling.uptime(found) == ("uptime 100 % of 7 probes; excused: 'redis killed' 3 failed probes, 1 restart")


def test_without_probes_there_is_no_uptime() -> None:
    found = monitoring(process__server=[used(at) for at in range(10)])
    assert "probe.success" not in found.measures
    assert telling.uptime(found) == "nothing was probed"


def test_a_restart_of_which_process_and_service_tell_counts_once() -> None:
    redis = [Look(at * S, at * S, identity=f"run {at > 4}") for at in range(10)]
    process = [Look(at * S, at * S, identity=f"process {at > 4}") for at in range(10)]
    found = monitoring(redis=redis, process__redis=process)
    assert found.measures["probe.success"] == Proportion(10, 11)


@pytest.mark.parametrize(
    ("looks", "problem"),
    [
        ([], "nothing was looked at: monitor for longer than one interval"),
        ([answered(at) for at in range(5)], "the monitor was late: http was looked at in 55 % of the time"),
        ([answered(at) for at in (0, 1, 7, 8, 9)], "the monitor was late: http was looked at in 55 % of the time"),
    ],
)
def test_who_looked_too_seldom_cannot_be_believed(looks: list[Look], problem: str) -> None:
    assert problem in monitoring(http=looks).problems


def test_a_probe_that_takes_long_has_looked() -> None:
    looks = [Look(at * S, (at + 2) * S, "no answer within 2 s") for at in range(0, 10, 2)]
    assert monitoring(http=looks).problems == []


def test_what_was_not_read_is_refused_with_its_reason() -> None:
    found = monitoring(process__server=[answered(0, "server has no process")], process__redis=[used(1)])
    with pytest.raises(MonitorError, match=r"^there is no reading of memory.sevrer; there are memory.server"):
        found.readings("memory.sevrer")
    found = monitoring(process__server=[answered(at, "server has no process") for at in range(10)])
    with pytest.raises(
        MonitorError, match=r"^there is no reading of cpu.server \(server has no process\); there are none at all$"
    ):
        found.readings("cpu.server")


def grows(by: float, noise: float = 0.0) -> list[Look]:
    return [used(at, memory=50 * MB + by * at + noise * (at * 7919 % 13 - 6)) for at in range(60)]


@pytest.mark.parametrize(
    ("looks", "messages", "at_most", "problem"),
    [
        (grows(0, noise=1000), 0, MB, ""),
        (grows(MB, noise=1000), 0, MB, r"the memory of server grows by 60\.00 MB per minute .*, at most 1 MB is .*"),
        (grows(1000, noise=1000), 600_000, MB, ""),
        (grows(MB, noise=1000), 600_000, MB, r".* 10\.00 MB per 100 000 messages .*, at most 1 MB is allowed"),
        (grows(0, noise=MB), 0, MB, r".*: that does not prove less than 1 MB; monitor for longer"),
        (grows(0, noise=1000)[:3], 0, MB, r"3 readings of the memory of server are too few for a slope.*"),
    ],
)  # fmt: skip
def test_growth_has_to_be_proven_small(looks: list[Look], messages: int, at_most: int, problem: str) -> None:
    found = monitoring(process__server=looks, messages=messages, lasted_s=60)
    told, _ = growth.judge("server", found.growth("server"), Size(at_most), by_messages=bool(messages))
    assert re.fullmatch(problem, told), told
    assert ("memory.growth" in found.measures) is bool(messages)


def test_growth_with_a_gap_in_it_has_no_verdict() -> None:
    looks = [*grows(0)[:30], answered(30, "server has no process"), *grows(0)[31:]]
    growing = monitoring(process__server=looks, messages=1000, lasted_s=60).measures["memory.growth"]
    assert isinstance(growing, Trend)
    assert growing.gaps == 1


def test_the_table_shows_everything_and_escapes_it() -> None:
    found = Monitoring(
        "<b>",
        0,
        10 * S,
        1.0,
        {"process.server": [used(at) for at in range(10)], "http": [answered(at, "<i>") for at in range(10)]},
        [],
        unseen={"redis": "it is not probed: its address is not known"},
        overhead=0.0123,
    )
    shown = table.html(found)
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert "1.2 % of one core" in shown
    assert "<td>memory.server</td><td>50.0 MB</td><td>50.0 MB</td><td>50.0 MB</td><td>10</td><td>0</td>" in shown
    assert "<td>http</td><td>10</td><td>0</td><td>0</td><td>10</td><td>0 %</td>" in shown
    assert "redis: it is not probed" in shown
    assert "http failed 10 times" in shown


def test_remarks_are_told_with_how_often() -> None:
    looks = [Look(at * S, at * S, remark="its session was lost" if at % 4 == 1 else "") for at in range(10)]
    assert telling.remarks(monitoring(postgres=looks)) == ["postgres: its session was lost (3 times)"]


def test_totals_are_counts_by_probe() -> None:
    found = monitoring(http=[answered(at, "refused" if at == 3 else "") for at in range(10)])
    assert telling.totals(found) == {"http": {"good": 9, "failed": 1, "excused": 0}}
