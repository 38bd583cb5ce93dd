"""What a killed run left in a stack's databases and cache, and its undoing by the next run that uses the stack."""

from wireproof.stack import undo_postgres, undo_redis
from wireproof.stack.addresses import Addresses


def heal(addresses: Addresses) -> list[str]:
    """Undoes the faults that nobody cares for any more.

    Args:
        addresses: of a disposable stack that was there before this run.

    Returns:
        What was undone, in words.

    Raises:
        StackError: it could not be undone; the reason is given.
    """
    postgres = undo_postgres.heal(addresses.postgres) if addresses.postgres else []
    return postgres + (undo_redis.heal(addresses.redis) if addresses.redis else [])
