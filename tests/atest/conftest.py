"""Fixtures of the acceptance tests of the libraries."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from harness import Run, run_robot
from peers import Echo, echo_server


@pytest.fixture(scope="session")
def echo() -> Iterator[Echo]:
    """An echo server."""
    with echo_server() as server:
        yield server


@pytest.fixture
def robot_run(tmp_path: Path) -> Callable[..., Run]:
    """Runs a suite's text in a child process: see `harness.run_robot`."""
    return partial(run_robot, tmp_path)
