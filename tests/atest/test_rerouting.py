"""A server reaches PostgreSQL and Redis through links for as long as the test or suite that asked for it runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import Run, run_robot

SUITE = f"""
*** Settings ***
Library         wireproof.Faults
Library         wireproof.Fixtures
Library         wireproof.Stack
Library         {Path(__file__).parent / "forwarder.py"}
Suite Setup     Prepare

*** Test Cases ***
Goes Through A Link
    Start Forwarder    mine    ${{POSTGRES}}
    ${{before}}    Get Endpoint    ws
    Reroute Service    server    postgres    via=mine
    Stack Should Be Healthy
    Went Through    mine
    ${{after}}    Get Endpoint    ws
    Should Be Equal    ${{before}}    ${{after}}

Is Back On Its Own Way
    ${{count}}    Accepted    mine
    Stack Should Be Healthy
    Restart Service    server
    ${{later}}    Accepted    mine
    Should Be Equal    ${{count}}    ${{later}}

Keeps Its Way When It Dies
    Start Forwarder    mine    ${{POSTGRES}}
    Reroute Service    server    postgres    via=mine
    Crash Service    server    times=1
    Went Through    mine    times=2

Is Rerouted While It Is Down
    Start Forwarder    mine    ${{POSTGRES}}
    Kill Service    server
    Reroute Service    server    postgres    via=mine
    ${{count}}    Accepted    mine
    Should Be Equal    ${{count}}    ${{0}}
    Start Service    server
    Went Through    mine

Both Ways At Once
    Start Forwarder    mine    ${{POSTGRES}}
    Start Forwarder    cache    ${{REDIS}}
    Reroute Service    server    postgres    via=mine
    Reroute Service    server    redis    via=cache
    Went Through    mine
    Went Through    cache

A Dependency Dies Behind The Link
    Start Forwarder    cache    ${{REDIS}}
    Kill Service    redis
    Start Service    redis
    Reroute Service    server    redis    via=cache
    Kill Service    redis

All Is Well Afterwards
    Stack Should Be Healthy

Another Server Starts Behind Links
    Start Forwarder    mine    ${{POSTGRES}}
    Start Forwarder    cache    ${{REDIS}}
    ${{server}}    Start Server    via={{"postgres": "mine", "redis": "cache"}}
    Went Through    mine
    Went Through    cache
    Should Contain    ${{server.postgres}}    ${{{{ urllib.parse.urlsplit($POSTGRES).netloc }}}}

Its Sessions Are Not Ours
    [Documentation]    The link's process is this run's; what goes through it is the server's.
    Use Isolation
    Start Forwarder    mine    ${{POSTGRES}}
    Start Forwarder    cache    ${{REDIS}}
    Reroute Service    server    postgres    via=mine
    Reroute Service    server    redis    via=cache
    Nothing Should Be Left Behind

Its Sessions Through A Fault Proxy Are Not Ours
    Use Isolation
    Start Fault Proxy    db    postgres
    Start Fault Proxy    cache    redis
    Reroute Service    server    postgres    via=db
    Reroute Service    server    redis    via=cache
    Get Link State    db    connections    >    0
    Get Link State    cache    connections    >    0
    Nothing Should Be Left Behind

Our Session Through A Fault Proxy Is Ours
    Use Isolation
    ${{link}}    Start Fault Proxy    db    postgres
    ${{url}}    Evaluate
    ...    wireproof.stack.addresses.moved(wireproof.stack.current().addresses.postgres, ($link.host, $link.port))
    ...    modules=wireproof.stack.addresses
    ${{session}}    Evaluate    psycopg.connect($url, application_name='forgotten')    modules=psycopg
    Run Keyword And Expect Error    left behind: *forgotten*    Nothing Should Be Left Behind    timeout=100ms
    Call Method    ${{session}}    close

Unknown Link
    Reroute Service    server    postgres    via=nowhere

Unknown Dependency
    Start Forwarder    mine    ${{POSTGRES}}
    Reroute Service    server    mysql    via=mine

Unknown Service
    Start Forwarder    mine    ${{POSTGRES}}
    Reroute Service    server-9    postgres    via=mine

No Server
    Start Forwarder    mine    ${{POSTGRES}}
    Reroute Service    redis    postgres    via=mine

Leads Elsewhere
    Start Forwarder    cache    ${{REDIS}}
    Reroute Service    server    postgres    via=cache

No Links
    Start Server    via=[1]

No Link Of That Name
    Start Server    via={{"postgres": "nowhere"}}

*** Keywords ***
Prepare
    Ensure Stack
    ${{POSTGRES}}    Get Endpoint    postgres
    ${{REDIS}}    Get Endpoint    redis
    VAR    ${{POSTGRES}}    ${{POSTGRES}}    scope=SUITE
    VAR    ${{REDIS}}    ${{REDIS}}    scope=SUITE

Went Through
    [Arguments]    ${{link}}    ${{times}}=1
    ${{count}}    Accepted    ${{link}}
    Should Be True    ${{count}} >= ${{times}}    nothing went through ${{link}}
"""

WORKS = (
    "Goes Through A Link",
    "Is Back On Its Own Way",
    "Keeps Its Way When It Dies",
    "Is Rerouted While It Is Down",
    "Both Ways At Once",
    "A Dependency Dies Behind The Link",
    "All Is Well Afterwards",
    "Another Server Starts Behind Links",
    "Its Sessions Are Not Ours",
    "Its Sessions Through A Fault Proxy Are Not Ours",
    "Our Session Through A Fault Proxy Is Ours",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    directory = tmp_path_factory.mktemp("rerouting")
    directory.joinpath("robot.toml").touch()
    return run_robot(directory, SUITE, env={"XDG_RUNTIME_DIR": str(directory)})


@pytest.mark.parametrize("name", WORKS)
def test_it_is_rerouted_and_comes_back(run: Run, name: str) -> None:
    assert run.outcomes()[name] == ("PASS", "")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Unknown Link", "no link 'nowhere' is running: call Start Fault Proxy first; running: none"),
        ("Unknown Dependency", "a server has no dependency 'mysql'; it has postgres, redis"),
        ("Unknown Service", "the embedded stack has no service 'server-9' to control; it has postgres, redis, server"),
        ("No Server", "redis is no server: only a server has dependencies to reroute"),
        ("No Link Of That Name", "no link 'nowhere' is running: call Start Fault Proxy first; running: none"),
    ],
)
def test_what_cannot_be_is_one_plain_line(run: Run, name: str, reason: str) -> None:
    assert run.failure(name) == reason


def test_a_link_that_leads_elsewhere_is_told(run: Run) -> None:
    assert run.failure("Leads Elsewhere").startswith("link 'cache' leads to 127.0.0.1:")


def test_what_are_no_links_is_told(run: Run) -> None:
    expected = 'write links by dependency as a JSON object, for example {"postgres": "db"}'
    assert run.failure("No Links").endswith(expected)


def test_nothing_is_complained_about(run: Run) -> None:
    assert run.errors == []
