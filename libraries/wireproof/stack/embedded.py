"""The embedded stack: PostgreSQL, Redis and the reference server as processes of this run, on ports of their own."""

import json
import re
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from wireproof.stack.accounts import Account, unprivileged
from wireproof.stack.base import ABILITIES, Addresses, Stack, without_password
from wireproof.stack.binaries import Sources, find_postgres, find_redis, installed, reachable_postgres
from wireproof.stack.errors import StackError
from wireproof.stack.postgres import DATABASE, PostgresService
from wireproof.stack.readiness import version
from wireproof.stack.redis import RedisService
from wireproof.stack.rundir import RunDirectory, write_private
from wireproof.stack.server import ServerConfig, ServerService, require_packages
from wireproof.stack.settings import FUNCTIONAL, NOT_REPORTED, Setting
from wireproof.wiretext import hide, safe

_PLAN = "stack.json"
_SERVER = "server"
_SERVER_STOP_S = 3.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server started beside the stack's own.

    Attributes:
        name: its name as a service.
        ws: URL of its WebSocket gateway.
        http: base URL of its HTTP API.
        postgres: URL of its database, without the password.
    """

    name: str
    ws: str
    http: str
    postgres: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a visitor needs to control a stack that another process started. It lies in the run directory."""

    postgres_programs: str
    postgres_password: str
    postgres_port: int
    redis_program: str
    redis_password: str
    redis_port: int
    ws_port: int
    http_port: int
    settings: Mapping[str, Setting]


