"""The guide to seeds shows what runs."""

import re
from pathlib import Path

from harness import run_robot

GUIDE = Path(__file__).parents[2] / "docs" / "seeds.md"
FILE = re.compile(r"^`(seeds/[\w.-]+)`\n\n```\w+\n(.*?)```", re.DOTALL | re.MULTILINE)
EXAMPLE = re.compile(r"```robotframework\n(.*?)```", re.DOTALL)
SETTINGS = """*** Settings ***
Library    Collections
Library    DatabaseLibrary
Library    wireproof.Stack
Library    wireproof.Fixtures
Suite Setup    Prepare
Suite Teardown    Disconnect From All Databases
*** Keywords ***
Prepare
    Ensure Stack
    ${postgres}    Get Endpoint    postgres
    ${password}    Get Credential    postgres
    VAR    ${url}    ${{ urllib.parse.urlsplit($postgres) }}
    VAR    &{DATABASE}    db_name=${url.path[1:]}    db_user=${url.username}    db_password=${password.value}
    ...    db_host=${url.hostname}    db_port=${url.port}    scope=SUITE
*** Test Cases ***
"""


def test_the_guide_shows_what_runs(tmp_path: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    files = FILE.findall(text)
    assert [name for name, _ in files] == ["seeds/01-people.yaml", "seeds/02-conversations.csv", "seeds/03-more.sql"]
    for name, content in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    examples = EXAMPLE.findall(text)
    tests = [
        "\n    ".join([f"Example {number}", *example.splitlines()]) for number, example in enumerate(examples, start=1)
    ]
    run = run_robot(tmp_path, SETTINGS + "\n".join(tests) + "\n").passed()
    assert len(run.tests) == len(examples) == 9
