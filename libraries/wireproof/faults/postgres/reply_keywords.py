"""Keywords for the replies of PostgreSQL on a link."""

import re
from datetime import timedelta

from robot.api import logger
from robot.api.deco import keyword

from wireproof.failures import fail
from wireproof.faults.active import ActiveFaults
from wireproof.faults.component import lasting_s
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.links.component import LinkComponent
from wireproof.faults.links.passage import Passage
from wireproof.faults.links.proxy import FaultProxy
from wireproof.faults.links.running import RunningLinks
from wireproof.faults.links.stage import Stage
from wireproof.faults.postgres.replies import Catch, ReplyStage, Selection, Then, To
from wireproof.quantities import require_wait
from wireproof.wiretext import safe

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class ReplyKeywords(LinkComponent):
    """Held and lost replies."""

    def __init__(self, active: ActiveFaults, links: RunningLinks) -> None:
        super().__init__(active, links)
        self._caught: dict[str, tuple[FaultProxy, Catch]] = {}  # by the link's name

    @keyword(tags=["Faults", "Replies"])
    def hold_replies(
        self, link: str, *, to: To = "COMMIT", matching: str = "", count: int = 0, duration: timedelta = None
    ) -> Fault:
        """Keeps what PostgreSQL answers to commits until it is healed: all is stored, and nobody is told.

        With `to=COMMIT` a reply counts that ends a transaction, also that of a single statement, and says that it was
        committed. Transactions that only read are answered: `SELECT` without unknown functions. Errors go through.
        Each connection waits behind its first held reply; other connections go on. What a server writes in the
        background counts, too: `matching` says which replies a test is about.

        Args:
            link: a link to PostgreSQL.
            to: `COMMIT`, or `ANY` for the replies to all statements.
            matching: a pattern found in the SQL of the transaction (with `ANY`, of the statement); all if not given.
            count: how many replies are held at most; 0 for all.
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        ${db}    Start Fault Proxy    db    postgres
        Connect To Database    psycopg2    &{LOGIN}    db_host=${db.host}    db_port=${db.port}
        ${held}    Hold Replies    db    duration=1s
        Execute Sql String    INSERT INTO users (id, created_at) VALUES ('held', now())
        Row Should Exist    users    {"id": "held"}
        ```
        """
        return self._catch(link, Selection(to, _pattern(matching)), count, duration, "hold")

    @keyword(tags=["Faults", "Replies"])
    def lose_replies(
        self, link: str, *, to: To = "COMMIT", matching: str = "", count: int = 0, duration: timedelta = None
    ) -> Fault:
        """Drops what PostgreSQL answers to commits, once it has answered, and resets the connection.

        The client sees an error for what was stored. Which replies count is as for `Hold Replies`.

        Args:
            link: a link to PostgreSQL.
            to: `COMMIT`, or `ANY` for the replies to all statements.
            matching: a pattern found in the SQL of the transaction (with `ANY`, of the statement); all if not given.
            count: how many replies are lost at most; 0 for all.
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        ${db}    Start Fault Proxy    db    postgres
        Connect To Database    psycopg2    &{LOGIN}    db_host=${db.host}    db_port=${db.port}
        Lose Replies    db    count=1
        Run Keyword And Expect Error    *    Execute Sql String
        ...    INSERT INTO users (id, created_at) VALUES ('lost', now())
        Row Should Exist    users    {"id": "lost"}
        ```
        """
        return self._catch(link, Selection(to, _pattern(matching)), count, duration, "lose")

    @keyword(tags=["Faults", "Replies"])
    def wait_until_reply_is_held(
        self, link: str, *, count: int = 1, timeout: timedelta = timedelta(seconds=5), msg: str = ""
    ) -> list[str]:
        """Waits until a link holds a reply, so that what it answers is done and nobody knows.

        Args:
            link: the link of the last `Hold Replies` or `Lose Replies`, whose replies count as well.
            count: how many replies.
            timeout: how long to wait.
            msg: words to put before a failure's text.

        Returns:
            The SQL that each of them answers.

        ```robotframework
        ${db}    Start Fault Proxy    db    postgres
        Connect To Database    psycopg2    &{LOGIN}    db_host=${db.host}    db_port=${db.port}
        Hold Replies    db    matching=into users    duration=1s
        Execute Sql String    INSERT INTO users (id, created_at) VALUES ('late', now())
        ${sql}    Wait Until Reply Is Held    db
        Should Contain    ${sql}[0]    users
        ```
        """
        timeout_s = timeout.total_seconds()
        require_wait(timeout_s)
        running = self.links.find(link).proxy
        proxy, catch = self._caught.get(link, (None, None))
        if catch is None or proxy is not running:  # another link may have had that name
            raise FaultError(f"link '{safe(link)}' holds no replies: call Hold Replies first")
        found = catch.wait(count, timeout_s)
        if len(found) < count:
            why = f"; a connection was passed over: {catch.not_followed}" if catch.not_followed else ""
            raise fail(f"link '{safe(link)}' held {len(found)} of {count} replies within {timeout_s:g} s{why}", msg)
        logger.info(f"link '{link}' holds {len(found)} replies, to {safe(found[-1])}")
        return found

    def _catch(self, link: str, selection: Selection, count: int, duration: timedelta | None, then: Then) -> Fault:
        running = self.links.find(link)
        if running.target.protocol != "postgres":
            raise FaultError(
                f"link '{safe(link)}' leads to {running.target.protocol}, not to PostgreSQL: start one with "
                "Start Fault Proxy    db    postgres"
            )
        if count < 0:
            raise FaultError(f"count is {count}: give 0 for all replies, or how many at most")
        duration_s = lasting_s(duration)
        proxy = running.proxy
        what = "COMMIT reply" if selection.to == "COMMIT" else "reply"
        name = f"{what} {'held' if then == 'hold' else 'lost'}"
        fault = Fault(link, name, lambda: proxy.remove(fault), ("replies",), owner=proxy)
        catch = Catch(fault, selection, count)

        def stage_for(passage: Passage) -> Stage | None:
            if passage.direction == "to server":
                return None
            if passage.tracker.lost:
                catch.pass_over(passage.tracker.lost)
                return None
            return ReplyStage(passage.tracker, catch, then=then)

        self.active.begin(fault, lambda: proxy.install(fault, stage_for), duration_s)
        self._caught[link] = proxy, catch
        return fault


def _pattern(matching: str) -> re.Pattern[str] | None:
    try:
        return re.compile(matching, re.IGNORECASE) if matching else None
    except re.error as error:
        raise FaultError(f"matching is no regular expression: {safe(error)}") from None
