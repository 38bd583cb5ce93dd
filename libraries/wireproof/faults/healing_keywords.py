"""Keywords that heal faults and tell whether they had an effect."""

from robot.api import logger
from robot.api.deco import keyword

from wireproof.failures import fail
from wireproof.faults.component import Component
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault

# mypy: implicit-optional
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class HealingKeywords(Component):
    """What ends faults, of whatever kind."""

    @keyword(tags=["Faults", "Healing"])
    def heal_fault(self, fault: Fault = None) -> dict[str, int]:
        """Heals one fault; one that is healed already stays so.

        Args:
            fault: what the keyword returned that made it; the one that was made last if not given.

        Returns:
            What it touched, by kind, such as `{'connections': 1, 'bytes': 250}`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        ${slow}    Add Latency    room    50ms
        Open Client    alice    ${ECHO_URL}    via=room
        Heal Fault    ${slow}
        ```
        """
        fault = fault or self._last()
        healed = self.active.heal(fault)
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
        if not fault.touched:
            raise fail(f"the fault {fault.shown} has touched nothing so far", msg)
        logger.info(f"{fault.shown} touched {fault.effect}")
        return fault.effect

    def _last(self) -> Fault:
        fault = self.active.last
        if fault is None:
            raise FaultError("no fault was made yet")
        return fault
