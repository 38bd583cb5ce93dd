"""Which worker gets which members, and sends which messages when. Pure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wireproof.load import profile
from wireproof.load.plan import NOBODY, Plan

if TYPE_CHECKING:
    from wireproof.delivery.history import Ints

SETTLE_NS = 500_000_000
"""How long a connection that is opened on the way sends nothing, and how long one that is to be closed."""


def shards_of(plan: Plan, shards: int) -> list[list[int]]:
    """The members of each worker, by index; who gets a message is with who sends it, on one clock.

    So a worker knows by itself when nothing is on its way any more. A group that everybody belongs to is one worker's.
    """
    together = _together(plan)
    parts: list[list[int]] = [[] for _ in range(shards)]
    for members in together:
        min(parts, key=len).extend(members)
    return [sorted(part) for part in parts if part]


def _together(plan: Plan) -> list[list[int]]:
    """Members that have to do with each other."""
    parent = list(range(plan.profile.peak_connections))

    def root(member: int) -> int:
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    first_of: dict[str, int] = {}
    for index in range(len(parent)):
        member = plan.members[index]
        other = member.peer
        if other == NOBODY and plan.traffic.scenario == "fan out":
            other = first_of.setdefault(member.group, index)
        if 0 <= other < len(parent):
            parent[root(index)] = root(other)
    found: dict[int, list[int]] = {}
    for index in range(len(parent)):
        found.setdefault(root(index), []).append(index)
    return list(found.values())


def senders_of(plan: Plan) -> list[int]:
    """The members that send, by index."""
    members = range(plan.profile.peak_connections)
    if plan.traffic.scenario == "push only":
        return [index for index in members if plan.members[index].peer != NOBODY or plan.members[index].to]
    return list(members)


def schedule(plan: Plan, members: Sequence[int]) -> tuple["Ints", "Ints"]:
    """When each message of these members is due, in nanoseconds from the start, and whose it is.

    The members that are connected when a message is due take turns, whichever worker they belong to. Who is about to
    leave, or may not be there yet, sends nothing, and of a pair either both send or none.
    """
    import numpy as np

    due = profile.due_ns(plan.profile)
    senders = np.array(senders_of(plan), np.int64)
    if not len(senders) or not len(due):
        return due[:0], senders[:0]
    opens, closes = (np.sort(moments(plan.profile)[senders]) for moments in (profile.open_ns, profile.close_ns))
    begins = np.where(opens > 0, opens + SETTLE_NS, 0)
    ends = closes[closes != profile.STAYS] - SETTLE_NS
    connected = np.searchsorted(begins, due, side="right") - np.searchsorted(ends, due, side="right")
    if plan.traffic.scenario == "pairs":
        connected -= connected % 2
    connected = np.maximum(connected, 1)
    sender = senders[np.arange(len(due)) % connected]
    ours = np.isin(sender, np.array(members, np.int64))
    return due[ours], sender[ours]
