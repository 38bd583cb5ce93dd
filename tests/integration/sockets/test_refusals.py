"""Connections that do not come about: the stage and the words, each seen once."""

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from foreign_servers import Loop, Peer, aiohttp_server, echo, scripted, websockets_server
from robot.api.types import Secret

from wireproof import links
from wireproof.links import Link
from wireproof.sockets.errors import SocketsError

SHORT = timedelta(seconds=1)
"""Meanwhile the client gets as far as it can."""


@pytest.fixture(scope="module")
def aiohttp_url(loop: Loop) -> Iterator[str]:
    with loop.hosting(aiohttp_server()) as port:
        yield f"ws://127.0.0.1:{port}"


def refused(sockets: Any, url: str, **options: Any) -> str:
    """What opening a client says after its url."""
    with pytest.raises(SocketsError) as failure:
        sockets.open_client("alice", url, **options)
    assert failure.value.__cause__ is None
    assert "\n" not in str(failure.value)
    return str(failure.value).removeprefix(f"alice could not open {url}: ")


class TestTcp:
    def test_nobody_listens(self, sockets: Any) -> None:
        told = refused(sockets, "ws://127.0.0.1:1/")
        assert told == "refused at stage tcp: 127.0.0.1:1 refused the connection: is the server running there?"

    def test_an_unknown_host(self, sockets: Any) -> None:
        told = refused(sockets, "ws://nowhere.invalid/", timeout=timedelta(seconds=10))
        assert told.startswith("refused at stage tcp: ")
        assert "nowhere.invalid" in told

    def test_a_full_backlog(self, sockets: Any) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            address = full.getsockname()
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(address)
            told = refused(sockets, f"ws://127.0.0.1:{address[1]}/", timeout=SHORT)
            for filler in fillers:
                filler.close()
        assert told == f"refused at stage tcp: 127.0.0.1:{address[1]} did not answer in time"


