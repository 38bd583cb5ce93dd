"""Links lead to the parts of the running stack by their names."""

from urllib.parse import urlsplit

import psycopg
import pytest

from wireproof.faults.errors import FaultError


def test_a_link_to_the_gateway(stack, faults, sockets):
    info = faults.start_fault_proxy("room", "ws")
    assert info.url == stack.endpoint("ws").replace(str(urlsplit(stack.endpoint("ws")).port), str(info.port))
    sockets.open_client("alice", via="room", log_in=False)
    assert faults.get_link_state("room") == 1


def test_a_link_to_the_database(stack, faults):
    info = faults.start_fault_proxy("db", "postgres")
    assert stack.credential("postgres") not in info.url
    parts = urlsplit(stack.addresses.postgres)
    address = {"host": info.host, "port": info.port, "user": parts.username, "password": parts.password}
    with psycopg.connect(dbname=parts.path[1:], **address) as connection:
        assert connection.execute("SELECT 17").fetchone() == (17,)
        faults.reset_connections("db")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 18")


def test_a_link_to_a_service(start_server, faults, sockets):
    server = start_server()
    info = faults.start_fault_proxy("room", server.name)
    sockets.open_client("alice", server.ws, via="room", log_in=False)
    assert info.url.endswith(f":{info.port}{urlsplit(server.ws).path}")


def test_an_unknown_part_is_told_with_those_there_are(stack, faults):
    with pytest.raises(FaultError, match=r"^'gateway' is no target: the running stack has ws, http, postgres, redis, "):
        faults.start_fault_proxy("room", "gateway")
