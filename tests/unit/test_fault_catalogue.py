"""The catalogue of faults is whole, and docs/faults.md is what its suites say."""

import pytest

from tests.catalogue.faults import FAMILIES, ROOT, SUITES, Fault, families, makers
from tests.catalogue.page import page

PROMISED = {
    "latency": ["latency"],
    "jitter": ["jitter-uniform", "jitter-normal"],
    "bandwidth": ["bandwidth"],
    "slicing": ["slicing"],
    "pause": ["pause"],
    "one-way and two-way black hole": ["black-hole", "black-hole-to-server", "black-hole-to-client"],
    "RST now (also on an idle connection)": ["reset-now"],
    "RST after n bytes": ["reset-after"],
    "half close": ["half-close"],
    "slow close": ["slow-close"],
    "cut mid-frame": ["cut-mid-frame"],
    "bit flip": ["bit-flip"],
    "refuse": ["refuse"],
    "accept-and-close": ["accept-and-close"],
    "silence": ["silence"],
    "slow accept": ["slow-accept"],
    "503/429 on upgrade": ["http-503", "http-429"],
    "wrong Sec-WebSocket-Accept": ["wrong-accept"],
    "every n-th only": ["every-nth"],
    "drop": ["drop"],
    "duplicate": ["duplicate"],
    "swap": ["swap"],
    "delay one": ["delay-one"],
    "truncate": ["truncate"],
    "corrupt to invalid UTF-8": ["invalid-utf8"],
    "swallow ping or pong": ["swallow-ping", "swallow-pong"],
    "inject close or junk opcode": ["inject-close", "junk-opcode"],
    "refragment": ["refragment", "interleave"],
    "drop or delay only the ack": ["drop-ack", "delay-ack"],
    "drop the delivery and keep the ack": ["drop-delivery"],
    "replay an old message": ["replay"],
    "hold or lose the COMMIT reply": ["hold-commit-reply", "lose-commit-reply"],
    "kill (the whole tree)": ["kill-server", "kill-postgres", "kill-redis"],
    "graceful stop": ["stop-server", "stop-postgres", "stop-redis"],
    "suspend and resume": ["suspend-server", "suspend-postgres", "suspend-redis"],
    "restart on the same port": ["restart-server"],
    "crash loop": ["crash-loop"],
    "rolling restart": ["rolling-restart"],
    "PostgreSQL: terminate sessions": ["terminate-sessions"],
    "PostgreSQL: immediate stop": ["immediate-stop-postgres"],
    "PostgreSQL: table lock": ["table-lock"],
    "PostgreSQL: connection limit": ["connection-limit"],
    "PostgreSQL: read-only": ["read-only"],
    "any SQLSTATE (53100 disk full, 40001, 57014)": ["disk-full", "serialization-failure", "statement-cancelled"],
    "on the n-th insert": ["nth-insert"],
    "slow query": ["slow-query"],
    "Redis: stop": ["stop-redis"],
    "Redis: pause writes or all": ["pause-writes", "pause-all"],
    "Redis: kill pub/sub or normal clients": ["kill-pubsub", "kill-normal"],
    "Redis: out of memory": ["out-of-memory"],
    "Redis: flush": ["flush"],
    "Redis: restart empty": ["restart-empty"],
    "Redis: revoke": ["revoke"],
}
"""Every fault that was promised, in the words of the promise, and the entries that keep it."""


@pytest.fixture(scope="module")
def faults() -> list[Fault]:
    return [fault for family in families() for fault in family.faults]


@pytest.mark.parametrize("promise", PROMISED)
def test_what_was_promised_is_there(faults: list[Fault], promise: str) -> None:
    assert set(PROMISED[promise]) <= {fault.id for fault in faults}


def test_each_fault_has_an_id_and_a_name_of_its_own(faults: list[Fault]) -> None:
    for found in ([fault.id for fault in faults], [fault.name for fault in faults]):
        assert len(set(found)) == len(found)


def test_every_keyword_that_makes_a_fault_is_shown(faults: list[Fault]) -> None:
    assert len(makers()) > 40
    assert makers() - {fault.call[0] for fault in faults} == set()


def test_every_suite_is_in_the_catalogue() -> None:
    assert {path.stem for path in SUITES.glob("*.robot")} == set(FAMILIES)


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "faults.md").read_text(encoding="utf-8") == page(families()), "call make docs"
