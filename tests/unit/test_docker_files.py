"""The compose file, .env.example, the library and the pins agree: nobody else would notice when they part."""

import re
import tomllib
from pathlib import Path

import pytest

from wireproof.stack import compose
from wireproof.stack.settings import FUNCTIONAL, environment

ROOT = Path(__file__).parents[2]
_USED = re.compile(r"\$\{(\w+):-([^}]*)\}")
_SHOWN = re.compile(r"^#(\w+)=(.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def used() -> dict[str, str]:
    """Names and defaults as docker-compose.yml uses them."""
    found = set(_USED.findall((ROOT / "docker-compose.yml").read_text()))
    assert len(found) == len({name for name, _ in found}), "a name has two defaults"
    return dict(found)


def test_env_example_lists_every_name_with_its_default(used: dict[str, str]) -> None:
    assert dict(_SHOWN.findall((ROOT / ".env.example").read_text())) == used


def test_library_has_the_same_defaults(used: dict[str, str]) -> None:
    expected = {name: default for name, default in used.items() if not name.startswith("REFERENCE_SERVER_")}
    assert compose.settings("", lambda _name: "") == expected


def test_server_has_the_time_outs_of_the_embedded_stack(used: dict[str, str]) -> None:
    expected = {name: default for name, default in used.items() if name.startswith("REFERENCE_SERVER_")}
    assert environment(FUNCTIONAL) == expected


def test_every_dependency_of_the_server_image_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[^\w.-]", line)[0].lower() for line in project["optional-dependencies"]["server"]}
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert wanted <= {name.lower() for name in pinned}
