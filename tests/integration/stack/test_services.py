"""The services of a real stack: what is done to them, and how they come back."""

import contextlib
import dataclasses
import signal
import socket
import threading

import psycopg
import pytest
import redis

from wireproof import journal
from wireproof.stack import StackError, janitor, processes, readiness
from wireproof.stack.embedded import EmbeddedStack

NAMES = ("postgres", "redis", "server")


@pytest.fixture(scope="module")
def stack():
    """A stack of this module's own: what is killed here must not be anybody else's."""
    started = EmbeddedStack.start()
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def healed(stack):
    """Every test leaves the services as it found them."""
    yield
    for service in stack.services.values():
        service.heal()
    assert readiness.reasons(stack.checks()) == ""


def test_a_new_stack_is_healthy_and_keeps_its_passwords_to_itself(stack):
    assert [check.name for check in stack.checks()] == ["postgres", "redis", "http", "ws"]
    for name in ("postgres", "redis"):
        assert stack.credential(name) not in stack.endpoint(name)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(stack.endpoint("postgres"), connect_timeout=5)


def test_acknowledged_commits_are_meant_to_survive_a_kill(stack):
    with psycopg.connect(stack.addresses.postgres) as connection:
        names = ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "server_encoding")
        found = [connection.execute(f"SHOW {name}").fetchone()[0] for name in names]
    assert found == ["off", "on", "on", "127.0.0.1", "UTF8"]


