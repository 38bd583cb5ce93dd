"""`python -m tests.prove` on suites of its own, against a server that really has the defect."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from harness import GENEROUS_S, environment, write_suites

ROOT = Path(__file__).parents[2]
SUITE = """
*** Settings ***
Library         wireproof.Stack
Suite Setup     Ensure Stack

*** Test Cases ***
{tests}
*** Keywords ***
With A Defect
    [Arguments]    ${{keyword}}    @{{arguments}}
    ${{http}}    Get Endpoint    http
    ${{version}}    Evaluate    json.load(urllib.request.urlopen($http + "/version"))    modules=json,urllib.request
    IF    $version["settings"]["defects"]    Run Keyword    ${{keyword}}    @{{arguments}}
"""


def suite(**steps: str) -> str:
    """A suite of tests by the criterion that each proves, `DLV_07`."""
    tests = (
        f"{name}\n    [Tags]    {name.replace('_', '-')}    smoke\n    {step or 'No Operation'}\n"
        for name, step in steps.items()
    )
    return SUITE.format(tests="".join(tests))


def prove(
    directory: Path, *options: str, **suites: str
) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
    """The command's end, and what it wrote."""
    folder = write_suites(directory, {f"{name}.robot": text for name, text in suites.items()})
    done = subprocess.run(
        [sys.executable, "-m", "tests.prove", "--suites", str(folder), "--output", str(directory / "found"), *options],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
        check=False,
    )
    matrix = directory / "found" / "kill-matrix.json"
    return done, json.loads(matrix.read_text()) if matrix.exists() else []


def test_a_defect_is_killed_with_every_seed(tmp_path):
    caught = suite(DLV_07="With A Defect    Fail    duplicate-row: 2 rows", DLV_01="")
    done, [row] = prove(
        tmp_path, "--defect", "no-idempotency", "--repeats", "2", repetition=caught, other=suite(CONN_01="")
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "no-idempotency: expected duplicate-row, found duplicate-row, 2 of 2 caught",
        f"1 of 1 defects killed: {tmp_path / 'found' / 'kill-matrix.html'}",
    ]
    assert [run["seed"] for run in row.pop("runs")] == [1, 2]
    assert row == {
        "defect": "no-idempotency",
        "expected": "duplicate-row",
        "caught": ["duplicate-row"],
        "red": ["repetition"],
        "specific": True,
        "repeats": 2,
        "killed": True,
    }
    assert "repetition" in (tmp_path / "found" / "kill-matrix.html").read_text()


def test_red_for_another_reason_or_in_another_place_is_no_kill(tmp_path):
    done, rows = prove(
        tmp_path,
        *("--defect", "no-idempotency", "--defect", "broadcast-echo", "--repeats", "1"),
        repetition=suite(
            DLV_07="With A Defect    Fail    the connection was refused",
            DLV_02="With A Defect    Fail    unexpected-recipient: the phone",
            CONN_01="With A Defect    Skip    because of the defect",
        ),
    )
    assert done.returncode == 1
    assert [(row["caught"], row["specific"], row["killed"]) for row in rows] == [
        ([], False, False),
        (["unexpected-recipient"], False, False),
    ]
    assert [row["runs"][0]["stray"] for row in rows] == [
        ["repetition: DLV_02", "repetition: CONN_01"],
        ["repetition: CONN_01"],
    ]
    assert done.stdout.splitlines()[-1].startswith("0 of 2 defects killed: ")


def test_a_defect_that_no_test_notices_is_a_failure(tmp_path):
    done, [row] = prove(
        tmp_path, "--defect", "no-idempotency", "--repeats", "1", repetition=suite(DLV_07="", DLV_01="")
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert (row["caught"], row["red"], row["specific"], row["killed"]) == ([], [], True, False)
    assert done.stdout.splitlines()[0] == "no-idempotency: expected duplicate-row, found nothing, 0 of 1 caught"


def test_a_set_up_that_fails_proves_nothing(tmp_path):
    broken = suite(DLV_07="").replace(
        "Ensure Stack", "Run Keywords    Ensure Stack    AND    With A Defect    Fail    duplicate-row: 2"
    )
    done, [row] = prove(tmp_path, "--defect", "no-idempotency", "--repeats", "1", repetition=broken)
    assert (done.returncode, row["caught"], row["red"]) == (1, [], ["repetition"])


def test_a_run_that_never_met_the_defect_proves_nothing(tmp_path):
    blind = suite(DLV_07="Fail    duplicate-row: 2 rows").replace("Suite Setup     Ensure Stack", "")
    done, rows = prove(tmp_path, "--defect", "no-idempotency", "--repeats", "1", repetition=blind)
    assert (done.returncode, rows) == (1, [])
    assert done.stderr == (
        "prove: the clean server is not green, so nothing is proven: repetition: DLV_07 (duplicate-row: 2 rows)\n"
    )
    lazy = suite(DLV_07="").replace("Suite Setup     Ensure Stack", "")
    done, [row] = prove(tmp_path, "--defect", "no-idempotency", "--repeats", "1", repetition=lazy)
    assert row["runs"][0]["problem"] == "no server ran with the defect: it left no log"


def test_a_proof_that_is_ended_ends_its_runs(tmp_path):
    folder = write_suites(
        tmp_path, {"slow.robot": suite(DLV_07="Evaluate    open($OUTPUT_DIR + '/began', 'w')\n    Sleep    100 s")}
    )
    arguments = ["--suites", str(folder), "--output", str(tmp_path / "found"), "--defect", "no-idempotency"]
    command = [sys.executable, "-m", "tests.prove", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        began = tmp_path / "found" / "prove" / "clean" / "began"
        while not began.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        assert process.wait(GENEROUS_S) == 128 + signal.SIGTERM
    assert running(str(tmp_path)) == []
    assert not (tmp_path / "found" / "kill-matrix.json").exists()


def running(word: str) -> list[str]:
    """The command lines of processes that have a word in it."""
    found = subprocess.run(["ps", "-eww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if word in line]


def test_wrong_options_are_one_plain_line(tmp_path):
    done, rows = prove(tmp_path, "--defect", "no-such", repetition=suite(DLV_07=""))
    assert (done.returncode, done.stdout, rows) == (2, "", [])
    assert done.stderr.startswith("prove: there is no defect 'no-such'; there are drop-delivery, ")
    assert done.stderr.count("\n") == 1
