"""The health gate: a bad stack fails once with every reason, then is skipped."""

from pathlib import Path

import pytest

from wireproof.stack import Addresses, Stack, StackError, gate
from wireproof.stack.gate import Gate, StackUnavailableError
from wireproof.stack.services import free_port


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
    assert found.abilities == ["mint tokens", "read cache", "read sessions", "start server"]
