"""Workers on this machine: one process each, started together, told to begin at one moment, ended for sure."""

import json
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wireproof.history import SLICE_S
from wireproof.journal import now_ns
from wireproof.load.outlook import Progress
from wireproof.load.plan import Plan
from wireproof.load.worker import Failed, Orders, Ready

HEAD_START_NS = 100_000_000
"""Between the order to begin and the begin, so that all workers have it."""

_LAST_LINES = 5


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
        try:
            with self._lock:
                if stream is not None and not stream.closed:
                    stream.write(data)
                    stream.flush()
        except OSError:
            pass  # it has ended: `_listen` says so

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
        except (EOFError, OSError, pickle.UnpicklingError):
            self._conclude()
        finally:
            stream.close()

    def _conclude(self) -> None:
        code = self._process.wait()
        if self.result is None and not self.failure:
            self.failure = f"a worker died with exit code {code}{self._last_words()}"
        self._ended.set()
        self._changed.set()

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = [line for line in self._errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return f": {lines[-1]}" if lines else ""

    def end(self) -> None:
        """Ends the process, however it is, and forgets it."""
        self._process.kill()
        self._process.wait()
        self._ended.wait()
        with self._lock:
            if self._process.stdin is not None:
                try:
                    self._process.stdin.close()
                except OSError:
                    pass
        self._errors.close()
