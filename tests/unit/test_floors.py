"""Which files may know Robot Framework; the floors themselves are import-linter's, in pyproject.toml."""

import ast
from pathlib import Path

import wireproof

PACKAGE = Path(wireproof.__file__).parent


def imports_robot(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        if any(name.partition(".")[0] in {"robot", "robotlibcore"} for name in names):
            return True
    return False


def test_finds_an_import_wherever_it_stands() -> None:
    assert imports_robot("def f():\n    from robot.api import logger")
    assert imports_robot("import robot.api")
    assert not imports_robot("from .robot import x\nimport robots")


def test_only_keywords_and_the_listener_know_robot() -> None:
    knowing = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if imports_robot(path.read_text())
    }
    others = {name for name in knowing if not name.endswith("keywords.py")} - {"report/listener.py"}
    assert knowing
    assert not others
