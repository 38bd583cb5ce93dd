"""The library `wireproof.Delivery`."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from robot.api import logger
from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn
from robotlibcore import DynamicCore

from wireproof import scopes
from wireproof.delivery import evidence
from wireproof.delivery.errors import DeliveryError, NotQuietError
from wireproof.delivery.findings import Guarantee, Order, Rules
from wireproof.delivery.ledger import Ledger, Ledgers, Patience
from wireproof.delivery.report import Report, report_of
from wireproof.delivery.saved import recheck
from wireproof.journal import current as journal
from wireproof.wiretext import safe

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class Recipients(tuple[str, ...]):
    """Recipients: a client's name, or a list of names."""

    __slots__ = ()


def _recipients(value: object) -> Recipients:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError("write a client's name, or a list of names")
    return Recipients(names)


@library(scope="GLOBAL", doc_format="MARKDOWN", converters={Recipients: _recipients})
class Delivery(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """Judges every message: was it lost, doubled, reordered or misdelivered, and who lost it.

    A *ledger* writes down every message that is sent from its start on, what the peer said of it, and every socket that
    it came to. `Delivery Should Be Correct` then judges each single one.

    ```robotframework
    *** Settings ***
    Library    wireproof.Delivery
    Library    wireproof.Sockets

    *** Test Cases ***
    Nothing Is Lost Between Alice And Bob
        Open Client    alice    wss://chat.example/    login={"id": "alice", "userId": "u1"}    dialect=cloudmessage
        Open Client    bob    wss://chat.example/    login={"id": "bob", "userId": "u1"}    dialect=cloudmessage
        Start Ledger    guarantee=exactly once after dedupe
        Send Tracked Messages    alice    5000    audience=bob    to=bob    rate=500/s
        Drain Until Quiet
        Delivery Should Be Correct    min_acked=5000
    ```

    It fails with one line that counts every anomaly and names the first message with the last place where it was seen:

    ```
    FAIL: 3 lost, 1 duplicated of 5 000 acked; first lost wp-5c1f0a9be2d4-412 (alice→bob, message 412 of 5 000):
    acked 38 ms after it was sent, stored, never on bob's socket
    ```

    A ledger that saw too little fails too, as UNKNOWN: silence proves nothing. What a history cannot tell, such as
    persistence when no rows were recorded, the verdict calls *not observable*.

    ## Guarantees

    | `guarantee` | loss | repeats |
    | --- | --- | --- |
    | `at most once` | allowed | not allowed |
    | `at least once` | not allowed | allowed |
    | `exactly once` | not allowed | not allowed |
    | `exactly once after dedupe` | not allowed | only such as recipients can recognise |

    A repeat is recognisable when the protocol marks it, where it has marks, when it does not come after its recipient
    has confirmed, and, on one connection, not before the protocol's redelivery time.

    `order` is `per sender` (what a sender sends arrives in that order at each recipient), `causal` (moreover nobody
    gets an answer before what it answers, if they get both) or `none`.

    ## What became of a message

    The peer acked it, refused it, or nobody knows: no verdict came before the socket was lost, or the peer itself said
    so. Unknown is not failed: such a message may arrive, once. What was acked has to arrive, and, where a protocol does
    not acknowledge, what was sent. Who has to get it, `Send Tracked Messages` and `Expect Delivery` declare. Of other
    messages, all that one client sends to one recipient in one kind have one audience: the client that logged in as
    that recipient, else all clients that get any of them.
    """

    def __init__(self) -> None:
        super().__init__([])
        self._ledgers = Ledgers(journal())

    def run_keyword(self, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """Runs a keyword; what an author can act on becomes one plain line without a traceback."""
        try:
            return super().run_keyword(name, args, kwargs)
        except (ValueError, OSError) as error:
            raise DeliveryError(safe(error, 500)) from None

    @keyword(tags=["Ledger"])
    def start_ledger(
        self,
        name: str = "default",
        *,
        guarantee: Guarantee,
        order: Order = "per sender",
        redelivery: timedelta = None,
    ) -> None:
        """Starts a ledger: messages sent from now on are judged.

        It ends with the test or suite that started it.

        Args:
            name: what it is called; several may run at once.
            guarantee: how often each message may and must arrive; see [Guarantees].
            order: what may not overtake what.
            redelivery: after what time your server repeats what was not confirmed; by default what the dialect says.

        ```robotframework
        Open Client    alice    ${ECHO_URL}    dialect=echo
        Start Ledger    guarantee=exactly once    order=per sender
        Send Tracked Messages    alice    3    audience=alice    echo=yes
        Delivery Should Be Correct
        ```
        """
        ledger = self._ledgers.start(name, Rules(guarantee, order, redelivery_s=_seconds(redelivery)))
        scopes.current().defer(partial(self._ledgers.end, ledger.name))

    @keyword(tags=["Ledger"])
    def expect_delivery(self, id: str, *, to: Recipients, sender: str = "", ledger: str = "default") -> None:
        """Tells a ledger of a message that no client sends: one that a REST call or a row causes.

        Args:
            id: the id that the message has on the wire.
            to: the clients that have to get it.
            sender: who sends it, in your words.
            ledger: the ledger's name.

        ```robotframework
        Open Client    kitchen    ${ECHO_URL}    dialect=echo
        Start Ledger    guarantee=exactly once
        Expect Delivery    order-17    to=kitchen    sender=shop
        Send Json    kitchen    {"id": "order-17"}    # in place of a REST call that makes the shop send it
        Delivery Should Be Correct
        ```
        """
        if not id:
            raise DeliveryError("a message is expected by its id; this one is empty")
        name = self._ledgers.find(ledger).name
        journal().record("expect", sender, id=id, audience=list(to), sender=sender, elsewhere=True, ledger=name)

    @keyword(tags=["Ledger"])
    def drain_until_quiet(
        self,
        ledger: str = "default",
        *,
        quiet: timedelta = timedelta(seconds=1),
        timeout: timedelta = timedelta(seconds=30),
        redelivery: timedelta = None,
        msg: str = "",
    ) -> None:
        """Waits until all that has to arrive has arrived, and then listens on for `quiet`.

        While something is outstanding it says in the log what, and does not give up before the protocol's redelivery
        time. When the time is over it fails and names what is outstanding. Where the ledger's guarantee is `at most
        once` it passes then, unless something else is wrong: what may be lost may also be late.

        Args:
            ledger: the ledger's name.
            quiet: how long nothing more may come at the end.
            timeout: how long to wait.
            redelivery: after what time the server repeats what was not confirmed; by default what the ledger knows.
            msg: words to put before a failure's text.

        ```robotframework
        Open Client    alice    ${ECHO_URL}    dialect=echo
        Start Ledger    guarantee=exactly once
        Send Tracked Messages    alice    3    audience=alice    echo=yes
        Drain Until Quiet    quiet=100ms    timeout=5s
        ```
        """
        found = self._ledgers.find(ledger)
        try:
            found.drain(Patience(quiet.total_seconds(), timeout.total_seconds(), _seconds(redelivery)), logger.info)
        except NotQuietError as reason:
            self._show(found, 1)
            raise _failure(str(reason), msg) from None

    @keyword(tags=["Ledger"])
    def delivery_should_be_correct(self, ledger: str = "default", *, min_acked: int = 1, msg: str = "") -> Report:
        """Fails unless every message came to what was promised.

        The failure's line counts the anomalies and names the first message with where it was lost; a table of the first
        cases is in the log, all of it in `wireproof/ledger-<name>.json` beside the log. If something was sent since the
        last `Drain Until Quiet`, it drains first, with the default times.

        Args:
            ledger: the ledger's name.
            min_acked: with fewer messages taken over by the peer nothing is proven, and that fails as UNKNOWN. Where
                the protocol does not acknowledge, what was sent counts.
            msg: words to put before a failure's text.

        Returns:
            The counts: `sent`, `acked`, `unknown`, `delivered`, `p99_ms`, and one for every anomaly: `lost`,
            `duplicated`, `missing_recipient`, ...

        ```robotframework
        Open Client    alice    ${ECHO_URL}    dialect=echo
        Start Ledger    guarantee=exactly once
        Send Message    alice    {"text": "hello"}    kind=say    count=10
        Drain Until Quiet    quiet=100ms
        ${report}    Delivery Should Be Correct    min_acked=10
        Should Be Equal As Integers    ${report.delivered}    10
        ```
        """
        found = self._ledgers.find(ledger)
        if not found.is_drained:
            try:
                found.drain(Patience(), logger.info)
            except NotQuietError as reason:
                logger.info(safe(reason, 500))
        report = self._show(found, min_acked)
        if report.result != "PASS":
            raise _failure(report.line, msg)
        logger.info(report.line)
        return report

    @keyword(tags=["Ledger"])
    def get_delivery_report(self, ledger: str = "default") -> Report:
        """Returns what a ledger counts at this moment, and judges nothing.

        Args:
            ledger: the ledger's name.

        Returns:
            An object with `result`, `line`, `sent`, `acked`, `refused`, `unknown`, `delivered`, `p50_ms`, `p99_ms`, and
            one count for every anomaly: `lost`, `duplicated`, `missing_recipient`, ...

        ```robotframework
        Start Ledger    guarantee=at most once
        ${report}    Get Delivery Report
        Should Be Equal As Integers    ${report.lost}    0
        ```
        """
        found = self._ledgers.find(ledger)
        return report_of(found.name, found.judge())

    @keyword(tags=["Ledger"])
    def recheck_journal(self, path: str, *, msg: str = "") -> list[Report]:
        """Judges the ledgers of a saved journal again; `python -m wireproof recheck` does the same.

        A journal that breaks off, was written by an older version, or whose clock goes back is judged as far as it
        goes, with a warning.

        Args:
            path: the journal, such as `results/wireproof/journal.jsonl`.
            msg: words to put before a failure's text.

        Returns:
            The report of each ledger in it.

        ```robotframework
        Run Keyword And Expect Error    *is no journal*    Recheck Journal    ${CURDIR}/suite.robot
        ```
        """
        checked = recheck(Path(path))
        for note in checked.notes:
            logger.warn(f"{safe(path)}: {note}")
        if not checked.verdicts:
            raise DeliveryError(f"{safe(path)}: no ledger was started in it; nothing to judge")
        failed = [f"{name}: {verdict.line}" for name, verdict in checked.verdicts if verdict.result != "PASS"]
        if failed:
            raise _failure("; ".join(failed), msg)
        return [report_of(name, verdict) for name, verdict in checked.verdicts]

    def _show(self, ledger: Ledger, min_acked: int) -> Report:
        """The verdict, in the journal, in the log and in a file."""
        verdict = ledger.judge(min_acked)
        ledger.note(verdict, min_acked)
        directory = Path(str(BuiltIn().get_variable_value("${OUTPUT DIR}"))) / "wireproof"
        path = evidence.write(directory, ledger.name, verdict)
        logger.info(evidence.table(ledger.name, verdict), html=True)
        logger.debug(f"all of it: {path}")
        return report_of(ledger.name, verdict)


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _failure(reason: str, msg: str) -> AssertionError:
    words = safe(msg, 500)
    # Robot takes a message that starts with *HTML* as markup; the author's words may hold a peer's.
    words = f"'{words}'" if words.startswith("*") else words
    return AssertionError(f"{words}: {reason}" if words else reason)
