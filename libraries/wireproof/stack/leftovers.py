"""What a killed run left in a stack's databases and cache, and its undoing by the next run that uses the stack."""

from wireproof.stack import undo_postgres, undo_redis
from wireproof.stack.base import Stack


def heal(stack: Stack) -> list[str]:
    """Undoes the faults that nobody cares for any more.

    Args:
        stack: a disposable one that was there before this run.

    Returns:
        One line that tells what was found; none when nothing was.

    Raises:
        StackError: it could not be undone; the reason is given.
    """
    addresses = stack.addresses
    found = undo_postgres.heal(addresses.postgres) + undo_redis.heal(addresses.redis)
    if not found:
        return []
    return [f"the {stack.mode} stack was found with {', '.join(found)}, as a run that died leaves it: healed"]
