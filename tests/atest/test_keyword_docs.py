"""Every keyword says what it does, what it takes, and shows an example that runs."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from harness import run_robot
from robot.libdocpkg import LibraryDocumentation

import wireproof

EXAMPLE = re.compile(r"```robotframework\n(.*?)```", re.DOTALL)
CRITERIA = Path(__file__).parents[2] / "resources" / "criteria.yaml"
pytestmark = pytest.mark.timeout(400)  # the first test that asks runs the examples of all libraries

MATCHERS = ("text", "regex", "jsonpath", "kind", "fields", "schema", "opcode", "where")
"""Arguments that the line of `json` describes together."""
ROOMS = tuple(sorted(wireproof.__all__))
KEYWORDS: dict[str, Any] = {
    f"{room}.{keyword.name}": keyword
    for room in ROOMS
    for keyword in LibraryDocumentation(f"wireproof.{room}").keywords
}


PREPARE = """
*** Settings ***
Library          DatabaseLibrary
Library          OperatingSystem
Library          wireproof.Fixtures
Library          wireproof.Stack
Suite Setup      Prepare
Test Teardown    Disconnect From All Databases

*** Keywords ***
Prepare
    Ensure Stack
    ${postgres}    Evaluate    urllib.parse.urlsplit(wireproof.stack.current().addresses.postgres)
    ...    modules=urllib.parse,wireproof.stack
    VAR    &{ORDERS_DB}    db_name=wireproof    db_user=${postgres.username}    db_password=${postgres.password}
    ...    db_host=${postgres.hostname}    db_port=${postgres.port}    scope=SUITE
    VAR    &{LOGIN}    db_name=wireproof    db_user=${postgres.username}    db_password=${postgres.password}
    ...    scope=SUITE
    VAR    ${HOST}    ${postgres.hostname}    scope=SUITE
    VAR    ${PORT}    ${postgres.port}    scope=SUITE
    ${redis}    Evaluate    wireproof.stack.current().addresses.redis    modules=wireproof.stack
    VAR    ${CACHE_URL}    ${{robot.api.types.Secret($redis)}}    scope=SUITE
    Set Environment Variable    REFERENCE_SERVER_REDIS_URL    ${redis}
    Set Environment Variable    REFERENCE_SERVER_AUTH_MODE    open
"""
"""What examples of Faults and Fixtures take for granted."""


WITH_SOCKETS = "\n*** Settings ***\nLibrary    wireproof.Sockets\n"
"""What examples of Delivery, Faults and Timing take for granted."""


def with_criteria(directory):
    """A directory with the catalogue that examples of Timing take for granted."""
    shutil.copy(CRITERIA, directory)
    return directory


WITH_STACK = "\n*** Settings ***\nLibrary    wireproof.Stack\n"
"""What examples of Monitor take for granted."""


def suite_of(room: str, setup: str) -> str:
    """A suite with one test for each keyword of a library: its example."""
    lines = ["*** Settings ***", f"Library    wireproof.{room}", f"Test Setup    {setup}", "*** Test Cases ***"]
    # The example of Attach To Stack goes last: what it attaches to takes the place of the real stack.
    for name, keyword in sorted(KEYWORDS.items(), key=lambda item: item[0] == "Stack.Attach To Stack"):
        example = EXAMPLE.search(keyword.doc)
        if name.startswith(f"{room}.") and example:
            lines += [name, *(f"    {line}" for line in example.group(1).splitlines()), ""]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def runs(tmp_path_factory, echo):
    """One run for each library; the stack's examples get an embedded stack."""
    return {
        "Delivery": run_robot(
            tmp_path_factory.mktemp("delivery"),
            suite_of("Delivery", "No Operation") + WITH_SOCKETS,
            "--variable",
            f"ECHO_URL:{echo.url}",
        ),
        "Faults": run_robot(
            tmp_path_factory.mktemp("faults"),
            suite_of("Faults", "No Operation") + WITH_SOCKETS + PREPARE,
            "--variable",
            f"ECHO_URL:{echo.url}",
        ),
        "Fixtures": run_robot(tmp_path_factory.mktemp("fixtures"), suite_of("Fixtures", "No Operation") + PREPARE),
        "Report": run_robot(tmp_path_factory.mktemp("report"), suite_of("Report", "No Operation")),
        "Monitor": run_robot(tmp_path_factory.mktemp("monitor"), suite_of("Monitor", "Ensure Stack") + WITH_STACK),
        "Load": run_robot(
            tmp_path_factory.mktemp("load"),
            suite_of("Load", "No Operation"),
            "--variable",
            f"ECHO_URL:{echo.url}",
        ),
        "Sockets": run_robot(
            tmp_path_factory.mktemp("sockets"),
            suite_of("Sockets", "No Operation"),
            "--variable",
            f"ECHO_URL:{echo.url}",
        ),
        "Stack": run_robot(tmp_path_factory.mktemp("stack"), suite_of("Stack", "Ensure Stack")),
        "Timing": run_robot(
            with_criteria(tmp_path_factory.mktemp("timing")),
            suite_of("Timing", "No Operation") + WITH_SOCKETS,
            "--variable",
            f"ECHO_URL:{echo.url}",
        ),
    }


@pytest.mark.parametrize("room", ROOMS)
def test_the_library_introduces_itself(room):
    library = LibraryDocumentation(f"wireproof.{room}")
    assert first_sentence(library.doc)
    assert library.version
    assert library.scope == "GLOBAL"
    assert library.doc_format == "MARKDOWN"


@pytest.mark.parametrize("name", KEYWORDS)
def test_the_keyword_is_documented(name):
    keyword = KEYWORDS[name]
    assert first_sentence(keyword.doc), "the first line is one sentence"
    assert list(keyword.tags)
    arguments = [argument for argument in keyword.args if not argument.is_marker]
    in_a_group = MATCHERS if any("arguments down to `where`" in argument.doc for argument in arguments) else ()
    for argument in arguments:
        assert argument.type is not None, f"{argument.name} has no type"
        assert argument.doc or argument.name in in_a_group, f"{argument.name} is not described"


@pytest.mark.parametrize("name", KEYWORDS)
def test_the_keyword_has_one_example(name):
    assert len(EXAMPLE.findall(KEYWORDS[name].doc)) == 1
    call = KEYWORDS[name].name
    assert call in EXAMPLE.search(KEYWORDS[name].doc).group(1), f"the example does not call {call}"


@pytest.mark.parametrize("name", KEYWORDS)
def test_the_example_passes(runs, name):
    run = runs[name.partition(".")[0]]
    assert run.outcomes()[name] == ("PASS", "")


@pytest.mark.parametrize("room", ROOMS)
def test_the_examples_complain_about_nothing(runs, room):
    assert runs[room].errors == []


def first_sentence(doc: str) -> str:
    """The first line, when it is one sentence."""
    line = doc.partition("\n")[0]
    return line if line.endswith(".") and ". " not in line else ""
