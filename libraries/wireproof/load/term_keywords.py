"""Keywords that say what loads have to reach, and when they are stopped."""

from robot.api.deco import keyword

from wireproof.load.conditions import Condition
from wireproof.load.loads import Loads
from wireproof.load.metrics import METRICS
from wireproof.load.user import own_metrics, user_class
from wireproof.timing import thresholds


class TermKeywords:
    """Thresholds and conditions.

    Args:
        loads: those of the run.
    """

    def __init__(self, loads: Loads) -> None:
        self._loads = loads

    @keyword(tags=["Threshold"])
    def set_load_thresholds(self, *conditions: str, user: str = "") -> list[str]:
        """Sets what the loads to come have to reach, until the running test or suite ends.

        They are read at once, so that a misspelt metric fails before anything starts. A load that does not meet one
        fails its keyword, with the verdict first; see [Thresholds]. Without conditions there are none.

        Args:
            conditions: such as `delivery.p95 < 50 ms`, `delivery.lost == 0` or `connect.success > 99 %`.
            user: import path of a class whose `metrics` they may name, too.

        Returns:
            Those that were in force before.

        ```robotframework
        Set Load Thresholds    delivery.p95 < 5 s    delivery.lost == 0
        Run Load    short    ${ECHO_URL}    connections=4    rate=100/s    duration=1s    dialect=echo
        ```
        """
        own = own_metrics(user_class(user)) if user else {}
        before = self._loads.require(thresholds.parse(conditions, {**METRICS, **own}))
        return [f"{one.metric}.{one.statistic} {one.limit}" for one in before]

    @keyword(tags=["Threshold"])
    def stop_load_when(self, condition: str) -> None:
        """Stops a load in which something is wrong; its keyword fails then, and says what.

        It holds for running loads, and for those to come until the running test or suite ends. See [Live figures].

        Args:
            condition: a figure, a limit, and for how long: `server.error_rate > 5 % for 10s`.

        ```robotframework
        Stop Load When    server.error_rate > 5 % for 10s
        Run Load    short    ${ECHO_URL}    connections=4    rate=100/s    duration=1s    dialect=echo
        ```
        """
        self._loads.stop_when(Condition.parse(condition))
