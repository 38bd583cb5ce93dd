"""Containers: by their control groups, else by Docker's own statistics."""

from pathlib import Path

import pytest

from wireproof.monitor.containers import Containers
from wireproof.stack import StackError

SERVER, REDIS = "a" * 64, "b" * 64


class Engine:
    """Answers as Docker does."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.restarts = 0
        self.runs = "true"
        self.stats = f"{SERVER} 12.5MiB / 1.9GiB 3.25%\n{REDIS} 900kB / 1.9GiB 0.10%"

    def __call__(self, *arguments: str) -> str:
        self.asked.append(arguments[0])
        if arguments[0] == "stats":
            return self.stats
        lines = ((SERVER, 41), (REDIS, 42))
        return "\n".join(f"{one} {pid} 2026-11-26T20:00:00Z {self.restarts} {self.runs}" for one, pid in lines)


def write_group(root: Path, pid: int, container: str, usage_us: int) -> None:
    process = root / "proc" / str(pid)
    process.mkdir(parents=True, exist_ok=True)
    (process / "cgroup").write_text(f"0::/system.slice/docker-{container}.scope\n")
    group = root / f"sys/fs/cgroup/system.slice/docker-{container}.scope"
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.current").write_text("50000000\n")
    (group / "memory.stat").write_text("anon 1\ninactive_file 20000000\n")
    (group / "cpu.stat").write_text(f"usage_usec {usage_us}\nuser_usec 1\n")


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def group(engine: Engine, tmp_path: Path) -> Containers:
    return Containers({"server": SERVER[:12], "redis": REDIS[:12]}, engine, tmp_path)


def test_control_groups_are_read_where_they_are(engine: Engine, group: Containers, tmp_path: Path) -> None:
    for usage in (1_000_000, 1_500_000):
        write_group(tmp_path, 41, SERVER, usage)
        write_group(tmp_path, 42, REDIS, usage)
        looks = group.look()
    assert looks["server"].values["memory.server"] == 30_000_000
    assert looks["server"].values["cpu.server"] > 0
    assert looks["server"].identity == "started 2026-11-26T20:00:00Z, 0 restarts"
    assert engine.asked == ["inspect"], "the files are enough"


def test_a_control_group_of_another_process_is_not_read(engine: Engine, group: Containers, tmp_path: Path) -> None:
    write_group(tmp_path, 41, "c" * 64, 1)
    write_group(tmp_path, 42, REDIS, 1)
    group.look()
    assert engine.asked == ["inspect", "stats"]


def test_docker_tells_where_there_are_no_files(group: Containers) -> None:
    looks = group.look()
    assert looks["server"].values == {"memory.server": 12.5 * 2**20, "cpu.server": pytest.approx(0.0325)}
    assert looks["redis"].values == {"memory.redis": 900_000.0, "cpu.redis": pytest.approx(0.001)}


def test_a_container_that_does_not_run_is_a_gap(engine: Engine, group: Containers) -> None:
    engine.runs = "false"
    look = group.look()["server"]
    assert (look.problem, look.values) == ("the container of server does not run", {})


def test_docker_that_does_not_answer_is_a_gap(tmp_path: Path) -> None:
    def broken(*_: str) -> str:
        raise StackError("docker inspect: no answer within 20 s")

    assert Containers({"server": SERVER}, broken, tmp_path).look()["server"].problem == (
        "docker inspect: no answer within 20 s"
    )


def test_an_answer_that_cannot_be_read_is_a_gap(engine: Engine, group: Containers) -> None:
    engine.stats = "rubbish"
    assert group.look()["redis"].problem == "docker stats said 'rubbish'"


def test_a_restart_is_found_within_ten_looks(engine: Engine, group: Containers) -> None:
    first = group.look()["server"].identity
    engine.restarts = 1
    assert first not in {look["server"].identity for look in [group.look() for _ in range(10)][9:]}
