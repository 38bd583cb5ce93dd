"""A container is killed, stopped, suspended, started by what `docker` is told; a pretended one notes the commands."""

import json

import pytest

from wireproof.stack import StackError, compose, containers
from wireproof.stack.containers import ContainerService

DOCKER = """#!/bin/sh
echo "$*" >> "$DOCKER_NOTES/commands"
for last; do state="$DOCKER_NOTES/$last"; done
case "$*" in
    "compose ps "*) cat "$DOCKER_NOTES/containers" ;;
    *ExitCode*) cat "$DOCKER_NOTES/exit-code" ;;
    inspect*) cat "$state" ;;
    start*|unpause*) echo running > "$state" ;;
    pause*) echo paused > "$state" ;;
    stop*|kill*) echo exited > "$state" ;;
esac
"""
ALL = [{"Service": name, "ID": f"id-of-{name}"} for name in ("postgres", "redis", "server", "migrate")]


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """What the pretended `docker` reads and writes."""
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    (tmp_path / "exit-code").write_text("0")
    (tmp_path / "containers").write_text("\n".join(map(json.dumps, ALL)))
    for row in ALL:
        (tmp_path / row["ID"]).write_text("running")
    monkeypatch.setenv("PATH", f"{docker.parent}:/bin:/usr/bin")
    monkeypatch.setenv("DOCKER_NOTES", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def commands(notes):
    """The commands that changed something."""

    def told():
        lines = (notes / "commands").read_text().splitlines()
        return [line for line in lines if not line.startswith(("inspect", "compose ps"))]

    return told


def service(name):
    return ContainerService(name, f"id-of-{name}", f"{name}://127.0.0.1:1", lambda: "")


def test_it_is_killed_and_started(notes, commands):
    service("redis").kill()
    assert service("redis").state == "down"
    service("redis").start()
    assert service("redis").state == "running"
    assert commands() == ["kill id-of-redis", "start id-of-redis"]


def test_it_is_suspended_and_resumed(notes, commands):
    redis = service("redis")
    redis.suspend()
    assert redis.state == "suspended"
    assert redis.is_alive()
    redis.resume()
    assert commands() == ["pause id-of-redis", "unpause id-of-redis"]


@pytest.mark.parametrize(("exit_code", "graceful"), [(0, True), (137, False)])
def test_it_stops_in_good_order_or_is_killed_by_docker(notes, commands, exit_code, graceful):
    (notes / "exit-code").write_text(str(exit_code))
    stopped = service("server").stop(within_s=1.5)
    assert (stopped.graceful, stopped.exit_code) == (graceful, exit_code)
    assert commands() == ["stop --time 2 id-of-server"]


@pytest.mark.parametrize(("name", "signal"), [("postgres", "SIGQUIT"), ("redis", "SIGKILL")])
def test_it_stops_immediately_by_its_own_signal(notes, commands, name, signal):
    assert not service(name).stop("immediate").graceful
    assert commands() == [f"kill --signal {signal} id-of-{name}", f"wait id-of-{name}"]


def test_an_old_compose_answers_with_an_array():
    expected = {row["Service"]: row["ID"] for row in ALL}
    assert containers.parse_containers(json.dumps(ALL)) == expected
    assert containers.parse_containers("\n".join(map(json.dumps, ALL))) == expected
    assert containers.parse_containers("") == {}


def test_a_failing_docker_gives_its_last_line(tmp_path, monkeypatch):
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho hint >&2\necho 'No such container: x' >&2\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(StackError, match=r"^docker kill x: No such container: x$"):
        containers.docker("kill", "x")


def test_a_docker_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\nexec sleep 60\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(StackError, match=r"^docker pause x: no answer within 0.05 s$"):
        containers.docker("pause", "x", within_s=0.05)


@pytest.fixture
def project(notes):
    """A project directory; what its services would answer is not asked for here."""
    (notes / "docker-compose.yml").touch()
    return notes


def attach(project, monkeypatch, **variables):
    for probe in ("postgres", "redis", "http"):
        monkeypatch.setattr(f"wireproof.stack.readiness.{probe}", lambda url: "")
    monkeypatch.setattr(compose, "shown_abilities", lambda addresses: [])
    return compose.attach(project, lambda name: variables.get(name, ""))


def test_where_docker_answers_the_stack_controls_its_own(project, monkeypatch):
    stack = attach(project, monkeypatch)
    assert stack.can("kill services")
    assert list(stack.services) == ["postgres", "redis", "server"]
    assert stack.service("server").endpoint == "ws://127.0.0.1:3001/"
    assert stack.warnings == []


def test_what_is_paused_or_down_is_healed_with_a_warning(project, commands, monkeypatch):
    (project / "id-of-postgres").write_text("exited")
    (project / "id-of-server").write_text("paused")
    stack = attach(project, monkeypatch)
    assert commands() == ["start id-of-postgres", "unpause id-of-server"]
    assert stack.warnings == [
        "the compose stack was found with postgres down, server suspended, as a run that died leaves it: healed"
    ]


def test_what_another_living_run_paused_is_left_alone(project, commands, monkeypatch):
    first = attach(project, monkeypatch)
    first.service("redis").suspend()
    assert attach(project, monkeypatch).warnings == []
    assert commands() == ["pause id-of-redis"]
    first.stop()
    assert commands() == ["pause id-of-redis", "unpause id-of-redis"]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("", r"its project has no container of postgres, redis, server: docker compose up -d --wait"),
        (json.dumps(ALL[0]), r"its project has no container of redis, server: docker compose up -d --wait"),
    ],
)
def test_a_project_that_is_not_up_is_told(project, monkeypatch, found, reason):
    (project / "containers").write_text(found)
    stack = attach(project, monkeypatch)
    assert stack.lack("kill services") == f"kill services ({reason})"


def test_ports_that_docker_chooses_do_not_survive_a_start(project, monkeypatch):
    (project / "bin/docker").write_text("#!/bin/sh\necho 127.0.0.1:49153\n")
    stack = attach(project, monkeypatch, REDIS_PORT="0")
    assert stack.lack("kill services").endswith("(Docker chooses its ports anew at every start: give REDIS_PORT)")


def test_without_docker_the_reason_is_one_plain_line(project, monkeypatch):
    (project / "bin/docker").unlink()
    monkeypatch.setenv("PATH", str(project))
    stack = attach(project, monkeypatch)
    assert not stack.can("kill services")
    with pytest.raises(StackError) as refused:
        stack.service("redis")
    assert str(refused.value) == (
        "the compose stack has no service 'redis' to control: it cannot kill services "
        "(docker compose ps --all --format json: No such file or directory), "
        "only servers that tests started (now none); call Skip Unless Stack Can    kill services"
    )


def test_its_server_cannot_be_rerouted(project, monkeypatch):
    stack = attach(project, monkeypatch)
    with pytest.raises(StackError) as refused:
        stack.reroute("server", "postgres", ("127.0.0.1", 1))
    assert str(refused.value) == (
        "the compose stack cannot reroute (its server is a container): call Skip Unless Stack Can    reroute"
    )