def test_a_setting_can_be_changed_while_postgres_runs(stack):
    with psycopg.connect(stack.addresses.postgres, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET log_min_duration_statement = '1s'")
        connection.execute("SELECT pg_reload_conf()")
        with psycopg.connect(stack.addresses.postgres) as later:
            assert later.execute("SHOW log_min_duration_statement").fetchone() == ("1s",)


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_service_comes_back_on_the_same_port(stack, name):
    service = stack.service(name)
    before, endpoint = service.process, service.endpoint
    service.kill()
    assert not service.is_alive()
    assert not service.check().healthy
    service.start()
    assert service.endpoint == endpoint
    assert service.process != before
    assert service.check().healthy


@pytest.mark.parametrize("name", NAMES)
def test_a_restarted_service_ends_in_good_order(stack, name):
    service = stack.service(name)
    before = service.process
    assert service.stop().graceful
    service.start()
    assert service.process not in (None, before)


@pytest.mark.parametrize("name", NAMES)
def test_a_service_that_ends_in_good_order_says_0(stack, name):
    stopped = stack.service(name).stop()
    assert (stopped.graceful, stopped.exit_code) == (True, 0)
    assert stopped.took_ms > 0


def test_postgres_recovers_from_an_immediate_stop_with_what_was_committed(stack):
    with psycopg.connect(stack.addresses.postgres, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (17)")
    assert not stack.postgres.restart("immediate").graceful
    assert "automatic recovery in progress" in stack.run.log("postgres").read_text()
    with psycopg.connect(stack.addresses.postgres) as connection:
        assert connection.execute("SELECT id FROM kept").fetchall() == [(17,)]


@pytest.mark.parametrize("name", ["redis", "server"])
def test_what_knows_no_immediate_stop_is_killed(stack, name):
    stopped = stack.service(name).stop("immediate")
    assert (stopped.graceful, stopped.exit_code) == (False, -signal.SIGKILL)


def test_redis_comes_back_empty(stack):
    with redis.Redis.from_url(stack.addresses.redis) as client:
        client.set("kept", 1)
    stack.redis.restart()
    with redis.Redis.from_url(stack.addresses.redis) as client:
        assert client.dbsize() == 0


def test_a_visitor_is_not_told_an_exit_code(stack):
    visitor = EmbeddedStack.attach(stack.run.path)
    assert visitor.redis.stop().exit_code is None


def test_a_service_that_does_not_end_in_time_is_killed(stack):
    with contextlib.closing(psycopg.connect(stack.addresses.postgres)) as connection:
        connection.execute("SELECT 1")
        smart = signal.SIGTERM  # waits for every open session
        command = dataclasses.replace(stack.postgres.command(), stop_signal=smart)
        stack.postgres.command = lambda: command
        try:
            stopped = stack.postgres.stop(within_s=0.1)
        finally:
            del stack.postgres.command
    assert (stopped.graceful, stopped.exit_code) == (False, -signal.SIGKILL)


@pytest.mark.parametrize("name", NAMES)
def test_a_suspended_service_is_there_but_does_not_answer_until_it_is_resumed(stack, name):
    service = stack.service(name)
    service.suspend()
    assert service.is_alive()
    check = service.check()
    assert not check.healthy
    service.resume()
    assert service.check().healthy


def test_suspending_postgres_freezes_sessions_that_are_open(stack):
    answered = threading.Event()
    with psycopg.connect(stack.addresses.postgres) as connection:

        def ask():
            connection.execute("SELECT 1")
            answered.set()

        connection.execute("SELECT 1")
        stack.postgres.suspend()
        asking = threading.Thread(target=ask)
        asking.start()
        assert not answered.wait(0.3)
        stack.postgres.resume()
        assert answered.wait(10)
        asking.join()


def test_a_suspended_service_can_be_killed_and_stopped(stack):
    for end in (stack.redis.kill, stack.redis.stop):
        stack.redis.suspend()
        end()
        assert not stack.redis.is_alive()
        stack.redis.start()


def test_killing_postgres_ends_a_backend_that_is_busy(stack):
    with psycopg.connect(stack.addresses.postgres) as connection:
        backend = janitor.look_up(connection.info.backend_pid).identity
        started = threading.Event()

        def work():
            started.set()
            with contextlib.suppress(psycopg.Error):
                connection.execute("SELECT count(*) FROM generate_series(1, 1000000000)")

        worker = threading.Thread(target=work)
        worker.start()
        started.wait()
        stack.postgres.kill()
        assert not janitor.is_alive(backend)
        worker.join()
    stack.postgres.start()


def test_starting_a_running_service_does_nothing(stack):
    before = stack.redis.process
    stack.redis.start()
    assert stack.redis.process == before


def test_what_needs_a_running_service_says_so(stack):
    stack.redis.stop()
    with pytest.raises(StackError, match=r"^redis is not running: start it first$"):
        stack.redis.suspend()


def test_what_happens_to_a_service_is_in_the_journal(stack):
    start = journal.now_ns()
    stack.redis.restart()
    stack.redis.kill()
    stack.redis.start()
    events = [event for event in journal.current().recent() if event.at_ns >= start and event.kind == "service"]
    assert [(event.source, event.data["action"]) for event in events] == [
        ("redis", action) for action in ("stopped", "started", "killed", "started")
    ]


def test_a_kept_port_that_somebody_took_is_waited_for(stack):
    stack.redis.stop()
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", stack.redis.port))
        taker.listen()
        with pytest.raises(StackError, match=r"^redis did not start.*(already in use)"):
            stack.redis.start(within_s=0.5)
    stack.redis.start()


def test_a_server_beside_has_its_own_settings_and_database(stack):
    server = stack.start_server({"heartbeatTimeout": 1.5})
    try:
        assert readiness.version(server.http)["settings"]["heartbeatTimeout"] == 1.5
        assert server.postgres != stack.endpoint("postgres")
        assert stack.credential("postgres") not in server.postgres
        assert stack.service(server.name).check().healthy
    finally:
        stack.end_server(server.name)
    assert server.name not in stack.services
    with psycopg.connect(stack.addresses.postgres) as connection:
        assert connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'server-%'").fetchone() == (0,)


def test_a_setting_that_no_server_has_is_named(stack):
    with pytest.raises(StackError, match=r"^the server has no setting heartBeats; it has .*heartbeatTimeout"):
        stack.start_server({"heartBeats": 1})
    assert sorted(stack.services) == sorted(NAMES)


def test_a_bad_value_gives_the_servers_own_reason(stack):
    with pytest.raises(StackError, match=r"^server-2 did not start: its log says: .*HEARTBEAT_TIMEOUT"):
        stack.start_server({"heartbeatTimeout": "soon"})


@pytest.mark.parametrize("name", ["server", "postgres"])
def test_a_taken_name_is_refused(stack, name):
    with pytest.raises(StackError, match=f"^a service '{name}' is running already"):
        stack.start_server({}, name)


def test_a_name_that_is_no_name_is_refused(stack):
    with pytest.raises(StackError, match=r"is no name for a server"):
        stack.start_server({}, "../etc")


def test_taken_ports_are_exchanged_for_free_ones(stack, monkeypatch):
    """The first port that is offered belongs to somebody: every service takes the next one."""
    free_port = processes.free_port
    with contextlib.ExitStack() as takers:
        offered = []
        for _ in range(3):
            taker = takers.enter_context(socket.create_server(("127.0.0.1", 0)))
            offered.append(taker.getsockname()[1])

        def offer():
            return offered.pop() if offered else free_port()

        for module in ("postgres", "redis", "server"):
            monkeypatch.setattr(f"wireproof.stack.{module}.free_port", offer)
        second = EmbeddedStack.start()
        try:
            assert not offered
            assert readiness.reasons(second.checks()) == ""
        finally:
            second.stop()


def test_a_server_at_whose_port_another_one_answers_takes_other_ports(stack, monkeypatch):
    """Two runs may be given the same free port; the one that comes second must not take the first one's for its own."""
    free_port = processes.free_port
    offered = [stack.server.http_port, stack.server.ws_port]
    monkeypatch.setattr("wireproof.stack.server.free_port", lambda: offered.pop() if offered else free_port())
    server = stack.start_server({})
    try:
        assert not offered
        assert {server.ws, server.http}.isdisjoint({stack.server.endpoint, stack.server.http_endpoint})
    finally:
        stack.end_server(server.name)
