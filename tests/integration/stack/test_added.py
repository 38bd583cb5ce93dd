"""Servers that a run adds to a compose stack; the PostgreSQL and Redis it finds are those of the embedded stack."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import jwt
import psycopg
import pytest

from wireproof.stack import Stack, StackError, compose, databases, janitor, readiness

LONG_S = 30


@pytest.fixture
def project(stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose compose stack is up."""
    monkeypatch.delenv("COMPOSE_PROJECT_NAME", raising=False)
    (tmp_path / "docker-compose.yml").touch()
    (tmp_path / ".env").write_text(
        f"WS_PORT={stack.server.ws_port}\nHTTP_PORT={stack.server.http_port}\n"
        f"TOKEN_SECRET=of-the-compose-stack-{'x' * 32}\n"
        f"POSTGRES_PORT={stack.postgres.port}\nPOSTGRES_PASSWORD={stack.postgres.password}\n"
        f"REDIS_PORT={stack.redis.port}\nREDIS_PASSWORD={stack.redis.password}\n"
    )
    return tmp_path


@pytest.fixture
def attached(project: Path) -> Iterator[Stack]:
    found = compose.attach(project, lambda _name: "")
    yield found
    found.stop()


def databases_in(stack: Stack) -> set[str]:
    with psycopg.connect(stack.addresses.postgres) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}


def token_of(http: str) -> str:
    request = Request(
        f"{http}/test/tokens",
        data=json.dumps({"userId": "u", "deviceId": "d"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=LONG_S) as response:
        token: str = json.load(response)["token"]
    return token


def test_it_has_its_own_settings_and_database_and_the_stacks_secret(attached):
    before = databases_in(attached)
    server = attached.start_server({"maxConnections": 3})
    assert readiness.version(server.http)["settings"]["maxConnections"] == 3
    assert {server.postgres.rpartition("/")[2]} == databases_in(attached) - before
    assert attached.credential("postgres") not in server.postgres
    claims = jwt.decode(
        token_of(server.http),
        attached.credential("token secret"),
        algorithms=["HS256"],
        options={"verify_aud": False, "verify_iss": False},
    )
    assert "u" in claims.values()


def test_it_is_controlled_though_the_stack_itself_is_not(attached):
    service = attached.service(attached.start_server({}).name)
    service.kill()
    service.start()
    service.suspend()
    service.resume()
    service.restart()
    assert service.check().healthy
    with pytest.raises(StackError, match=r"^the compose stack has no service 'redis' to control: .* \(now server-2\)"):
        attached.service("redis")


@pytest.mark.parametrize("name", ["postgres", "server"])
def test_the_names_of_the_containers_are_taken(attached, name):
    with pytest.raises(StackError, match=f"^a service '{name}' is running already"):
        attached.start_server({}, name)


def test_nothing_is_left_when_the_use_of_the_stack_ends(attached, tmp_path):
    before = databases_in(attached)
    first, second = attached.start_server({}), attached.start_server({})
    assert [first.name, second.name] == ["server-2", "server-3"]
    services = [attached.service(server.name) for server in (first, second)]
    processes = [service.process for service in services]
    attached.end_server(first.name)
    assert [janitor.is_alive(process) for process in processes] == [False, True]
    assert len(databases_in(attached) - before) == 1
    attached.save_logs(tmp_path / "logs")
    attached.stop()
    assert databases_in(attached) == before
    assert not any(janitor.is_alive(process) for process in processes)
    assert not services[0].run.path.exists()
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["server-2.log", "server-3.log"]
    assert attached.start_server({}).name == "server-2"


RUN = """
import sys
from pathlib import Path
from wireproof.stack import compose
stack = compose.attach(Path(sys.argv[1]), lambda name: "")
server = stack.start_server({})
service = stack.service(server.name)
print(service.process.pid, service.run.path, server.postgres.rpartition("/")[2], flush=True)
sys.stdin.readline()
"""


def test_the_server_of_a_killed_run_ends(project, stack):
    command = [sys.executable, "-c", RUN, str(project)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        pid, run_dir, database = run.stdout.readline().split()
        server = janitor.look_up(int(pid)).identity
        everything = janitor.working_below(Path(run_dir))
        assert server in everything
        run.kill()
    assert janitor.wait_until_dead(everything, LONG_S) == []
    databases.drop(stack.addresses.postgres, database)  # nobody is left who could


def test_a_machine_without_the_server_says_what_to_install(project, monkeypatch):
    monkeypatch.setattr(compose, "obstacle", lambda: "missing: asyncpg; pip install it")
    found = compose.attach(project, lambda _name: "")
    assert not found.can("start server")
    assert found.lack("start server") == "start server (missing: asyncpg; pip install it)"


def test_nodes_of_a_server_share_its_database_until_the_last_has_ended(attached):
    before = databases_in(attached)
    first = attached.start_server({"maxConnections": 3})
    second = attached.start_server({"retryAttempts": 7}, node_of=first.name)
    assert second.postgres == first.postgres
    settings = readiness.version(second.http)["settings"]
    assert (settings["maxConnections"], settings["retryAttempts"]) == (3, 7)
    attached.end_server(first.name)
    assert len(databases_in(attached) - before) == 1
    attached.end_server(second.name)
    assert databases_in(attached) == before


def test_a_node_of_nothing_is_refused_with_the_servers_that_run(attached):
    with pytest.raises(StackError, match=r"there is no server 'redis' to add a node to; running: none"):
        attached.start_server({}, node_of="redis")
    attached.start_server({}, "lonely")
    with pytest.raises(StackError, match=r"there is no server 'nobody' to add a node to; running: lonely"):
        attached.start_server({}, node_of="nobody")
