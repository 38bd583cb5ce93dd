"""Stacks that others run: addresses from variables, from `.env`, from Docker's answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.stack import StackError, compose, external


def nothing(_name: str) -> str:
    return ""


def test_every_missing_address_is_named_at_once():
    with pytest.raises(StackError, match="addresses are missing: WS_URL, HTTP_URL; give each as a variable"):
        external.attach(nothing)


def test_only_the_missing_address_is_named():
    with pytest.raises(StackError, match="missing: HTTP_URL;"):
        external.attach({"WS_URL": "ws://127.0.0.1:9/"}.get)


def test_a_foreign_stack_can_do_what_its_addresses_allow():
    urls = {"WS_URL": "ws://127.0.0.1:9/", "POSTGRES_URL": "postgresql://qa:hunter22@db.example/orders"}
    stack = external.attach(lambda name: urls.get(name, ""), required=("WS_URL",))
    assert stack.abilities == ["read sessions"]
    assert stack.guards.isolation == "owner"
    assert not stack.disposable
    assert stack.shown == ["ws", "postgres"]


def test_compose_reads_the_environment_before_env_file_before_defaults():
    values = compose.settings("WS_PORT=4001\nHTTP_PORT=4000\nREDIS_PORT=\n", {"HTTP_PORT": "5000"}.get)
    assert (values["WS_PORT"], values["HTTP_PORT"], values["REDIS_PORT"]) == ("4001", "5000", "6379")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A = 1 ", "1"),
        ("A='x # y'", "x # y"),
        ('A="x" # why', "x"),
        ("A=x#y # why", "x#y"),
        ("A=# why", ""),
        ("A=a=b", "a=b"),
    ],
)
def test_lines_of_an_env_file(line, value):
    assert compose.parse_env(line) == {"A": value}


@given(st.text())
def test_any_env_file_is_read_without_an_error(text):
    assert isinstance(compose.parse_env(text), dict)


def test_comments_and_empty_lines_are_left_out():
    assert compose.parse_env("# A=1\n\nnothing here\nB=2\n") == {"B": "2"}


def test_the_compose_file_is_found_upwards(tmp_path):
    (tmp_path / "docker-compose.yml").touch()
    (tmp_path / "suites").mkdir()
    assert compose.find_project(tmp_path / "suites") == tmp_path


def test_without_docker_an_unknown_port_is_one_plain_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match=r"^the port of server is not known: docker compose port server 3001: "):
        compose.published_port(tmp_path, "server", 3001)


def test_docker_is_asked_for_a_port_that_it_chose(tmp_path, monkeypatch):
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\n[ "$*" = "compose port server 3001" ] && echo 127.0.0.1:49153\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert compose.published_port(tmp_path, "server", 3001) == "49153"
