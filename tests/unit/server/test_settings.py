"""Settings come from the environment; a wrong one is one plain line."""

import pytest

from reference_server.settings import Settings, SettingsError, load, load_for_migration

NEEDED = {
    "REFERENCE_SERVER_DATABASE_URL": "postgresql://cloud:pass@localhost/cloud",
    "REFERENCE_SERVER_REDIS_URL": "redis://:pass@localhost/0",
    "REFERENCE_SERVER_TOKEN_SECRET": "a secret of at least thirty-two bytes",
}


def loaded(**changes: str) -> Settings:
    return load({**NEEDED, **{f"REFERENCE_SERVER_{name}": value for name, value in changes.items()}})


def test_production_is_the_default():
    settings = loaded()
    assert (settings.ws_port, settings.http_port, settings.auth_mode, settings.test_mode) == (
        3001,
        3000,
        "token",
        False,
    )
    assert (settings.heartbeat_timeout, settings.message_timeout, settings.backlog_limit) == (30.0, 10.0, 10_000)
    assert settings.node != loaded().node


def test_each_setting_has_its_variable():
    settings = loaded(
        HEARTBEAT_INTERVAL="0.5",
        RETRY_ATTEMPTS="0",
        WS_PORT="0",
        ALLOWED_ORIGINS="https://a, https://b",
        TEST_MODE="1",
        NODE="n1",
    )
    assert settings.heartbeat_interval == 0.5
    assert (settings.retry_attempts, settings.ws_port, settings.test_mode, settings.node) == (0, 0, True, "n1")
    assert settings.allowed_origins == ("https://a", "https://b")


def test_unless_told_otherwise_only_the_gateway_itself_is_an_allowed_origin():
    assert loaded().allowed_origins == ("http://127.0.0.1:3001", "http://localhost:3001")
    assert loaded(WS_PORT="4001").allowed_origins == ("http://127.0.0.1:4001", "http://localhost:4001")


def test_what_everybody_may_know_has_no_address_and_no_secret():
    public = loaded().public()
    assert public["heartbeatInterval"] == 5.0
    assert public["maxMessageBytes"] == 1024 * 1024
    assert not {"databaseUrl", "redisUrl", "tokenSecret", "node"} & public.keys()
    assert "pass" not in repr(loaded())
    assert "secret" not in repr(loaded())


def test_the_secret_comes_from_a_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text("from a file, and long enough for HS256\n")
    assert loaded(TOKEN_SECRET_FILE=str(path)).token_secret == "from a file, and long enough for HS256"


def test_an_empty_variable_is_as_if_it_were_not_set():
    assert loaded(WS_PORT=" ").ws_port == 3001


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WS_PORT", "many", "REFERENCE_SERVER_WS_PORT is 'many': expected a whole number"),
        ("WS_PORT", "70000", "REFERENCE_SERVER_WS_PORT is 70000: expected a port up to 65535"),
        ("HEARTBEAT_INTERVAL", "-1", "REFERENCE_SERVER_HEARTBEAT_INTERVAL is '-1': expected a number above zero"),
        ("HEARTBEAT_INTERVAL", "nan", "REFERENCE_SERVER_HEARTBEAT_INTERVAL is 'nan': expected a number above zero"),
        ("HEARTBEAT_INTERVAL", "inf", "REFERENCE_SERVER_HEARTBEAT_INTERVAL is 'inf': expected a number above zero"),
        ("MAX_CONNECTIONS", "1.5", "REFERENCE_SERVER_MAX_CONNECTIONS is '1.5': expected a whole number"),
        ("TEST_MODE", "maybe", "REFERENCE_SERVER_TEST_MODE is 'maybe': expected 0 or 1"),
        ("AUTH_MODE", "none", "REFERENCE_SERVER_AUTH_MODE is 'none': expected token or open"),
        ("TOKEN_SECRET", "short", "the secret for tokens is too short: HS256 needs at least 32 bytes"),
        (
            "TOKEN_SECRET_FILE",
            "/no/such/file",
            "REFERENCE_SERVER_TOKEN_SECRET_FILE cannot be read: FileNotFoundError for /no/such/file",
        ),
        (
            "DATABASE_URL",
            "mysql://x",
            "REFERENCE_SERVER_DATABASE_URL is no address: expected one that starts with postgresql://",
        ),
        ("REDIS_URL", "localhost", "REFERENCE_SERVER_REDIS_URL is no address: expected one that starts with redis://"),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_to_do(name: str, value: str, says: str):
    with pytest.raises(SettingsError) as caught:
        loaded(**{name: value})
    assert str(caught.value) == says


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "TOKEN_SECRET"])
def test_what_is_needed_is_named(name: str):
    with pytest.raises(SettingsError):
        load({key: value for key, value in NEEDED.items() if key != f"REFERENCE_SERVER_{name}"})


def test_open_mode_needs_no_secret():
    assert (
        load({**NEEDED, "REFERENCE_SERVER_TOKEN_SECRET": "", "REFERENCE_SERVER_AUTH_MODE": "open"}).auth_mode == "open"
    )


class TestMigrating:
    def test_the_databases_address_is_enough(self):
        settings = load_for_migration({"REFERENCE_SERVER_DATABASE_URL": " postgresql://h/d "})
        assert settings.database_url == "postgresql://h/d"

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("", "REFERENCE_SERVER_DATABASE_URL is not set: give the address as a URL"),
            ("redis://h", "REFERENCE_SERVER_DATABASE_URL is no address: expected one that starts with postgresql://"),
        ],
    )
    def test_another_address_is_refused(self, url, reason):
        with pytest.raises(SettingsError) as refusal:
            load_for_migration({"REFERENCE_SERVER_DATABASE_URL": url})
        assert str(refusal.value) == reason