class TestNoUrl:
    def test_without_url_default_and_stack(self, sockets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("wireproof.stack._current", None)
        with pytest.raises(SocketsError, match="no url: give one, set one with Set Client Defaults, or start a stack"):
            sockets.open_client("alice")

    def test_a_fault_link_that_does_not_run(self, sockets: Any) -> None:
        for opening in (
            lambda: sockets.open_client("alice", "ws://127.0.0.1:1/", via="room"),
            lambda: sockets.open_clients("room", 3, "ws://127.0.0.1:1/", via="room"),
            lambda: sockets.connection_should_be_refused("ws://127.0.0.1:1/", via="room"),
        ):
            with pytest.raises(
                ValueError, match=r"^no link 'room' is running: call Start Fault Proxy first; running: none$"
            ):
                opening()

    def test_a_fault_link_and_a_proxy(self, sockets: Any) -> None:
        links.add(Link("room", ("127.0.0.1", 1), ("127.0.0.1", 2)))
        try:
            with pytest.raises(
                SocketsError, match="goes through a fault link or an HTTP proxy, not both: leave out via"
            ):
                sockets.open_client("alice", "ws://127.0.0.1:1/", via="room", proxy="http://127.0.0.1:3")
        finally:
            links.remove("room")

    def test_names_that_cannot_be(self, sockets: Any, echo_url: str) -> None:
        sockets.open_clients("member", 1, echo_url)
        for name in ("", " ", "all"):
            with pytest.raises(SocketsError, match="cannot be a client's name"):
                sockets.open_client(name, echo_url)
        with pytest.raises(SocketsError, match="'member' is the name of a group"):
            sockets.open_client("member", echo_url)
        with pytest.raises(SocketsError, match="given twice: a"):
            sockets.open_clients("twins", url=echo_url, each=[{"name": "a"}, {"name": "a"}])


class TestHttp:
    @pytest.mark.parametrize("status", [401, 403, 503])
    def test_a_status_is_told_with_the_body(self, sockets: Any, aiohttp_url: str, status: int) -> None:
        url = f"{aiohttp_url}/status/{status}"
        sockets.connection_should_be_refused(url, stage="http", status=status, reason="not today")
        assert refused(sockets, url).endswith(": not today")

    def test_the_wrong_expectation_fails_with_both(self, sockets: Any, aiohttp_url: str) -> None:
        url = f"{aiohttp_url}/status/401"
        with pytest.raises(AssertionError) as failure:
            sockets.connection_should_be_refused(url, stage="tls", msg="as the contract says")
        assert str(failure.value) == (
            f"as the contract says: connection to {url} was refused at stage http (status 401): the server answered "
            "401 Unauthorized: not today; expected refusal at stage tls"
        )

    def test_an_accepted_connection_fails(self, sockets: Any, aiohttp_url: str) -> None:
        with pytest.raises(AssertionError) as failure:
            sockets.connection_should_be_refused(aiohttp_url, status=401, within=SHORT)
        assert str(failure.value) == (
            f"connection to {aiohttp_url} was accepted, expected refusal with status 401 within 1 s"
        )

    def test_a_close_right_after_the_upgrade_is_a_refusal(self, sockets: Any, aiohttp_url: str) -> None:
        sockets.connection_should_be_refused(f"{aiohttp_url}/close/1008", stage="login", code=1008, reason="as told")

    def test_a_long_body_is_read_to_its_end(self, sockets: Any) -> None:
        def script(peer: Peer) -> None:
            peer.read_head()
            peer.say(503, "Content-Length: 9\r\n")
            peer.sock.sendall(b"try ")
            peer.sock.sendall(b"later")
            peer.read_to_end()

        with scripted(script) as port:
            assert refused(sockets, f"ws://127.0.0.1:{port}/").endswith("503 Said: try later")

    def test_a_silent_server(self, sockets: Any) -> None:
        with scripted(Peer.read_to_end) as port:
            told = refused(sockets, f"ws://127.0.0.1:{port}/", timeout=SHORT)
        assert told == "refused at stage http: the server did not answer the upgrade in time"

    def test_a_server_that_hangs_up(self, sockets: Any) -> None:
        with scripted(Peer.read_head) as port:
            told = refused(sockets, f"ws://127.0.0.1:{port}/")
        assert told == "refused at stage http: the connection ended before the answer: the server closed it"

    def test_a_server_that_resets(self, sockets: Any) -> None:
        with scripted(lambda peer: (peer.read_head(), peer.reset())) as port:
            told = refused(sockets, f"ws://127.0.0.1:{port}/")
        assert told.startswith("refused at stage http: the connection ended before the answer: ")

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (lambda peer: peer.sock.sendall(b"220 mail.example ESMTP\r\n\r\n"), "the answer is not HTTP but '220 mail"),
            (lambda peer: peer.say(301, "Location: wss://else/\r\n"), "answered 301 Said to 'wss://else/'; redirects"),
            (lambda peer: peer.say(101), "101 without the headers Upgrade and Connection"),
            (
                lambda peer: peer.say(101, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n"),
                "101 with a wrong Sec-WebSocket-Accept",
            ),
            (lambda peer: peer.sock.sendall(b"HTTP/1.1 101 x\r\n" + b"a: b\r\n" * 20000), "head is longer than 65536"),
        ],
    )
    def test_a_wrong_answer(self, sockets: Any, answer: Callable[[Peer], object], told: str) -> None:
        def script(peer: Peer) -> None:
            peer.read_head()
            answer(peer)
            peer.read_to_end()

        with scripted(script) as port:
            assert told in refused(sockets, f"ws://127.0.0.1:{port}/")

    @pytest.mark.parametrize(
        ("extra", "told"),
        [
            ("Sec-WebSocket-Extensions: permessage-deflate\r\n", "an extension nobody offered: permessage-deflate"),
            ("Sec-WebSocket-Protocol: chat\r\n", "chose the subprotocol 'chat', which was not offered"),
        ],
    )
    def test_a_choice_nobody_offered(self, sockets: Any, extra: str, told: str) -> None:
        with scripted(lambda peer: (peer.upgrade(extra), peer.read_to_end())) as port:
            assert told in refused(sockets, f"ws://127.0.0.1:{port}/")


