"""What in an order does not fit the rest of it: refused before anything starts, in one line each."""

from typing import TYPE_CHECKING

from wireproof.load import profile
from wireproof.load.errors import LoadError
from wireproof.load.plan import Profile
from wireproof.load.user import user_class
from wireproof.quantities import Duration

if TYPE_CHECKING:
    from wireproof.load.order import Order


def require(order: "Order", wanted: Profile) -> None:
    """Refuses an order that says something which has no meaning in it.

    Raises:
        ValueError: it does.
    """
    if order.model == "closed":
        _closed(order, wanted)
    else:
        _open(order, wanted)
    _times(order, wanted)
    _who(order)
    if order.workers < 0 or order.size < 0:
        raise LoadError("workers and size are 0, for as it is, or more")
    if order.row_query and order.row_every < 1:
        raise LoadError(f"rows of every {order.row_every}th message cannot be looked for: give 1 or more")


def _closed(order: "Order", wanted: Profile) -> None:
    if profile.messages(wanted):
        raise LoadError("a closed loop sends when an answer has come: leave out the rate, or take model=open")
    if order.depth < 1:
        raise LoadError(f"depth={order.depth} sends nothing: each connection has 1 message under way, or more")
    if profile.falls_s(wanted) is not None:
        raise LoadError("connections of a closed loop have messages under way: let them rise only, or take model=open")


def _open(order: "Order", wanted: Profile) -> None:
    if order.depth != 1:
        raise LoadError("depth belongs to model=closed: an open load sends when messages are due")
    if order.scenario == "user" and not profile.messages(wanted):
        raise LoadError("clients of a class do a step when it is due: give a rate, such as 5/s, or model=closed")
    if order.send is not None and order.scenario not in ("push only", "user") and not profile.messages(wanted):
        raise LoadError("send is given, and no rate to send at: give a rate, such as 100/s, or model=closed")


def _times(order: "Order", wanted: Profile) -> None:
    if order.warmup_s < 0 or order.drain_s < 0:
        raise LoadError("warmup and drain are 0 s or more")
    if order.warmup_s >= wanted.duration_s:
        raise LoadError(
            f"a warm-up of {Duration(order.warmup_s)} leaves nothing to measure of {Duration(wanted.duration_s)}: "
            "make it shorter, or the load longer"
        )


def _who(order: "Order") -> None:
    if order.group and order.scenario != "fan out":
        raise LoadError("group belongs to scenario=fan out: there a message reaches the others of its group")
    if (order.scenario == "user") != bool(order.user):
        raise LoadError("scenario=user runs a class: give its import path as user, and only then")
    if order.user:
        user_class(order.user)
