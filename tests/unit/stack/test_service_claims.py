"""Claims tell whether a run that is at a service lives."""

import json
import subprocess

import pytest

from wireproof.stack import janitor
from wireproof.stack.claims import Claims


@pytest.fixture
def claims(tmp_path):
    return Claims(tmp_path / "claims")


def test_what_nobody_claims_is_neither_alive_nor_abandoned(claims):
    claims.drop("redis")
    assert not claims.is_alive("redis")
    assert not claims.is_abandoned("redis")


def test_what_this_process_claims_is_alive_until_it_is_dropped(claims):
    claims.take("redis")
    assert claims.is_alive("redis")
    assert not claims.is_abandoned("redis")
    assert not claims.is_alive("postgres")
    claims.drop("redis")
    assert not claims.is_alive("redis")


def test_what_a_dead_process_claimed_is_abandoned(claims, tmp_path):
    claims.take("redis")
    with subprocess.Popen(["sleep", "60"]) as other:
        identity = janitor.look_up(other.pid).identity
        other.kill()
    (tmp_path / "claims/redis.json").write_text(json.dumps(identity._asdict()))
    assert claims.is_abandoned("redis")
    claims.take("redis")
    assert claims.is_alive("redis")


@pytest.mark.parametrize("text", ["", "{", "{}"])
def test_a_claim_that_cannot_be_read_is_abandoned(claims, tmp_path, text):
    claims.take("redis")
    (tmp_path / "claims/redis.json").write_text(text)
    assert claims.is_abandoned("redis")
