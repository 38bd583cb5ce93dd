"""Who has to get what each member of a load sends. Pure."""

from typing import TYPE_CHECKING

from wireproof.load.plan import NOBODY, Plan

if TYPE_CHECKING:
    from wireproof.delivery.history import Ints


def audiences(plan: Plan) -> list[list[int]]:
    """The clients that get what each client sends, by their numbers in the ledger; the first, nobody, sends none."""
    groups: dict[str, list[int]] = {}
    members = plan.members[: plan.profile.peak_connections]
    for index, member in enumerate(members):
        groups.setdefault(member.group, []).append(index + 1)
    found: list[list[int]] = [[]]
    for index, member in enumerate(members):
        if member.peer != NOBODY:
            found.append([member.peer + 1])
        elif plan.traffic.scenario in ("fan out", "push only"):
            found.append([client for client in groups[member.group] if client != index + 1])
        else:
            found.append([index + 1])
    return found


def audience_sizes(plan: Plan) -> "Ints":
    """How many get what each client sends, by the client's number."""
    import numpy as np

    groups: dict[str, int] = {}
    members = plan.members[: plan.profile.peak_connections]
    for member in members:
        groups[member.group] = groups.get(member.group, 0) + 1
    several = plan.traffic.scenario in ("fan out", "push only")
    sizes = [1 if member.peer != NOBODY else groups[member.group] - 1 if several else 1 for member in members]
    return np.array([0, *sizes], np.int64)
