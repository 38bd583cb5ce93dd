"""The dockerised stack of docker-compose.yml, already up: its ports and credentials are read, not guessed."""

import subprocess
from pathlib import Path
from urllib.parse import quote

from wireproof.stack.addresses import Addresses
from wireproof.stack.base import Guards, Stack
from wireproof.stack.errors import StackError
from wireproof.stack.external import Variables, hide_passwords, shown_abilities
from wireproof.stack.server import obstacle
from wireproof.wiretext import safe

FILES = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")

_DEFAULTS = {
    "WS_PORT": "3001",
    "HTTP_PORT": "3000",
    "POSTGRES_PORT": "5432",
    "REDIS_PORT": "6379",
    "POSTGRES_USER": "wireproof",
    "POSTGRES_PASSWORD": "local-play-only",
    "POSTGRES_DB": "wireproof",
    "REDIS_PASSWORD": "local-play-only",
    "TOKEN_SECRET": "local-play-only-0123456789abcdef-not-a-secret",
}
"""Those of docker-compose.yml."""

_PUBLISHED = {
    "WS_PORT": ("server", 3001),
    "HTTP_PORT": ("server", 3000),
    "POSTGRES_PORT": ("postgres", 5432),
    "REDIS_PORT": ("redis", 6379),
}
_DOCKER_S = 10


def attach(directory: Path, variables: Variables) -> Stack:
    """The stack of the compose project in `directory` or the nearest directory above it.

    Raises:
        StackError: there is no compose file, or Docker cannot tell a port that it was to choose itself.
    """
    project = find_project(directory)
    values = settings(_read(project / ".env"), variables)
    ports = {
        name: published_port(project, *_PUBLISHED[name]) if values[name] == "0" else values[name] for name in _PUBLISHED
    }
    user, database = quote(values["POSTGRES_USER"], safe=""), quote(values["POSTGRES_DB"], safe="")
    postgres_password = quote(values["POSTGRES_PASSWORD"], safe="")
    addresses = Addresses(
        ws=f"ws://127.0.0.1:{ports['WS_PORT']}/",
        http=f"http://127.0.0.1:{ports['HTTP_PORT']}",
        postgres=f"postgresql://{user}:{postgres_password}@127.0.0.1:{ports['POSTGRES_PORT']}/{database}",
        redis=f"redis://:{quote(values['REDIS_PASSWORD'], safe='')}@127.0.0.1:{ports['REDIS_PORT']}/0",
        token_secret=values["TOKEN_SECRET"],
    )
    hide_passwords(addresses)
    abilities = shown_abilities(addresses)
    lacks = {"kill services": "its own are containers"}
    if problem := obstacle():
        lacks["start server"] = problem
    else:
        abilities.append("start server")
    return Stack("compose", addresses, abilities=abilities, lacks=lacks, disposable=True, guards=Guards("reset"))


def find_project(directory: Path) -> Path:
    """The nearest directory with a compose file, from `directory` upwards.

    Raises:
        StackError: there is none.
    """
    for candidate in (directory, *directory.parents):
        if any((candidate / name).is_file() for name in FILES):
            return candidate
    raise StackError(f"there is no {FILES[0]} in {directory} or above: run robot in the project's directory")


def settings(env_file: str, variables: Variables) -> dict[str, str]:
    """Ports and credentials, as Docker Compose takes them: from the variables, else ``.env``, else the defaults.

    Args:
        env_file: the text of ``.env``.
        variables: the environment, and Robot's variables before it.
    """
    given = parse_env(env_file)
    # docker-compose.yml writes ${NAME:-default}: an empty value counts as none
    return {name: variables(name) or given.get(name) or default for name, default in _DEFAULTS.items()}


def parse_env(text: str) -> dict[str, str]:
    """The variables of an ``.env`` file: NAME=value lines, values in quotes or not, comments after ``#``."""
    values = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            values[name.strip()] = _value(value.strip())
    return values


def _value(text: str) -> str:
    if text[:1] in ("'", '"') and text.find(text[0], 1) > 0:
        return text[1 : text.index(text[0], 1)]
    return "" if text.startswith("#") else text.partition(" #")[0].rstrip()


def published_port(project: Path, service: str, port: int) -> str:
    """The port of this machine that Docker chose for a service's port.

    Raises:
        StackError: Docker does not tell; its reason is given.
    """
    command = ["docker", "compose", "port", service, str(port)]
    try:
        asked = subprocess.run(
            command, cwd=project, capture_output=True, text=True, errors="replace", timeout=_DOCKER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"the port of {service} is not known: {' '.join(command)}: {safe(error)}") from None
    found = asked.stdout.strip().rpartition(":")[2]
    if asked.returncode != 0 or not found.isdigit():
        said = safe(asked.stderr.strip() or asked.stdout.strip() or "no answer")
        raise StackError(f"the port of {service} is not known: {' '.join(command)}: {said}")
    return found


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
