"""Clients that go through a link are, to the server, the clients that they are without it."""

import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme
from websockets.sync.server import ServerConnection, serve

from wireproof.sockets.errors import SocketsError

NAME = "chat.example"


class SecureServer:
    """Greets over TLS, and notes what it was called in the handshake and in the request."""

    def __init__(self, ca: str) -> None:
        self.ca = ca
        self.port = 0
        self.server_names: list[str | None] = []
        self.hosts: list[str] = []

    def sni(self, sock: object, name: str | None, context: object) -> None:
        self.server_names.append(name)

    def greet(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.hosts.append(connection.request.headers["Host"])
        connection.send("welcome")
        for _ in connection:
            pass


@pytest.fixture(scope="module")
def secure(tmp_path_factory) -> Iterator[SecureServer]:
    authority = trustme.CA()
    ca = str(tmp_path_factory.mktemp("authority") / "ca.pem")
    authority.cert_pem.write_to_path(ca)
    server = SecureServer(ca)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.sni_callback = server.sni
    authority.issue_cert(NAME).configure_cert(context)
    with serve(server.greet, "127.0.0.1", 0, ssl=context, compression=None) as running:
        server.port = running.socket.getsockname()[1]
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield server
        running.shutdown()
        thread.join()


def test_names_and_certificate_stay_the_targets(faults, sockets, secure, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    faults.start_fault_proxy("room", f"127.0.0.1:{secure.port}")
    sockets.open_client("alice", f"wss://{NAME}:9443/", via="room", tls={"ca": secure.ca})
    sockets.wait_for_message("alice", text="welcome")
    assert secure.server_names == [NAME]
    assert secure.hosts == [f"{NAME}:9443"]
    with pytest.raises(SocketsError, match=r"certificate is not accepted: .* \(through the link 'room'\)$"):
        sockets.open_client("bob", "wss://other.example/", via="room", tls={"ca": secure.ca})


def test_all_clients_go_through_a_default(faults, sockets, echo_url):
    faults.start_fault_proxy("echo", echo_url)
    sockets.set_client_defaults(url=echo_url, via="echo", scope="test")
    sockets.open_client("alice")
    sockets.open_clients("member", 2)
    assert faults.get_link_state("echo") == 3


def test_a_clients_error_names_the_link_and_why_it_leads_nowhere(faults, sockets, far):
    far.close()
    faults.start_fault_proxy("room", f"127.0.0.1:{far.port}")
    with pytest.raises(SocketsError) as refused:
        sockets.open_client("alice", f"ws://127.0.0.1:{far.port}/", via="room")
    assert str(refused.value).endswith(f"(through the link 'room': nobody listens at 127.0.0.1:{far.port})")
