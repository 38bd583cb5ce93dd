"""The account that PostgreSQL runs under: it refuses to run as root."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

_PREFERRED = ("nobody", "postgres", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of this machine; it needs an entry in the user list, which initdb reads."""

    name: str
    uid: int
    gid: int

    def can_reach(self, path: Path) -> bool:
        """Whether the account may enter or execute `path` and every directory above it."""
        path = path.resolve()
        return all(self._may_execute(part) for part in (path, *path.parents))

    def _may_execute(self, path: Path) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def unprivileged() -> Account | None:
    """The account to change to; None when this process is not root and stays who it is."""
    if os.getuid() != 0:
        return None
    import pwd  # not on Windows, where no embedded stack runs

    accounts = {entry.pw_name: Account(entry.pw_name, entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()}
    others = [account for account in accounts.values() if account.uid != 0]
    preferred = [accounts[name] for name in _PREFERRED if name in accounts]
    return next(iter(preferred + others), None)
