"""Which paths an account can reach, by the permissions on the way."""

import os

import pytest

from wireproof.stack.accounts import Account

STRANGER = Account("stranger", 64123, 64123)


@pytest.fixture
def opened(tmp_path):
    """A directory that everybody reaches, whatever pytest's own permissions are."""
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.getuid() and path.stat().st_mode & 0o011 != 0o011:
            path.chmod(path.stat().st_mode | 0o011)
    return tmp_path


def test_a_closed_directory_on_the_way_shuts_strangers_out(opened):
    inner = opened / "home" / "bin"
    inner.mkdir(parents=True)
    assert STRANGER.can_reach(inner)
    (opened / "home").chmod(0o700)
    assert not STRANGER.can_reach(inner)


def test_the_owner_is_judged_by_the_owners_permission(opened):
    home = opened / "home"
    home.mkdir(mode=0o700)
    owner = Account("me", home.stat().st_uid, home.stat().st_gid)
    assert owner.can_reach(home)
    home.chmod(0o077)
    assert not owner.can_reach(home)


def test_the_group_is_judged_by_the_groups_permission(opened):
    home = opened / "home"
    home.mkdir()
    member = Account("member", 64123, home.stat().st_gid)
    home.chmod(0o710)
    assert member.can_reach(home)
    home.chmod(0o701)
    assert not member.can_reach(home)
