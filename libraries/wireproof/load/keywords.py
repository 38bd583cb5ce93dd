"""The library `wireproof.Load`."""

import sys
from functools import partial
from typing import Any

from robot.api import logger
from robot.api.deco import library
from robot.libraries.BuiltIn import BuiltIn
from robotlibcore import DynamicCore

from wireproof.load.arguments import CONVERTERS
from wireproof.load.errors import LoadError
from wireproof.load.load_keywords import LoadKeywords
from wireproof.load.loads import Loads
from wireproof.load.plan import Plan
from wireproof.load.progress import Outlet, Paper, ProgressLine, Screen, is_terminal
from wireproof.load.term_keywords import TermKeywords
from wireproof.report.listener import console_is_quiet
from wireproof.wiretext import safe


@library(scope="GLOBAL", doc_format="MARKDOWN", converters=CONVERTERS)
class Load(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """Loads: many clients at once, paced by a schedule, every message of which is accounted for.

    ```robotframework
    *** Settings ***
    Library    wireproof.Load
    Library    wireproof.Timing

    *** Test Cases ***
    Delivery Stays Below 50 Milliseconds
        Set Load Thresholds    delivery.p95 < 50 ms    delivery.lost == 0    connect.failed < 1 %
        Stop Load When    server.error_rate > 5 % for 10s
        ${result}    Run Load    steady    ws://127.0.0.1:3001/    connections=200    rate=150/s    duration=10min
        ...    send={"type": "echo", "text": "qa"}
        Criterion Should Be Met    PERF-02    of=${result}
    ```

    A load is made by processes of its own, so what Robot does meanwhile disturbs no latency. It needs
    `pip install robotframework-wireproof[load]`.

    A load that `Start Load` started goes on beside other keywords, and ends at the latest with the test or suite that
    started it. Whatever ends it early, a time-out of Robot and Ctrl-C included, leaves the partial result, and no
    process. The messages of each load are kept in `wireproof/loads/` below the output directory.

    A client whose connection ends connects and logs in again, as users' clients do, after a random part of a wait that
    doubles (`reconnect=100ms..5s`; `none` lets it stay away). What it has due meanwhile counts as not sent, and is not
    sent later.

    ## Open and closed

    An *open* load sends each message when it is due, whatever became of those before, as users do who know nothing of
    each other. Latencies count from when a message was *due*, so a server that stops for a second does not look well
    because nothing was sent to it meanwhile. A *closed* one (`model=closed`) sends when an answer has come, `depth`
    messages at once on each connection: it shows how much goes through at most, and not how long it takes.

    ## Profiles

    `rate` and `duration` make a load of the same rate, `duration` alone one that holds connections. `stages` is a list
    of stages with commas between them; what a stage does not say stays as it was before it.

    | profile | stages |
    | --- | --- |
    | constant rate | `1000/s for 2min` |
    | ramping rate | `0/s..1000/s over 30s` |
    | steps | `100/s..500/s in 5 steps of 30s` |
    | spike | `200/s for 30s, 2000/s for 5s, 200/s for 30s` |
    | burst | `burst of 10000`, `burst of 10000 within 2s` |
    | soak | `0/s..200/s over 1min, 200/s for 8h` |
    | constant connections | `100 connections for 1min` |
    | ramp connections | `0..100 connections over 10s` |
    | both | `200/s with 100 connections for 1min` |

    ## Scenarios

    | scenario | who sends to whom |
    | --- | --- |
    | `request reply` | each client gets its own message back, or its answer |
    | `pairs` | the first and the second client, the third and the fourth, … send to each other |
    | `fan out` | each message reaches all others of its `group` |
    | `push only` | clients listen |
    | `user` | a class of yours does what a user does; see docs/load.md |

    ## Clients of a load

    Clients are made of templates: in `login`, `headers`, `to` and `group` words in braces stand for what differs.

    | word | stands for |
    | --- | --- |
    | `{n}`, `{n:04}` | the client's number, from 1; filled up with zeros |
    | `{pair}` | the number of its pair, from 1 |
    | `{side}` | `a` or `b`: which of its pair it is |
    | `{peer}` | the number of the other one |
    | `{run}` | a nonce of this run |

    So `login={"id": "device-{n}-{run}", "userId": "user-{pair}-{run}"}` with `scenario=pairs` makes pairs of devices,
    each pair with a user of its own. `to` need not be given where the dialect knows who its client is. Where each
    client has a secret of its own, `each` lists them all. What `Set Client Defaults` set is for clients, not for loads.

    ## Thresholds

    A threshold is a metric, its statistic and a limit; `delivery.p95 < 50 ms` is short for that of `delivery.time`. It
    is judged as criteria are, by the bounds of what was measured: only `PASS` passes, `INCONCLUSIVE` says that the
    sample was too small, `INVALID` that the load itself was not as it was asked for.

    The metrics are `connect.time`, `connect.success`, `connect.failed`, `login.time`, `connections.held`,
    `reconnect.time`, `send.rate`, `send.lateness`, `send.failed`, `ack.time`, `delivery.time`, `delivery.rate`,
    `delivery.success`, `delivery.lost`, `delivery.duplicated`, `delivery.reordered`, `delivery.misdelivered`,
    `delivery.corrupted`, `error.rate`, `query.time`, `query.rate`, `flow.time`, `flow.missing`, `loop.lag`,
    `gc.pause`, `generator.cpu` and `self.echo`. A `quote.time` of a user class has its `quote.rate`.

    ## Live figures

    `Stop Load When` looks at what is known of the last second: `connections.held`, `delivery.outstanding`,
    `delivery.p95`, `delivery.rate`, `generator.lag`, `send.rate`, `server.error_rate` (connections not made and
    messages failed, of all that were tried) and `server.errors`.

    ## Progress

    On a terminal one line for all loads that run changes four times a second, elsewhere each load adds a line every ten
    seconds. There is none with
    `--console none` or `quiet`, under pabot, and with `progress=no`.
    """

    def __init__(self, progress: bool = True) -> None:
        """Takes whether running loads show how they go.

        Args:
            progress: no shows nothing on the console.
        """
        self._progress = progress
        console = partial(logger.console, newline=False)
        self._screen, self._paper = Screen(console, begin="\n"), Paper(console, begin="\n")
        loads = Loads(self._line)
        super().__init__([LoadKeywords(loads), TermKeywords(loads)])

    def run_keyword(self, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """Runs a keyword; what an author can act on becomes one plain line without a traceback."""
        try:
            return super().run_keyword(name, args, kwargs)
        except ValueError as error:
            raise LoadError(safe(error, 500)) from None

    def _line(self, plan: Plan) -> ProgressLine:
        if not self._progress or _is_quiet():
            outlet: Outlet = Paper(_nowhere)
        else:
            outlet = self._screen if is_terminal(sys.__stdout__) else self._paper
        return ProgressLine(outlet, plan.name, plan.profile.duration_s)


def _is_quiet() -> bool:
    """Whether nobody looks at the console: Robot was told so, or pabot runs several at once."""
    return BuiltIn().get_variable_value("${PABOTQUEUEINDEX}") is not None or console_is_quiet()


def _nowhere(text: str) -> None:
    """Shows nothing."""
