"""Keywords that heal faults and tell whether they had an effect, or wait for it."""

import time
from datetime import timedelta

from robot.api import logger
from robot.api.deco import keyword

from wireproof.failures import fail
from wireproof.faults.component import Component
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.history import SLICE_S
from wireproof.quantities import require_wait

# mypy: implicit-optional
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

_LOOK_S = SLICE_S / 5


class HealingKeywords(Component):
    """What ends faults and tells their effect, of whatever kind."""

    @keyword(tags=["Faults", "Healing"])
    def heal_fault(self, fault: Fault = None) -> dict[str, int]:
        """Heals one fault; one that is healed already stays so.

        Args:
            fault: what the keyword returned that made it; the one that was made last if not given.

        Returns:
            What it touched, by kind, such as `{'connections': 1, 'bytes': 250}`; nothing, and a warning, where who
            counted is gone.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        ${slow}    Add Latency    room    50ms
        Open Client    alice    ${ECHO_URL}    via=room
        Heal Fault    ${slow}
        ```
        """
        fault = fault or self._last()
        healed = self.active.heal(fault)
        if fault.uncounted:
            logger.warn(f"{fault.shown} is healed; what it touched could not be counted: {fault.uncounted}")
            return {}
        logger.info(f"{fault.shown} {'is healed' if healed else 'was healed before'}; it touched {fault.effect}")
        return fault.effect

    @keyword(tags=["Faults", "Healing"])
    def heal_all_faults(self) -> None:
        """Heals everything that is wrong on purpose, the last fault first; fine when there is nothing.

        Services are not concerned: `Start Service` and `Resume Service` bring them back.
        Tests need not call it at their end: what a test or suite makes wrong is healed when it ends.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Add Latency    room    50ms    direction=to client
        Limit Bandwidth    room    64 kB/s    direction=to client
        Open Client    alice    ${ECHO_URL}    via=room
        Heal All Faults
        ```
        """
        healed = self.active.heal_all()
        logger.info(f"healed: {', '.join(fault.shown for fault in healed) or 'nothing was on'}")

    @keyword(tags=["Faults", "Assertion"])
    def fault_should_have_had_effect(self, fault: Fault = None, *, msg: str = "") -> dict[str, int]:
        """Fails when a fault has touched nothing so far: then what is tested does not go through it.

        A fault that has touched nothing when its test ends fails that test anyway; this one fails it earlier.

        Args:
            fault: what the keyword returned that made it; the one that was made last if not given.
            msg: words to put before a failure's text.

        Returns:
            What it touched, by kind.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Add Latency    room    20ms
        Open Client    alice    ${ECHO_URL}    via=room
        ${touched}    Fault Should Have Had Effect
        Should Be Equal As Integers    ${touched}[connections]    1
        ```
        """
        fault = fault or self._last()
        if fault.uncounted:
            raise fail(f"what the fault {fault.shown} touched could not be counted: {fault.uncounted}", msg)
        if not fault.touched:
            raise fail(f"the fault {fault.shown} has touched nothing so far", msg)
        logger.info(f"{fault.shown} touched {fault.effect}")
        return fault.effect

    @keyword(tags=["Faults", "Waiting"])
    def wait_until_fault_has_effect(
        self, fault: Fault = None, *, timeout: timedelta = timedelta(seconds=5), msg: str = ""
    ) -> dict[str, int]:
        """Waits until a fault has touched something: then what is tested is in the middle of it.

        Args:
            fault: what the keyword returned that made it; the one that was made last if not given.
            timeout: how long to wait.
            msg: words to put before a failure's text.

        Returns:
            What it touched, by kind.

        ```robotframework
        Terminate Database Sessions    every=1s
        Wait Until Fault Has Effect
        Heal Fault
        Wait Until Stack Is Ready
        ```
        """
        fault = fault or self._last()
        timeout_s = timeout.total_seconds()
        require_wait(timeout_s)
        deadline = time.monotonic() + timeout_s
        while not fault.touched:
            if time.monotonic() >= deadline:
                raise fail(f"the fault {fault.shown} has touched nothing within {timeout_s:g} s", msg)
            time.sleep(_LOOK_S)
        logger.info(f"{fault.shown} touched {fault.effect}")
        return fault.effect

    def _last(self) -> Fault:
        fault = self.active.last
        if fault is None:
            raise FaultError("no fault was made yet")
        return fault
