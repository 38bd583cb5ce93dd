"""The catalogue as a page."""

from collections.abc import Sequence

from tests.catalogue.faults import ROOT, SUITES, Family, Fault

_PIPE = r"\|"

_HEAD = """\
# Faults: what can go wrong, and what a client sees

<!-- Written by `make docs` from the suites in {suites}; change those. -->

{count} faults. Each has a test that shows what a client sees of it, and that all is well again when it is healed. This
page is made of these tests: what goes wrong is a test's name, the call is the one that it makes.

In the calls `room` is a link in front of a server and `db` one in front of PostgreSQL, both from `Start Fault Proxy`;
`shop` is a server of `Start Server`, and `${{recording}}` comes from `Record Messages`. What else each keyword can do
is in its documentation.

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

What no link can do, such as losing packets below TCP, [the guide to links](links.md#limits) tells, and also
[what can be relied on](links.md#what-can-be-relied-on) with every fault. Faults of services, databases and caches are
for stacks that may be disturbed: elsewhere they are refused, and where a stack cannot do one its test is skipped with
the reason.
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
    cells = (f"`{fault.id}`", _sentence(fault.name), f"`{'    '.join(fault.call)}`", fault.seen)
    return f"| {' | '.join(cell.replace('|', _PIPE) for cell in cells)} |"


def _sentence(title: str) -> str:
    """A test's name as a sentence begins; names such as PostgreSQL stay as they are."""
    first, *others = title.split()
    return " ".join([first, *(word if any(map(str.isupper, word[1:])) else word.lower() for word in others)])


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
