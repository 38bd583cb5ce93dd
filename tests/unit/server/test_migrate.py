"""Migrations: numbered without a gap, each once, never edited."""

import pytest

from reference_server.migrate import MigrationError, pending, read


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "0001_first.sql").write_text("SELECT 1")
    (tmp_path / "0002_second.sql").write_text("SELECT 2")
    return tmp_path


def done(*migrations):
    return {m.version: (m.name, m.sha256) for m in migrations}


def test_those_of_the_server_are_in_order():
    assert [m.version for m in read()] == list(range(1, len(read()) + 1))


def test_what_was_not_applied_is_pending_in_order(folder):
    first, second = read(folder)
    assert pending([first, second], {}) == [first, second]
    assert pending([first, second], done(first)) == [second]
    assert pending([first, second], done(first, second)) == []


def test_an_edited_file_is_refused(folder):
    applied = done(*read(folder))
    (folder / "0001_first.sql").write_text("SELECT 1 -- changed")
    with pytest.raises(MigrationError, match=r"0001_first\.sql was edited after it was applied"):
        pending(read(folder), applied)


def test_a_database_that_is_ahead_is_refused(folder):
    first, second = read(folder)
    with pytest.raises(MigrationError, match=r"0002_second\.sql was applied but its file is gone"):
        pending([first], done(first, second))


@pytest.mark.parametrize("name", ["2_third.sql", "third.sql", "0003-third.sql", "0003_Third.sql"])
def test_a_wrong_name_is_refused(folder, name):
    (folder / name).write_text("SELECT 3")
    with pytest.raises(MigrationError, match="wrong name"):
        read(folder)


@pytest.mark.parametrize("name", ["0002_again.sql", "0004_gap.sql"])
def test_a_double_or_missing_number_is_refused(folder, name):
    (folder / name).write_text("SELECT 3")
    with pytest.raises(MigrationError, match="numbers go up by one"):
        read(folder)
