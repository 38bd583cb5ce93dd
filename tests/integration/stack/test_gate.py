"""The health gate: a bad stack fails once with every reason, then is skipped."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wireproof.stack import Addresses, Stack, StackError, gate, readiness
from wireproof.stack.gate import Gate, StackUnavailableError
from wireproof.stack.processes import free_port
from wireproof.stack.settings import FUNCTIONAL


def unreachable() -> Stack:
    ports = [free_port() for _ in range(4)]
    return Stack(
        "external",
        Addresses(
            f"ws://127.0.0.1:{ports[0]}/",
            f"http://127.0.0.1:{ports[1]}",
            f"postgresql://qa:qa-password@127.0.0.1:{ports[2]}/db",
            f"redis://:redis-password@127.0.0.1:{ports[3]}/0",
        ),
    )


def test_every_reason_is_in_the_first_line_and_in_the_later_ones():
    stack, asked = unreachable(), Gate()
    with pytest.raises(StackError) as first:
        asked.require_health(stack)
    assert not isinstance(first.value, StackUnavailableError)
    line = str(first.value)
    assert line.startswith("the external stack is not healthy: postgres: ")
    for name in ("redis: ", "http: ", "ws: "):
        assert f"; {name}" in line
    assert "\n" not in line
    assert "password" not in line
    with pytest.raises(StackUnavailableError, match=r"^the external stack is not healthy: postgres: .*; ws: "):
        asked.require_health(stack)


def test_a_stack_that_got_well_passes_and_fails_anew(stack):
    asked = Gate()
    with pytest.raises(StackError):
        asked.require_health(unreachable())
    asked.require_health(stack)
    with pytest.raises(StackError) as anew:
        asked.require_health(unreachable())
    assert not isinstance(anew.value, StackUnavailableError)


def test_a_stack_that_could_not_be_opened_is_not_tried_again():
    asked, tries = Gate(), []

    def fail() -> Stack:
        tries.append(1)
        raise StackError("Redis is missing")

    with pytest.raises(StackError, match=r"^Redis is missing$"):
        asked.provide(None, fail)
    with pytest.raises(StackUnavailableError, match=r"^the stack is not there: Redis is missing$"):
        asked.provide(None, fail)
    assert len(tries) == 1


def test_the_stack_in_use_is_kept(stack):
    assert Gate().provide(stack, pytest.fail) is stack


def test_an_unknown_mode_names_the_known_ones(tmp_path):
    with pytest.raises(StackError, match=r"^\$\{STACK\} is 'docker'; there are embedded, compose, external$"):
        gate.open_stack("docker", lambda name: "", tmp_path, None)


def test_an_external_stack_is_attached_by_its_addresses(stack):
    urls = {"WS_URL": stack.addresses.ws, "HTTP_URL": stack.addresses.http, "REDIS_URL": stack.addresses.redis}
    found = gate.open_stack("external", lambda name: urls.get(name, ""), Path.cwd(), None)
    Gate().require_health(found)
    assert found.abilities == ["mint tokens", "read cache"]


def test_a_compose_stack_is_attached_by_its_env_file(stack, tmp_path):
    service = stack.server
    (tmp_path / "docker-compose.yml").touch()
    (tmp_path / ".env").write_text(
        f"WS_PORT={service.ws_port}\nHTTP_PORT={service.http_port}\nTOKEN_SECRET=0123456789\n"
        f"POSTGRES_PORT={stack.postgres.port}\nPOSTGRES_PASSWORD='{stack.postgres.password}'\n"
        f"REDIS_PORT={stack.redis.port}\nREDIS_PASSWORD={stack.redis.password}\n"
    )
    found = gate.open_stack("compose", lambda name: "", tmp_path, None)
    Gate().require_health(found)
    assert found.disposable
    assert found.credential("token secret") == "0123456789"
    assert found.abilities == ["be disturbed", "mint tokens", "read cache", "read sessions", "start server"]


@pytest.fixture
def own_settings(tmp_path) -> Iterator[Callable[[str], Stack]]:
    """Opens an embedded stack for a run that has settings of its own; it ends with the test."""
    opened = []

    def open_one(text: str) -> Stack:
        opened.append(gate.open_stack("embedded", {"SERVER_SETTINGS": text}.get, tmp_path, None))
        return opened[-1]

    yield open_one
    for each in opened:
        each.stop()


def test_a_run_with_settings_has_a_stack_of_its_own_for_all_its_servers(own_settings, monkeypatch):
    monkeypatch.setattr(gate, "_running", lambda directory: pytest.fail("it looked for a running stack"))
    own = own_settings('{"messageTimeout": 7}')
    added = own.start_server({"maxConnections": 3})
    for http in (own.endpoint("http"), added.http):
        settings = readiness.version(http)["settings"]
        assert (settings["messageTimeout"], settings["heartbeatTimeout"]) == (7, FUNCTIONAL["heartbeatTimeout"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"colour": "red"}', r"^the server has no setting colour; it has "),
        ('{"defects": ["no-such"]}', r"there is no defect 'no-such'"),
        ("[]", r"expected an object"),
    ],
)
def test_settings_that_the_server_does_not_take_are_refused(own_settings, text: str, says: str):
    with pytest.raises(StackError, match=says):
        own_settings(text)


@pytest.mark.parametrize("mode", ["compose", "external"])
def test_settings_for_a_server_that_others_start_are_refused(mode, tmp_path):
    with pytest.raises(StackError, match=r"^\$\{SERVER_SETTINGS\} is for the embedded stack: nobody starts the server"):
        gate.open_stack(mode, lambda name: "{}" if name == "SERVER_SETTINGS" else "", tmp_path, None)
