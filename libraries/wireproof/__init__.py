"""Wireproof: Robot Framework acceptance tests for real-time stacks.

The package is the composition root: it hands out the keyword libraries (`Library    wireproof.Sockets`) and gives each
the one listener of the run. A library's room is imported when it is asked for.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_ROOMS = {
    "Delivery": "wireproof.delivery.keywords",
    "Faults": "wireproof.faults.keywords",
    "Fixtures": "wireproof.fixtures.keywords",
    "Load": "wireproof.load.keywords",
    "Monitor": "wireproof.monitor.keywords",
    "Report": "wireproof.report.keywords",
    "Sockets": "wireproof.sockets.keywords",
    "Stack": "wireproof.stack.keywords",
    "Timing": "wireproof.timing.keywords",
}

__all__ = ["Delivery", "Faults", "Fixtures", "Load", "Monitor", "Report", "Sockets", "Stack", "Timing"]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'wireproof' has no attribute '{name}'; its libraries are {', '.join(_ROOMS)}")
    from wireproof.report.listener import Listener

    library = getattr(importlib.import_module(_ROOMS[name]), name)
    listener = globals().setdefault("_listener", Listener())
    library.ROBOT_LIBRARY_LISTENER = listener
    library.ROBOT_LIBRARY_VERSION = __version__
    globals()[name] = library
    return library