class TestLogin:
    def test_a_server_that_closes_during_the_login(self, sockets: Any, loop: Loop) -> None:
        async def forbidding(connection: Any) -> None:
            await connection.recv()
            await connection.close(4403, "Forbidden")

        with loop.hosting(websockets_server(forbidding, subprotocols=["graphql-transport-ws"])) as port:
            url = f"ws://127.0.0.1:{port}/"
            sockets.connection_should_be_refused(
                url, stage="login", code=4403, reason="Forbidden", dialect="graphql-transport-ws"
            )
            told = refused(sockets, url, dialect="graphql-transport-ws")
        assert told.startswith("refused at stage login: ")
        assert "4403 'Forbidden'" in told

    def test_a_server_that_never_answers_the_login(self, sockets: Any, loop: Loop) -> None:
        async def silent(connection: Any) -> None:
            await connection.wait_closed()

        with loop.hosting(websockets_server(silent, subprotocols=["graphql-transport-ws"])) as port:
            told = refused(sockets, f"ws://127.0.0.1:{port}/", dialect="graphql-transport-ws", timeout=SHORT)
        assert told == "refused at stage login: the server did not finish the login in time"

    def test_a_login_that_lacks_something_is_not_tried(self, sockets: Any) -> None:
        told = refused(sockets, "ws://127.0.0.1:1/", dialect="cloudmessage", login={"userId": "u"})
        assert told.startswith("a CloudMessage login takes")


class Certificates:
    """An authority of our own, and what it signed, as files."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        other = trustme.CA()
        self.server = authority.issue_cert("127.0.0.1", "localhost")
        client = authority.issue_cert("trader@bank.example")
        self.authority = authority
        self.ca = str(folder / "ca.pem")
        self.other_ca = str(folder / "other.pem")
        self.cert = str(folder / "client.pem")
        self.key = str(folder / "client.key")
        self.locked_key = str(folder / "locked.key")
        authority.cert_pem.write_to_path(self.ca)
        other.cert_pem.write_to_path(self.other_ca)
        client.cert_chain_pems[0].write_to_path(self.cert)
        client.private_key_pem.write_to_path(self.key)
        key = serialization.load_pem_private_key(client.private_key_pem.bytes(), None)
        locked = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open sesame"),
        )
        Path(self.locked_key).write_bytes(locked)

    def context(self, *, client: bool = False, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
        """A server's context, which asks for a client's certificate if told so."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.maximum_version = newest
        self.server.configure_cert(context)
        if client:
            self.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure_port(loop: Loop, files: Certificates) -> Iterator[int]:
    with loop.hosting(websockets_server(echo, ssl=files.context())) as port:
        yield port


