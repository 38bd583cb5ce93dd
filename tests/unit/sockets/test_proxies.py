"""Which proxy is used."""

import pytest

from wireproof.sockets.errors import SocketsError
from wireproof.sockets.proxies import from_environment, is_loopback, parse
from wireproof.wiretext import safe


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://secure:1")
    monkeypatch.setenv("http_proxy", "http://plain:2")
    monkeypatch.setenv("NO_PROXY", "inside.example")


def test_the_scheme_decides() -> None:
    assert from_environment(secure=True, host="out.example") == "http://secure:1"
    assert from_environment(secure=False, host="out.example") == "http://plain:2"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1", "a.inside.example"])
def test_who_is_reached_directly(host: str) -> None:
    assert from_environment(secure=True, host=host) == ""


def test_loopback_is_known_by_address() -> None:
    assert not is_loopback("10.0.0.1")
    assert not is_loopback("localhost.example")


def test_credentials_are_hidden() -> None:
    assert parse("http://qa:open%20sesame@p.example:3128") == ("p.example", 3128, "Basic cWE6b3BlbiBzZXNhbWU=")
    assert safe("open sesame, cWE6b3BlbiBzZXNhbWU=") == "<secret>, <secret>"
    assert parse("p.example:3128") == ("p.example", 3128, "")
    assert parse("http://p.example") == ("p.example", 80, "")


@pytest.mark.parametrize("proxy", ["socks5://p:1", "https://p:1", "http://", "http://p:99999"])
def test_what_is_no_http_proxy(proxy: str) -> None:
    with pytest.raises(SocketsError, match="write http://host:port"):
        parse(proxy)
