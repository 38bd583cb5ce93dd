"""The state file of a running stack: reading, finding, and whose it is."""

import os
from pathlib import Path

import pytest

from wireproof.stack import janitor, state
from wireproof.stack.errors import StackError
from wireproof.stack.state import State


def own_state() -> State:
    row = janitor.look_up(os.getpid())
    assert row is not None
    return State(*row.identity, run_dir="/somewhere")


def test_a_written_state_reads_back():
    assert state.parse(own_state().to_json()) == own_state()


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"pid": 1}', '{"pid": "x", "started": "", "run_dir": ""}'])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        state.parse(text)


def test_a_state_is_found_from_everywhere_in_the_checkout(tmp_path):
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    root, inner = tmp_path / "project", tmp_path / "project/suites/area"
    inner.mkdir(parents=True)
    (root / "pyproject.toml").touch()
    file = state.of_checkout(root, environment)
    with file.locked():
        file.write(own_state())
    assert state.of_checkout(inner, environment).find() == own_state()
    assert state.of_checkout(tmp_path, environment).find() is None
    assert file.path.stat().st_mode & 0o077 == 0


def test_a_state_whose_holder_is_dead_is_not_found(tmp_path):
    file = state.of_checkout(tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path)})
    with file.locked():
        file.write(State(os.getpid(), "another start", "/somewhere"))
    assert file.find() is None


def test_looking_leaves_nothing_behind(tmp_path):
    assert state.of_checkout(tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path)}).find() is None
    assert list(tmp_path.iterdir()) == []


def test_a_directory_open_to_others_is_refused(tmp_path):
    file = state.of_checkout(tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path)})
    file.path.parent.mkdir()
    file.path.parent.chmod(0o755)
    with pytest.raises(StackError, match=r"must be yours and closed to others"):
        file.find()


def test_without_a_project_around_it_the_directory_itself_counts(tmp_path):
    marked = any((path / mark).exists() for path in tmp_path.parents for mark in (".git", "pyproject.toml"))
    assert marked or state.project_of(tmp_path) == Path(tmp_path).resolve()