class TestTls:
    def test_a_trusted_server_talks(self, sockets: Any, files: Certificates, secure_port: int) -> None:
        sockets.open_client("alice", f"wss://127.0.0.1:{secure_port}/", tls={"ca": files.ca})
        sockets.send_text("alice", "x" * 300_000)
        sockets.wait_for_message("alice", text="x" * 300_000)

    def test_two_threads_use_one_tls_connection(self, sockets: Any, files: Certificates, secure_port: int) -> None:
        sockets.open_client("alice", f"wss://127.0.0.1:{secure_port}/", tls={"ca": files.ca})
        text = "y" * 20_000
        senders = [
            threading.Thread(target=lambda: [sockets.send_text("alice", text) for _ in range(50)]) for _ in range(4)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        sockets.wait_for_messages("alice", 200, text=text)

    def test_an_unknown_authority_fails_by_default(self, sockets: Any, secure_port: int) -> None:
        told = refused(sockets, f"wss://127.0.0.1:{secure_port}/")
        assert told.startswith("refused at stage tls: the server's certificate is not accepted: ")
        assert told.endswith("; trust its authority with tls ca")

    def test_a_wrong_host_fails_by_default(self, sockets: Any, files: Certificates, secure_port: int) -> None:
        tls = {"ca": files.ca, "server_name": "bank.example"}
        assert "bank.example" in refused(sockets, f"wss://127.0.0.1:{secure_port}/", tls=tls)

    def test_not_verifying_has_to_be_said(self, sockets: Any, secure_port: int) -> None:
        sockets.open_client("alice", f"wss://127.0.0.1:{secure_port}/", tls={"verify": False})

    def test_a_corporate_authority_from_the_environment(
        self, sockets: Any, files: Certificates, secure_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", files.ca)
        sockets.open_client("alice", f"wss://127.0.0.1:{secure_port}/")

    def test_an_old_version_is_refused(self, sockets: Any, files: Certificates) -> None:
        context = files.context()
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with scripted(Peer.read_to_end, context) as port:
            sockets.connection_should_be_refused(f"wss://127.0.0.1:{port}/", stage="tls", tls={"ca": files.ca})

    def test_a_server_without_tls(self, sockets: Any, echo_url: str) -> None:
        told = refused(sockets, echo_url.replace("ws:", "wss:"))
        assert told == (
            "refused at stage tls: the server does not speak TLS there: it ended the handshake; is it a ws:// url?"
        )

    def test_a_server_that_stops_in_the_handshake(self, sockets: Any) -> None:
        with scripted(Peer.read_to_end) as port:
            told = refused(sockets, f"wss://127.0.0.1:{port}/", timeout=SHORT)
        assert told == "refused at stage tls: the server did not finish the TLS handshake in time"

    def test_a_server_that_answers_in_the_clear(self, sockets: Any) -> None:
        with scripted(lambda peer: (peer.sock.recv(1), peer.say(400), peer.read_to_end())) as port:
            told = refused(sockets, f"wss://127.0.0.1:{port}/")
        assert told == "refused at stage tls: the server does not speak TLS there: is it a ws:// url?"

    def test_a_server_that_hangs_up_after_the_handshake_is_refusing_the_upgrade(
        self, sockets: Any, files: Certificates
    ) -> None:
        with scripted(Peer.read_head, files.context()) as port:
            sockets.connection_should_be_refused(f"wss://127.0.0.1:{port}/", stage="http", tls={"ca": files.ca})

    def test_a_tls_server_reached_without(self, sockets: Any, secure_port: int) -> None:
        assert refused(sockets, f"ws://127.0.0.1:{secure_port}/").startswith("refused at stage http: ")

    @pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_client_certificates(self, sockets: Any, loop: Loop, files: Certificates, newest: ssl.TLSVersion) -> None:
        with loop.hosting(websockets_server(echo, ssl=files.context(client=True, newest=newest))) as port:
            url = f"wss://127.0.0.1:{port}/"
            sockets.connection_should_be_refused(url, stage="tls", tls={"ca": files.ca})
            sockets.open_client("alice", url, tls={"ca": files.ca, "cert": files.cert, "key": files.key})
            locked = {"ca": files.ca, "cert": files.cert, "key": files.locked_key}
            sockets.open_client("bob", url, tls={**locked, "key_password": Secret("open sesame")})
            assert "is encrypted: give its password as key_password" in refused_locally(sockets, url, locked)
            wrong = {**locked, "key_password": Secret("open barley")}
            assert "wrong key_password, or not PEM" in refused_locally(sockets, url, wrong)

    def test_files_that_are_not_pem(self, sockets: Any, files: Certificates, tmp_path: Path) -> None:
        url = "wss://127.0.0.1:1/"
        store = tmp_path / "trader.p12"
        store.write_bytes(b"\x30\x82")
        garbage = tmp_path / "garbage.pem"
        garbage.write_bytes(b"garbage")
        assert "cannot be read: No such file" in refused_locally(sockets, url, {"ca": str(tmp_path / "none.pem")})
        assert "`openssl pkcs12 -in trader.p12" in refused_locally(sockets, url, {"cert": str(store)})
        assert "holds no PEM certificate" in refused_locally(sockets, url, {"ca": str(garbage)})
        assert "are no PEM pair" in refused_locally(sockets, url, {"cert": str(garbage), "key": files.key})
        assert "a key without a cert" in refused_locally(sockets, url, {"key": files.key})


def refused_locally(sockets: Any, url: str, tls: dict[str, Any]) -> str:
    """What is wrong with the files, told before anything is sent."""
    with pytest.raises(SocketsError) as failure:
        sockets.open_client("carol", url, tls=tls)
    assert "stage" not in str(failure.value)
    return str(failure.value)


class TestProxies:
    @pytest.fixture
    def proxy(self) -> Iterator[tuple[int, list[str]]]:
        """A CONNECT proxy that wants user qa with password "canary-a canary-b"; gives its port and what was asked."""
        asked: list[str] = []
        wanted = base64.b64encode(b"qa:canary-a canary-b").decode()

        def script(peer: Peer) -> None:
            peer.read_head()
            asked.append(peer.head.split("\r\n")[0])
            if peer.header("Proxy-Authorization") != f"Basic {wanted}":
                peer.say(407)
                return
            host, _, port = asked[-1].split(" ")[1].rpartition(":")
            with socket.create_connection((host, int(port))) as onward:
                peer.say(200)
                back = threading.Thread(target=pump, args=(onward, peer.sock), daemon=True)
                back.start()
                pump(peer.sock, onward)
                back.join()

        with scripted(script) as port:
            yield port, asked

    def test_a_tunnel_to_a_tls_server(
        self, sockets: Any, proxy: tuple[int, list[str]], files: Certificates, secure_port: int
    ) -> None:
        port, asked = proxy
        sockets.open_client(
            "alice",
            f"wss://127.0.0.1:{secure_port}/",
            tls={"ca": files.ca},
            proxy=Secret(f"http://qa:canary-a%20canary-b@127.0.0.1:{port}"),
        )
        sockets.send_text("alice", "hello")
        sockets.wait_for_message("alice", text="hello")
        assert asked == [f"CONNECT 127.0.0.1:{secure_port} HTTP/1.1"]

    def test_wrong_credentials(self, sockets: Any, proxy: tuple[int, list[str]], echo_url: str) -> None:
        wrong = Secret(f"http://qa:canary-c@127.0.0.1:{proxy[0]}")
        sockets.connection_should_be_refused(echo_url, stage="tcp", status=407, proxy=wrong)
        assert refused(sockets, echo_url, proxy=wrong) == "refused at stage tcp: the proxy answered 407 Said"

    def test_nobody_is_the_proxy(self, sockets: Any, echo_url: str) -> None:
        told = refused(sockets, echo_url, proxy=Secret("http://127.0.0.1:1"))
        assert told.startswith("refused at stage tcp: the proxy 127.0.0.1:1 refused the connection")

    @pytest.mark.parametrize(
        ("script", "told"),
        [
            (Peer.read_to_end, "the proxy did not answer in time"),
            (Peer.read_head, "the proxy closed the connection without an answer"),
            (lambda peer: peer.sock.sendall(b"hello\r\n\r\n"), "the proxy: the answer is not HTTP but 'hello'"),
        ],
    )
    def test_a_proxy_that_is_none(
        self, sockets: Any, echo_url: str, script: Callable[[Peer], object], told: str
    ) -> None:
        with scripted(script) as port:
            proxy = Secret(f"http://127.0.0.1:{port}")
            assert refused(sockets, echo_url, proxy=proxy, timeout=SHORT) == f"refused at stage tcp: {told}"

    def test_another_kind_of_proxy(self, sockets: Any, echo_url: str) -> None:
        told = refused(sockets, echo_url, proxy=Secret("socks5://127.0.0.1:1"))
        assert told == "a proxy of scheme 'socks5' is not supported: write http://host:port"

    def test_the_environment_names_it_but_loopback_goes_directly(
        self, sockets: Any, echo_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        sockets.open_client("alice", echo_url)
        sockets.connection_should_be_refused("ws://wireproof.example/", stage="tcp", reason="the proxy 127.0.0.1:1")


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
