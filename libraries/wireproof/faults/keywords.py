"""The keyword library `wireproof.Faults`."""

from robot.api.deco import library
from robotlibcore import DynamicCore

from wireproof.faults.active import ActiveFaults


@library(scope="GLOBAL", doc_format="MARKDOWN")
class Faults(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """Faults on links, in databases, caches and services, and their healing."""

    def __init__(self) -> None:
        self._active = ActiveFaults()
        super().__init__([])
