"""Options, targets and the encoding of what is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.sockets.errors import SocketsError
from wireproof.sockets.options import Options, Tls, encode_json, encode_text, target_of
from wireproof.wiretext import holds_secret, reveal, safe


class Hidden:
    def __init__(self, value: str) -> None:
        self.value = value


class TestMerging:
    def test_what_is_given_wins_and_nothing_is_merged_within_an_option(self) -> None:
        suite = Options(url="ws://a/", headers={"A": "1"}, timeout_s=2.0)
        own = Options(headers={"B": "2"}, log_in=False)
        assert own.over(suite) == Options(url="ws://a/", headers={"B": "2"}, timeout_s=2.0, log_in=False)

    def test_given_names_what_is_not_none(self) -> None:
        assert Options(url="ws://a/", log_in=False).given() == {"url": "ws://a/", "log_in": False}


class TestTargets:
    @pytest.mark.parametrize(
        ("url", "host", "port", "resource", "host_header"),
        [
            ("ws://example.org", "example.org", 80, "/", "example.org"),
            ("wss://example.org/a/b?c=d", "example.org", 443, "/a/b?c=d", "example.org"),
            ("ws://EXAMPLE.org:8080/", "example.org", 8080, "/", "example.org:8080"),
            ("ws://[::1]:9/x", "::1", 9, "/x", "[::1]:9"),
            ("ws://bücher.example/ä b", "xn--bcher-kva.example", 80, "/%C3%A4%20b", "xn--bcher-kva.example"),
            ("ws://h/a%20b?x=%26", "h", 80, "/a%20b?x=%26", "h"),
        ],
    )
    def test_urls(self, url: str, host: str, port: int, resource: str, host_header: str) -> None:
        target = target_of(Options(url=url))
        assert (target.host, target.port, target.resource, target.host_header) == (host, port, resource, host_header)

    @pytest.mark.parametrize(
        ("url", "told"),
        [
            ("http://h/", "write ws:// instead"),
            ("https://h/", "write wss:// instead"),
            ("h:80", "write ws://host:port/path"),
            ("", "write ws://host:port/path"),
            ("ws:///x", "write ws://host:port/path"),
            ("ws://h:99999/", "cannot be read"),
            ("ws://user:pass@h/", "user and password is not sent"),
            ("ws://h/#x", "leave it out"),
            (f"ws://{'ü' * 70}.example/", "is not a host name"),
        ],
    )
    def test_urls_that_are_refused(self, url: str, told: str) -> None:
        with pytest.raises(SocketsError, match=told):
            target_of(Options(url=url))

    def test_the_query_is_added_and_quoted(self) -> None:
        target = target_of(Options(url="ws://h/?a=1", query={"b": "x y&z", "c": 2}))
        assert target.resource == "/?a=1&b=x+y%26z&c=2"

    def test_cookies_and_origin_become_headers(self) -> None:
        target = target_of(Options(url="ws://h/", cookies={"a": "1", "b": "2"}, origin="https://h"))
        assert dict(target.headers) == {"Origin": "https://h", "Cookie": "a=1; b=2"}

    @pytest.mark.parametrize(
        ("headers", "told"),
        [
            ({"A B": "x"}, "is not a header's name"),
            ({"A:": "x"}, "is not a header's name"),
            ({"A": "x\r\nB: y"}, "the header A holds a line break"),
            ({"A": "\ud83d"}, "half a character"),
        ],
    )
    def test_headers_that_are_refused(self, headers: dict[str, str], told: str) -> None:
        with pytest.raises(SocketsError, match=told):
            target_of(Options(url="ws://h/", headers=headers))

    def test_a_subprotocol_is_one_word(self) -> None:
        with pytest.raises(SocketsError, match="no blanks, no commas"):
            target_of(Options(url="ws://h/", subprotocols=("a,b",)))

    @given(st.text())
    def test_nothing_in_a_path_breaks_the_request_line(self, path: str) -> None:
        try:
            target = target_of(Options(url=f"ws://h/{path}"))
        except (SocketsError, ValueError):
            return
        assert target.resource.isascii()
        assert target.resource.isprintable()
        assert " " not in target.resource


class TestSecrets:
    def test_they_are_unwrapped_at_every_depth_and_hidden(self) -> None:
        value = {"a": [Hidden("very-secret-1"), {"b": Hidden("very-secret-2")}], "c": 1}
        assert holds_secret(value)
        assert reveal(value) == {"a": ["very-secret-1", {"b": "very-secret-2"}], "c": 1}
        assert safe("x very-secret-1 very-secret-2") == "x <secret> <secret>"
        assert not holds_secret({"a": ["b", None, 1.5]})

    def test_a_target_shows_no_secret_of_its_url(self) -> None:
        target = target_of(Options(url="ws://h/?t=very-secret-3", headers={"X": Hidden("very-secret-3")}))
        assert target.shown == "ws://h/?t=<secret>"

    def test_tls_does_not_show_its_password(self) -> None:
        assert "sesame" not in repr(Tls(key_password=_Robots("sesame")))


class _Robots(Hidden):
    def __repr__(self) -> str:
        return "Secret(value=<secret>)"


class TestEncoding:
    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
    def test_json_is_utf8_or_refused(self, body: Any) -> None:
        try:
            payload, confidential = encode_json(body)
        except (SocketsError, ValueError):
            return
        assert payload.decode()
        assert not confidential

    def test_a_body_with_a_secret_is_confidential(self) -> None:
        assert encode_json({"a": Hidden("very-secret-4")}) == (b'{"a":"very-secret-4"}', True)

    def test_text(self) -> None:
        assert encode_text("ü") == b"\xc3\xbc"
        with pytest.raises(SocketsError, match="at position 1, which is not UTF-8: use Send Frame"):
            encode_text("a\udc00")
