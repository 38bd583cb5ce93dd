"""A server that cannot start says why in one line."""

import pytest

from reference_server import app
from reference_server.app import App, StartError
from reference_server.settings import load

NOWHERE = {
    "REFERENCE_SERVER_DATABASE_URL": "postgresql://cloud:canary@127.0.0.1:1/cloud",
    "REFERENCE_SERVER_REDIS_URL": "redis://127.0.0.1:1/0",
    "REFERENCE_SERVER_AUTH_MODE": "open",
}


async def test_a_database_that_is_not_there_is_named_by_its_setting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app, "DATABASE_PATIENCE", 0.0)
    says = r"^PostgreSQL cannot be reached \(ConnectionRefusedError\): check REFERENCE_SERVER_DATABASE_URL$"
    with pytest.raises(StartError, match=says):
        await App(load(NOWHERE)).start()
