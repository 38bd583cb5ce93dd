"""Load: many clients at once, paced by a schedule, each message of which is accounted for."""

from wireproof.load.user import User

__all__ = ["User"]
