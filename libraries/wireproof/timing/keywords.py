"""The library `wireproof.Timing`."""

from typing import Any

from robot.api.deco import library
from robotlibcore import DynamicCore

from wireproof.timing.arguments import CONVERTERS
from wireproof.timing.criterion_keywords import CriterionKeywords
from wireproof.timing.errors import TimingError
from wireproof.timing.latency_keywords import LatencyKeywords
from wireproof.timing.recovery_keywords import RecoveryKeywords
from wireproof.timing.series import SeriesBook
from wireproof.wiretext import safe


@library(scope="GLOBAL", doc_format="MARKDOWN", converters=CONVERTERS)
class Timing(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """Measures latencies and recovery from faults, and judges what was measured by acceptance criteria.

    ```robotframework
    *** Settings ***
    Library    RequestsLibrary
    Library    wireproof.Timing

    *** Test Cases ***
    Orders Come Quickly
        FOR    ${_}    IN RANGE    300
            ${response}    GET    ${API}/orders/17
            Record Latency    get order    ${response.elapsed}
        END
        Criterion Should Be Met    SHOP-01    of=get order
    ```

    ## Series

    A *series* is latencies under one name. It begins with its first latency, and ends with the suite in which that was
    recorded: so all tests of a suite, or all rows of a template, fill one.

    ## Criteria

    A *criterion* is a limit that the system has to meet, with an id: it is kept in `criteria.yaml`, so that numbers
    change without a test. Where that file lies is said at the library's import.

    ```yaml
    criteria:
      - id: SHOP-01
        title: an order is answered quickly
        area: orders                # the folder of the suites that prove it
        metric: order.time          # what is observed; a series serves as any
        statistic: p95              # a percentile, rate, observed, mean, min, max, last, count or slope
        limit: "< 250 ms"
        at_least: 300               # optional: fewer observations prove nothing
        unit: ms
        scope: one customer, at least 300 requests
        source: contract of May
    ```

    ## Verdicts

    A sample says something only within bounds: those of one-sided 95 % confidence.

    | word | what it says |
    | --- | --- |
    | `PASS` | everything between the bounds meets the limit |
    | `FAIL` | nothing between the bounds does |
    | `INCONCLUSIVE` | a part does, or there are fewer than `at_least`: take a larger sample, once, and judge that |
    | `INVALID` | the measurement itself failed: measure once more |

    Only PASS passes. Counts, peaks and equalities (`== 100 %`) are judged as they were observed. A measurement is
    INVALID when what measured has complained (a saturated generator), when its own sends were late by more than a fifth
    of a limit, when a monitor missed readings, or when nothing was observed at all.

    ## Recovery

    Steady tracked traffic shows what a fault does to clients, before, during and after it.

    ```robotframework
    *** Settings ***
    Library    wireproof.Sockets
    Library    wireproof.Stack
    Library    wireproof.Timing

    *** Test Cases ***
    Messages Flow Again After The Cache Was Killed
        Open Client    alice    login={"id": "alice", "userId": "u1"}    dialect=cloudmessage    reconnect=100ms..1s
        Open Client    bob    login={"id": "bob", "userId": "u1"}    dialect=cloudmessage    reconnect=100ms..1s
        Start Tracked Traffic    alice    audience=bob    to=bob    rate=200/s
        Kill Service    redis
        Start Service    redis
        Recovery Should Take At Most    5 s    until=drained
    ```

    ### What is measured of a recovery

    A fault is on from the moment it is ordered until the moment its *healing* is ordered: what the healing takes counts
    as recovery.

    | number | from | to |
    | --- | --- | --- |
    | detect | fault | the first error at a client |
    | first success | heal | the first message that is acked and delivered, both after the heal |
    | rate | heal | the end of the first half second in which, of new messages, 90 % of the former rate gets through |
    | drained | heal | the former rate is back, and all that was acked until then is delivered |

    An error at a client is a connection lost or refused, a message refused or of unknown outcome, and one that steady
    traffic had due and could not send. *Delivered* means to everybody in the message's audience. Where a protocol has
    no acknowledgements, sending takes the place of the acknowledgement.

    For the rate only messages count that are sent after the first success of one that was sent after the heal: a
    backlog that comes at once is no rate, and what went well until the heal proves nothing. So even a fault that nobody
    notices takes almost half a second. At less than 20 messages a second the half second is as long as ten messages
    take. The former rate is that of the last second before the fault, and not more than what steady traffic had due.
    Where there was none, *drained* begins with the first success.

    A fault that begins before an earlier one is drained becomes part of it: the earlier one is then measured from the
    last heal, and the later one by the rate before the earlier one.

    `Recovery Should Take At Most` waits and judges at once. A criterion on `recovery.time` judges what `Get Recovery`
    returned, until it was drained; one that is not over is longer than it was so far.
    """

    def __init__(self, criteria: str = "", baseline: str = "") -> None:
        """Takes the files of the acceptance criteria and of their baseline.

        Args:
            criteria: the path of the criteria. When not given it is the nearest `criteria.yaml` or
                `resources/criteria.yaml`, in the folder of the running suite or one around it, else in the working
                directory or one around it.
            baseline: the path of the accepted figures that verdicts are told beside. When not given it is
                `results/baselines/<mode of the running stack>.json` in the working directory, where that is there.
        """
        book = SeriesBook()
        super().__init__([RecoveryKeywords(), LatencyKeywords(book), CriterionKeywords(book, criteria, baseline)])

    def run_keyword(self, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """Runs a keyword; what an author can act on becomes one plain line without a traceback."""
        try:
            return super().run_keyword(name, args, kwargs)
        except ValueError as error:
            raise TimingError(safe(error, 500)) from None
