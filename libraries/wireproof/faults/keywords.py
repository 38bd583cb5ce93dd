"""The keyword library `wireproof.Faults`."""

from typing import Any

from robot.api import SkipExecution, logger
from robot.api.deco import library
from robotlibcore import DynamicCore

from wireproof.faults.active import ActiveFaults
from wireproof.faults.arguments import CONVERTERS
from wireproof.faults.errors import FaultError, UnableError
from wireproof.faults.fault import Fault
from wireproof.faults.frames.control_frame_keywords import ControlFrameKeywords
from wireproof.faults.frames.damage_keywords import DamageKeywords
from wireproof.faults.frames.frame_keywords import FrameKeywords
from wireproof.faults.frames.message_keywords import MessageKeywords
from wireproof.faults.healing_keywords import HealingKeywords
from wireproof.faults.links.link_keywords import LinkKeywords
from wireproof.faults.links.running import RunningLinks
from wireproof.faults.postgres.database_keywords import DatabaseKeywords
from wireproof.faults.postgres.reply_keywords import ReplyKeywords
from wireproof.faults.redis.cache_keywords import CacheKeywords
from wireproof.faults.streams.byte_keywords import ByteKeywords
from wireproof.faults.streams.connection_keywords import ConnectionKeywords
from wireproof.faults.trackers import tracker_of


@library(scope="GLOBAL", doc_format="MARKDOWN", converters=CONVERTERS)
class Faults(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """Faults on links, in databases, caches and services, and their healing.

    A *link* is a proxy inside the test process that listens on the loopback. `Start Fault Proxy` starts one, clients
    go through it with `via=`, and what the fault keywords do to it, its users feel:

    ```robotframework
    *** Settings ***
    Library    wireproof.Faults
    Library    wireproof.Sockets

    *** Test Cases ***
    Messages Wait Out A Pause
        Start Fault Proxy    room    ws://127.0.0.1:3001/
        Open Client    alice    ws://127.0.0.1:3001/    via=room
        ${pause}    Pause Link    room
        Send Text    alice    hello
        Heal Fault    ${pause}
        Wait For Message    alice    text=hello
    ```

    ## What every fault has in common

    - It applies to the connections there are and to new ones, until it is healed: by `Heal Fault`, `Heal All Faults`,
      its `duration`, or the end of the test or suite that made it, whatever comes first. Healing twice is fine.
    - It counts what it touched. A fault that touched nothing until its test ends fails that test: what was tested did
      not go through it. Where nobody can count any more, because PostgreSQL or Redis was killed meanwhile, that is a
      warning.
    - Two faults that contradict each other on one link, such as two latencies in the same direction, are refused.
    - When it was on is in the journal and in the timeline of failures.
    - What is random has a `seed`; the log tells it, and giving it again repeats the run.

    ## Faults of one client

    `client=alice` takes only the connections of that client; a list takes several. They are known by the names of
    `Open Client    …    via=`, and must have a connection on the link. A client that comes back is still meant.

    ## Which messages

    Faults of frames are for links to a `ws://` target. A message in fragments is one message; what is not meant passes
    as it is, to the byte. Of the messages in their direction they take those that are all that is asked, read by the
    `dialect`: `kind`, `json` and `regex`, as in Sockets' Matching. Of these the first `skip` pass, then every
    `every`-th is taken, of those a `share` at random, and at most `count`. All connections count together.

    Where the dialect finds an id, the journal notes that a message went through, so that a ledger can tell what was
    lost behind the link from what never came through it.

    Frames cannot be seen inside TLS: on a link to `wss://` the test is skipped with the reason. No compression is
    agreed on through a link to `ws://`: the offer is taken out of the request, for a compressed frame cannot be lost
    alone.

    ## Databases

    Faults inside PostgreSQL are made in one database of the running stack: its own, or `db`, which is the name of a
    server of `Start Server` (its own database is meant), the name of a database, or its URL. They go straight to
    PostgreSQL, not through a link. Sessions of this library, called `wireproof`, are neither ended nor refused.

    A trigger or a setting would stay when a run is killed. So each is noted in the database in the same transaction,
    and in Redis before it is done; the next run that uses the stack undoes it and says so.

    ## Limits

    A link is no network cable: the systems at both its ends go on acknowledging what they get, so TCP's own time-outs
    do not notice a black hole, only heartbeats of the application do. Real loss and reordering below TCP need other
    tools. What goes through a link takes some ten microseconds longer, so measurements go without.
    """

    def __init__(self) -> None:
        active = ActiveFaults()
        self._links = RunningLinks(active, tracker_of)
        of_links = (
            LinkKeywords,
            ByteKeywords,
            ConnectionKeywords,
            FrameKeywords,
            DamageKeywords,
            ControlFrameKeywords,
            MessageKeywords,
            ReplyKeywords,
        )
        others = (DatabaseKeywords, CacheKeywords, HealingKeywords)
        super().__init__([*(topic(active, self._links) for topic in of_links), *(topic(active) for topic in others)])

    def run_keyword(self, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """Runs a keyword; what an author can act on becomes one plain line without a traceback."""
        try:
            result = super().run_keyword(name, args, kwargs)
        except UnableError as reason:
            raise SkipExecution(str(reason)) from None
        except ValueError as error:
            raise FaultError(str(error)) from None
        finally:
            for problem in self._links.take_problems():
                logger.warn(problem)
        if isinstance(result, Fault):
            logger.info(result.shown)
        return result
