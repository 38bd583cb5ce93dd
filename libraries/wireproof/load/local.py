"""Workers on this machine: one process each, started together, told to begin at one moment, ended for sure."""

import importlib.util
import json
import math
import os
import pickle
import secrets
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireproof.history import SLICE_S
from wireproof.journal import now_ns
from wireproof.load import profile
from wireproof.load.errors import LoadError
from wireproof.load.outlook import Progress, together
from wireproof.load.plan import Plan
from wireproof.load.split import shards_of
from wireproof.load.talk import Failed, Orders, Ready
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.load.outcome import LoadResult

HEAD_START_NS = 100_000_000
"""Between the order to begin and the begin, so that all workers have it."""

GRACE_S = 10.0
"""A worker that has said nothing so long after it should have ended is ended."""

_RATE_OF_ONE, _CONNECTIONS_OF_ONE = 10_000, 2_500
"""What one worker does without effort. A second one for less would only take a core from the server."""


def start(plan: Plan) -> "LocalLoad":
    """Starts the workers of a load; it begins as soon as they are connected.

    Raises:
        LoadError: what a worker needs is not installed.
    """
    if importlib.util.find_spec("picows") is None:
        raise LoadError("a load needs picows: install it with `pip install robotframework-wireproof[load]`")
    return LocalLoad(plan)


def workers_of(plan: Plan) -> int:
    """How many processes a load gets."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if plan.pace.workers:
        wanted = plan.pace.workers
    elif plan.traffic.model == "closed":
        wanted = cores
    else:
        peak = max(profile.peak_rate(plan.profile) / _RATE_OF_ONE, plan.profile.peak_connections / _CONNECTIONS_OF_ONE)
        wanted = min(cores, math.ceil(peak))
    return len(shards_of(plan, max(1, wanted)))


class WorkerProcess:
    """One worker: its process, and what it has said last.

    Attributes:
        progress: how far it is.
        ready: whether it is connected.
        result: what it measured, once it has ended well.
        failure: why there will be no result.
    """

    def __init__(self, orders: Orders, changed: threading.Event) -> None:
        self.progress = Progress()
        self.ready = False
        self.result: Any = None
        self.failure = ""
        self._changed = changed
        self._errors = (orders.folder / f"worker-{orders.index}.txt").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wireproof.load.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for who started the load: it stops it, and keeps the partial result
        )
        self._lock = threading.Lock()
        self._ended = threading.Event()
        paths = json.dumps([path for path in sys.path if path]).encode() + b"\n"
        self._write(paths + pickle.dumps(orders))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it says nothing more."""
        return self._ended.is_set()

    def order(self, order: object) -> None:
        """Tells it something; one that has ended does not hear it."""
        self._write(pickle.dumps(order))

    def _write(self, data: bytes) -> None:
        stream = self._process.stdin
        with self._lock, suppress(OSError):  # one that has ended says so itself, in `_listen`
            if stream is not None and not stream.closed:
                stream.write(data)
                stream.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - for mypy: it was asked for
        try:
            while True:
                said = pickle.load(stream)  # noqa: S301 - from a process that this one started
                match said:
                    case Progress():
                        self.progress = said
                    case Ready():
                        self.ready = True
                    case Failed():
                        self.failure = said.reason
                    case _:
                        self.result = said
                self._changed.set()
        except (EOFError, OSError):
            pass  # it has ended
        except Exception as error:  # noqa: BLE001 - a user's class may not be importable here
            self.failure = f"what a worker says cannot be read: {safe(error)}"
            self._process.kill()
        finally:
            stream.close()
            self._conclude()

    def _conclude(self) -> None:
        code = self._process.wait()
        if self.result is None and not self.failure:
            self.failure = f"a worker died with exit code {code}{self._last_words()}"
        self._ended.set()
        self._changed.set()

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = [line for line in self._errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return f": {safe(lines[-1])}" if lines else ""

    def end(self) -> None:
        """Ends the process, however it is, and forgets it."""
        self._process.kill()
        self._process.wait()
        self._ended.wait()
        with self._lock, suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._errors.close()


class LocalLoad:
    """A load on this machine, from its start to its result. Callable from any thread.

    Args:
        plan: what it does.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._folder = tempfile.TemporaryDirectory(prefix="wireproof-load-")
        self._changed = threading.Event()
        self._over = threading.Event()
        self._stopped = False
        self._result: LoadResult | None = None
        self._problems: list[str] = []
        shards, nonce = workers_of(plan), secrets.token_hex(4)
        folder = Path(self._folder.name)
        self._workers: list[WorkerProcess] = []
        try:
            for index in range(shards):
                self._workers.append(WorkerProcess(Orders(plan, index, shards, nonce, folder), self._changed))
        except BaseException:
            self._end_workers()
            raise
        threading.Thread(target=self._lead, name=f"wireproof-workers-{plan.name}", daemon=True).start()

    @property
    def pids(self) -> list[int]:
        """The processes of its workers."""
        return [worker.pid for worker in self._workers]

    def progress(self) -> Progress:
        """How far it is."""
        return together([worker.progress for worker in self._workers])

    def stop(self) -> None:
        """Sends no more; what is under way may still arrive."""
        self._stopped = True
        for worker in self._workers:
            worker.order("stop")
        self._changed.set()

    def abort(self) -> None:
        """Ends the workers now; returns when they are gone."""
        self.stop()
        if not self._over.wait(GRACE_S / 5):
            self._problems.append("the load was ended before its workers could say what they had seen")
            self._end_workers()
            self._over.wait()

    def wait(self, timeout_s: float) -> bool:
        """Whether the load is over, at the latest after so long."""
        return self._over.wait(timeout_s)

    def result(self) -> "LoadResult":
        """What it came to, also of a load that was stopped or aborted. Waits for its end."""
        from wireproof.load.outcome import result_of

        self._over.wait()
        if self._result is None:
            parts = [worker.result for worker in self._workers if worker.result is not None]
            failures = [worker.failure for worker in self._workers if worker.failure]
            self._result = result_of(self._plan, parts, [*dict.fromkeys(failures), *self._problems], self._stopped)
            self._folder.cleanup()
        return self._result

    def _lead(self) -> None:
        """Begins when all are connected, and ends those that do not end."""
        begun_ns = limit_ns = 0
        while not all(worker.ended for worker in self._workers):
            self._changed.wait(SLICE_S)
            self._changed.clear()
            if not begun_ns and all(worker.ready or worker.ended for worker in self._workers):
                begun_ns = now_ns() + HEAD_START_NS
                for worker in self._workers:
                    worker.order(begun_ns)
            if begun_ns and not limit_ns:
                allowed_s = self._plan.profile.duration_s + self._plan.pace.drain_s + GRACE_S
                limit_ns = begun_ns + int(allowed_s * 1e9)
            if limit_ns and now_ns() > limit_ns:
                self._problems.append("a worker did not end in time and was killed")
                break
        self._end_workers()
        self._over.set()

    def _end_workers(self) -> None:
        for worker in self._workers:
            worker.end()
