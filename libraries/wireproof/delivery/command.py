"""The command `python -m wireproof recheck`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from wireproof.delivery.saved import recheck
from wireproof.wiretext import safe


def run(paths: Sequence[Path]) -> int:
    """Judges saved journals again and prints a line for each ledger.

    Returns:
        0 when all pass, 1 when one does not, 2 when a file is no journal or has no ledger in it.
    """
    code = 0
    for path in paths:
        try:
            checked = recheck(path)
        except (OSError, ValueError) as error:
            print(safe(error, 500), file=sys.stderr)
            return 2
        for note in checked.notes:
            print(f"{path}: {note}", file=sys.stderr)
        if not checked.verdicts:
            print(f"{path}: no ledger was started in it; nothing to judge", file=sys.stderr)
            return 2
        for name, verdict in checked.verdicts:
            print(f"{name}: {verdict.line}")
            code = code if verdict.result == "PASS" else 1
    return code
