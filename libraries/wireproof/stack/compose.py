"""The dockerised stack of docker-compose.yml, already up: its ports and credentials are read, not guessed."""

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from urllib.parse import quote

from wireproof.stack import leftovers, readiness, state
from wireproof.stack.added import OWN
from wireproof.stack.addresses import Addresses
from wireproof.stack.base import Guards, Stack
from wireproof.stack.claims import Claims
from wireproof.stack.containers import ContainerService, containers, docker
from wireproof.stack.errors import StackError
from wireproof.stack.external import Variables, hide_passwords, shown_abilities
from wireproof.stack.server import obstacle
from wireproof.stack.services import recover
from wireproof.stack.state import StateFile
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


def attach(directory: Path, variables: Variables) -> Stack:
    """The stack of the compose project in `directory` or the nearest directory above it, all its services running.

    Raises:
        StackError: there is no compose file, Docker cannot tell a port that it was to choose itself, or a service that
            was paused or down does not come back.
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
    lacks = {"reroute": "its server is a container", "attribute sessions": "all come from the network of containers"}
    services: list[ContainerService] = []
    warnings: list[str] = []
    try:
        services = _services(project, addresses, values)
    except StackError as reason:
        lacks["kill services"] = str(reason)
    else:
        warnings = _recover(project, services)
    abilities = shown_abilities(addresses)
    if problem := obstacle():
        lacks["start server"] = problem
    else:
        abilities.append("start server")
    if services:
        abilities.append("kill services")
    stack = Stack("compose", addresses, abilities=abilities, lacks=lacks, disposable=True, guards=Guards("reset"))
    stack.services.update((service.name, service) for service in services)
    stack.warnings += warnings + leftovers.heal(stack)
    return stack


def _services(project: Path, addresses: Addresses, values: Mapping[str, str]) -> list[ContainerService]:
    """The stack's containers; raises StackError when a run cannot control them."""
    chosen = [name for name in _PUBLISHED if values[name] == "0"]
    if chosen:
        raise StackError(f"Docker chooses its ports anew at every start: give {', '.join(chosen)}")
    found = containers(project)
    missing = [name for name in OWN if name not in found]
    if missing:
        raise StackError(f"its project has no container of {', '.join(missing)}: docker compose up -d --wait")
    file = _state_file(project)
    claims = Claims(file.path.with_suffix(".claims")) if file else None
    probes = {
        "postgres": partial(readiness.postgres, addresses.postgres),
        "redis": partial(readiness.redis, addresses.redis),
        "server": partial(readiness.http, addresses.http),
    }
    endpoints = {name: addresses.endpoint("ws" if name == "server" else name) for name in OWN}
    return [ContainerService(name, found[name], endpoints[name], probes[name], claims) for name in OWN]


def _recover(project: Path, services: list[ContainerService]) -> list[str]:
    file = _state_file(project)
    with file.locked() if file else nullcontext():  # two runs that start at the same time heal it once
        return recover("compose", services)


def _state_file(project: Path) -> StateFile | None:
    """Where runs beside each other tell who is at a service. Not on Windows, which has no such locks."""
    return None if sys.platform == "win32" else state.of_checkout(project)


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
    try:
        answer = docker("compose", "port", service, str(port), directory=project)
    except StackError as problem:
        raise StackError(f"the port of {service} is not known: {problem}") from None
    found = answer.rpartition(":")[2]
    if not found.isdigit():
        raise StackError(f"the port of {service} is not known: docker compose port said '{safe(answer)}'")
    return found


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
