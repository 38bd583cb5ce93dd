"""What loads show of a recovery: their messages, read from the files that the journal names.

Such a file is a NumPy archive: `sent`, `acked` and `delivered` have a moment for each message, 0 for never; every other
column has the moments of one kind of errors.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from wireproof.timing.errors import TimingError
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.timing.recovery import Observed


def read(path: Path) -> "Observed":
    """The messages of one load.

    Raises:
        TimingError: the file cannot be read.
    """
    import numpy as np

    from wireproof.timing.recovery import Observed

    try:
        with np.load(path, allow_pickle=False) as archive:
            columns = {name: archive[name].astype(np.int64) for name in archive.files}
            sent, acked, delivered = (columns.pop(name) for name in ("sent", "acked", "delivered"))
    except (OSError, ValueError, KeyError) as error:
        raise TimingError(f"the messages of a load cannot be read from {path}: {safe(error)}") from None
    return Observed(sent, acked, delivered, columns)
