"""The catalogue as a page."""

from collections.abc import Sequence

from tests.catalogue.faults import SUITES, ROOT, Family, Fault

_HEAD = """\
# Faults: what can go wrong, and what a client sees

<!-- Written by `make docs` from the suites in {suites}; change those. -->

{count} faults, and each has a test that shows what a client sees of it, and that all is well again when it is healed. The tests
themselves are the source of this page: a fault's words are those of its test, the call is the one that the test makes.

In the calls `room` is a link in front of a server, `db` and `cache` are links in front of PostgreSQL and Redis, all three from
`Start Fault Proxy`; `shop` is a server of `Start Server`. Other options of each keyword are in its documentation.

{contents}
"""
_FAMILY = """\
## {name}

{about}

| Fault | What goes wrong | Call | What a client sees |
|---|---|---|---|
{rows}

Shown by [{file}](../{path}).
"""
_LIMITS = """\
## Limits

What no fault of a link can do, such as losing packets below TCP, is told with [the links](links.md#limits), and so is
[what can be relied on](links.md#what-can-be-relied-on) of all faults. Faults of services, databases and caches are for stacks that
may be disturbed: on others, and where a stack cannot do one, [the test is refused or skipped](suites.md) with the reason.
"""


def page(families: Sequence[Family]) -> str:
    """The page in Markdown."""
    head = _HEAD.format(
        suites=f"{SUITES.relative_to(ROOT)}/",
        count=sum(len(family.faults) for family in families),
        contents=" · ".join(f"[{family.name}](#{_anchor(family.name)})" for family in families),
    )
    return "\n".join([head, *map(_family, families), _LIMITS])


def _family(family: Family) -> str:
    return _FAMILY.format(
        name=family.name,
        about=family.about,
        rows="\n".join(map(_row, family.faults)),
        file=family.suite.name,
        path=family.suite.as_posix(),
    )


def _row(fault: Fault) -> str:
    name = fault.name[0] + fault.name[1:].lower()
    cells = (f"`{fault.id}`", name, f"`{'    '.join(fault.call)}`", fault.seen)
    return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |"


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
