"""What a probe found, in one line each."""

import http.server
import threading

import pytest

from wireproof.stack import readiness
from wireproof.stack.processes import free_port
from wireproof.stack.readiness import Check, NotReadyError


@pytest.fixture
def answers():
    """An HTTP server that answers every path with what `answers` holds: (status, body)."""
    given = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(given["status"])
            self.end_headers()
            self.wfile.write(given["body"])

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        given["url"] = f"http://127.0.0.1:{server.server_port}"
        yield given
        server.shutdown()
        thread.join()


def test_every_reason_stands_in_one_line():
    checks = [Check("postgres", False, "away", 1), Check("http", True, "", 1), Check("redis", False, "no answer", 1)]
    assert readiness.reasons(checks) == "postgres: away; redis: no answer"
    assert readiness.reasons([]) == ""


def test_a_healthy_check_tells_its_latency():
    assert str(Check("redis", True, "", 1.26)) == "redis: ok in 1.3 ms"
    assert str(Check("http", True, "warning: redis away", 1.26)) == "http: ok in 1.3 ms (warning: redis away)"


def test_a_closed_port_is_said_plainly():
    port = free_port()
    for probe, url in ((readiness.tcp, f"ws://127.0.0.1:{port}/"), (readiness.http, f"http://127.0.0.1:{port}")):
        with pytest.raises(NotReadyError, match=f"127.0.0.1:{port}.* cannot be reached: Connection refused$"):
            probe(url)


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (200, b'{"status": "pass"}', ""),
        (
            200,
            b'{"status": "warn", "checks": {"redis": [{"status": "warn", "output": "away"}]}}',
            "warning: redis away",
        ),
        (200, b"fine", ""),
        (404, b"", "it has no /health/ready"),
    ],
)
def test_a_ready_server(answers, status, body, detail):
    answers.update(status=status, body=body)
    assert readiness.http(answers["url"]) == detail


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b'{"checks": {"postgres": [{"status": "fail", "output": "refused"}], "redis": {"status": "pass"}}}',
            "503: postgres refused",
        ),
        (b'{"checks": {"migrations": {"status": "fail"}}}', "503: migrations fail"),
        (b"\xff<html>", "503: nothing more was said"),
        (b'{"checks": [1, {"a": 2}]}', "503: nothing more was said"),
    ],
)
def test_a_server_that_is_not_ready_says_why(answers, body, reason):
    answers.update(status=503, body=body)
    with pytest.raises(NotReadyError, match=f"^/health/ready answered {reason}$"):
        readiness.http(answers["url"])


def test_a_peer_that_does_not_speak_http_is_said_plainly(answers):
    answers.update(status=200, body=b"")
    port = answers["url"].rpartition(":")[2]
    with pytest.raises(NotReadyError, match="cannot be reached"):
        readiness.get(f"https://127.0.0.1:{port}/")


def test_the_users_proxy_is_not_asked_for_this_machine(answers, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    answers.update(status=200, body=b"{}")
    assert readiness.get(answers["url"])[0] == 200
