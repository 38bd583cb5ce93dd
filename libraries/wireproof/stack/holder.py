"""The process that owns a stack after ``stack up`` has returned: ``python -m wireproof.stack.holder``."""

import os
import signal
import sys
import threading
from pathlib import Path

from wireproof.stack import janitor, state
from wireproof.stack.embedded import EmbeddedStack
from wireproof.stack.errors import StackError


def main() -> int:
    """Starts the stack, tells where it is by the state file, ends it when it is asked to."""
    asked_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: asked_to_end.set())
    file = state.of_checkout(Path.cwd())
    itself = janitor.look_up(os.getpid())
    if itself is None:
        sys.stderr.write("the process table cannot be read\n")
        return 1
    try:
        stack = EmbeddedStack.start(keep_logs=file.path.with_suffix(".logs"))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    file.write(state.State(*itself.identity, run_dir=str(stack.run.path)))
    # visitors kill services and start them again: what they killed must not stay a zombie
    signal.signal(signal.SIGCHLD, lambda *_: stack.run.collect())
    asked_to_end.wait()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    file.remove()
    stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
