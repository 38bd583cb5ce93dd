"""Whether a server can be started here is known before one is tried."""

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

from wireproof.stack import server

ROOT = Path(__file__).parents[3]


def imported(path: Path) -> set[str]:
    """The packages that a module cannot do without: what it imports outside functions."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_every_package_that_the_server_imports_is_looked_for(monkeypatch):
    wanted = {name for path in (ROOT / "reference_server").rglob("*.py") for name in imported(path)}
    looked_for = []
    monkeypatch.setattr(importlib.util, "find_spec", looked_for.append)
    server.obstacle()
    assert wanted - sys.stdlib_module_names - set(looked_for) == set()
    assert "asyncpg" in wanted


def test_what_is_missing_is_named_with_what_to_do(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("asyncpg", "jwt") else found(name))
    assert server.obstacle() == "missing: asyncpg, jwt; pip install 'robotframework-wireproof[stack]'"


@pytest.mark.skipif(sys.platform == "win32", reason="no server is started on Windows")
def test_nothing_is_missing_where_all_is_installed():
    assert server.obstacle() == ""