class EmbeddedStack(Stack):
    """Three real services and whatever servers tests add to them."""

    def __init__(
        self, run: RunDirectory, postgres: PostgresService, redis: RedisService, server: ServerService
    ) -> None:
        self.run = run
        self.postgres = postgres
        self.redis = redis
        self.server = server
        self._own_run: RunDirectory | None = None  # where this process starts what it adds; an owner's is the stack's
        self._added: dict[str, str] = {}  # the databases of the servers started beside, by the server's name
        secret = self.token_secret_file.read_text()
        addresses = Addresses(server.endpoint, server.http_endpoint, postgres.url, redis.url, secret)
        super().__init__("embedded", addresses, abilities=ABILITIES, disposable=True)
        self.services = {service.name: service for service in (postgres, redis, server)}
        for text in (postgres.password, redis.password, secret):
            hide(text)

    @property
    def token_secret_file(self) -> Path:
        return _token_secret_file(self.run)

    @classmethod
    def start(
        cls,
        *,
        settings: Mapping[str, Setting] = FUNCTIONAL,
        sources: Sources | None = None,
        keep_logs: Path | None = None,
    ) -> "EmbeddedStack":
        """Starts all services and waits until they are ready.

        Args:
            settings: of the reference server.
            sources: where to look for programs, this machine when not given.
            keep_logs: a directory for the services' logs, when the start fails.

        Raises:
            StackError: a program is missing, or a service did not start.
        """
        require_packages()
        sources = sources or installed()
        programs, redis_program = find_postgres(sources), find_redis(sources)
        account = unprivileged()
        run = RunDirectory.create(account)
        try:
            stack = cls._start_in(run, programs, redis_program, account, settings)
        except BaseException:
            if keep_logs is not None:
                run.save_logs(keep_logs)
            run.remove()
            raise
        stack._own_run = run
        return stack

    @classmethod
    def _start_in(
        cls,
        run: RunDirectory,
        programs: Path,
        redis_program: Path,
        account: Account | None,
        settings: Mapping[str, Setting],
    ) -> "EmbeddedStack":
        write_private(_token_secret_file(run), secrets.token_hex(32))
        programs = reachable_postgres(programs, account, run.path / "programs")
        postgres = PostgresService(run, programs, account, secrets.token_hex(16))
        redis = RedisService(run, redis_program, secrets.token_hex(16))
        with ThreadPoolExecutor(1) as pool:
            redis_starts = pool.submit(redis.start)
            postgres.initialise()
            postgres.start()
            postgres.create_database(DATABASE)
            redis_starts.result()
        server = ServerService(_SERVER, run, _config(run, postgres, redis, settings))
        server.start()
        stack = cls(run, postgres, redis, server)
        stack._write_plan()
        return stack

    def _write_plan(self) -> None:
        plan = Plan(
            postgres_programs=str(self.postgres.programs),
            postgres_password=self.postgres.password,
            postgres_port=self.postgres.port,
            redis_program=str(self.redis.program),
            redis_password=self.redis.password,
            redis_port=self.redis.port,
            ws_port=self.server.ws_port,
            http_port=self.server.http_port,
            settings=dict(self.server.config.settings),
        )
        write_private(self.run.path / _PLAN, json.dumps(asdict(plan)))

    @classmethod
    def attach(cls, path: Path) -> "EmbeddedStack":
        """The running stack whose run directory is `path`, as a visitor: `stop` leaves it running.

        Raises:
            StackError: there is none.
        """
        run = RunDirectory(path)
        try:
            plan = Plan(**json.loads((path / _PLAN).read_text()))
        except (OSError, ValueError, TypeError):
            raise StackError(f"no stack is running in {path}") from None
        postgres = PostgresService(
            run, Path(plan.postgres_programs), unprivileged(), plan.postgres_password, plan.postgres_port
        )
        redis = RedisService(run, Path(plan.redis_program), plan.redis_password, plan.redis_port)
        config = _config(run, postgres, redis, plan.settings)
        return cls(run, postgres, redis, ServerService(_SERVER, run, config, (plan.ws_port, plan.http_port)))

    def start_server(self, settings: Mapping[str, Setting], name: str = "") -> Server:
        """Starts another server with settings and a database of its own, in the same PostgreSQL and Redis.

        Args:
            settings: by their camelCase names; what is not given is as in functional tests.
            name: its name as a service, ``server-2``, ``server-3``, ... when empty.

        Raises:
            StackError: the name is taken, a setting is unknown, or the server did not start.
        """
        if not re.fullmatch("[a-z0-9-]*", name):
            raise StackError(f"'{safe(name)}' is no name for a server: use small letters, digits and -")
        name = name or next(free for number in count(2) if (free := f"{_SERVER}-{number}") not in self.services)
        if name in self.services:
            raise StackError(f"a service '{name}' is running already: choose another name")
        database = f"{name}-{secrets.token_hex(4)}"
        config = ServerConfig(
            {**FUNCTIONAL, **settings},
            self.postgres.url_of(database),
            self.redis.url,
            database,
            self.token_secret_file,
        )
        # a visitor's servers end with the visitor, by a janitor of its own, and not with the stack
        self._own_run = self._own_run or RunDirectory.create(None)
        service = ServerService(name, self._own_run, config)
        self.postgres.create_database(database)
        self.services[name] = service
        self._added[name] = database
        try:
            service.start()
            _require_known(settings, service.http_endpoint)
        except BaseException:
            self.end_server(name)
            raise
        return Server(name, service.endpoint, service.http_endpoint, without_password(config.database_url))

    def end_server(self, name: str) -> None:
        """Ends a server that `start_server` started and removes its database; does nothing when it has ended."""
        database = self._added.pop(name, None)
        if database is None:
            return
        self.services.pop(name).stop(_SERVER_STOP_S)
        if self.postgres.check().healthy:  # else the database stays until the stack ends
            self.postgres.drop_database(database)

    def save_logs(self, target: Path) -> None:
        if self._own_run is not None:
            self._own_run.save_logs(target)

    def stop(self) -> None:
        """Ends the servers that this run added and, when it started the stack, all services; removes what they left."""
        for name in tuple(self._added):
            self.end_server(name)
        if self._own_run is self.run:
            self.server.stop(_SERVER_STOP_S)
        if self._own_run is not None:
            self._own_run.remove()


def _token_secret_file(run: RunDirectory) -> Path:
    return run.path / "token-secret"


def _config(
    run: RunDirectory, postgres: PostgresService, redis: RedisService, settings: Mapping[str, Setting]
) -> ServerConfig:
    return ServerConfig(settings, postgres.url, redis.url, "cloud", _token_secret_file(run))


def _require_known(settings: Mapping[str, Setting], http_endpoint: str) -> None:
    known = version(http_endpoint).get("settings", {}).keys() | NOT_REPORTED
    unknown = sorted(settings.keys() - known)
    if unknown:
        raise StackError(f"the server has no setting {', '.join(unknown)}; it has {', '.join(sorted(known))}")
