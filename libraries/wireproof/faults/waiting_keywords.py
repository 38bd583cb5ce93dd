"""Keywords that wait until a fault is felt."""

import time
from datetime import timedelta

from robot.api import logger
from robot.api.deco import keyword

from wireproof.failures import fail
from wireproof.faults.component import Component
from wireproof.faults.fault import Fault
from wireproof.history import SLICE_S
from wireproof.quantities import require_wait

_LOOK_S = SLICE_S / 5


class WaitingKeywords(Component):
    """Waiting for the effect of a fault, of whatever kind."""

    @keyword(tags=["Faults", "Waiting"])
    def wait_until_fault_has_effect(
        self, fault: Fault, *, timeout: timedelta = timedelta(seconds=5), msg: str = ""
    ) -> dict[str, int]:
        """Waits until a fault has touched something: then what is tested is in the middle of it.

        Args:
            fault: what the keyword returned that made it.
            timeout: how long to wait.
            msg: words to put before a failure's text.

        Returns:
            What it touched, by kind.

        ```robotframework
        ${cut}    Terminate Database Sessions    every=1s
        Wait Until Fault Has Effect    ${cut}
        Heal Fault    ${cut}
        Wait Until Stack Is Ready
        ```
        """
        timeout_s = timeout.total_seconds()
        require_wait(timeout_s)
        deadline = time.monotonic() + timeout_s
        while not fault.touched:
            if time.monotonic() >= deadline:
                raise fail(f"the fault {fault.shown} has touched nothing within {timeout_s:g} s", msg)
            time.sleep(_LOOK_S)
        logger.info(f"{fault.shown} touched {fault.effect}")
        return fault.effect
