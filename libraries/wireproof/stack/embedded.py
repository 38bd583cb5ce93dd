"""The embedded stack: PostgreSQL, Redis and the reference server as processes of this run, on ports of their own."""

import json
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from wireproof.stack import databases
from wireproof.stack.accounts import Account, unprivileged
from wireproof.stack.added import QUICK_STOP_S, require_known
from wireproof.stack.addresses import Addresses
from wireproof.stack.base import ABILITIES, Stack
from wireproof.stack.binaries import Sources, find_postgres, find_redis, installed, reachable_postgres
from wireproof.stack.errors import StackError, attempt_all
from wireproof.stack.postgres import DATABASE, PostgresService
from wireproof.stack.redis import RedisService
from wireproof.stack.rundir import RunDirectory, write_private
from wireproof.stack.server import ServerConfig, ServerService, obstacle, token_secret_file
from wireproof.stack.settings import FUNCTIONAL, Setting
from wireproof.wiretext import hide

_PLAN = "stack.json"
_SERVER = "server"


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
    """Three real services: those that this process started, or those of another one, which it visits."""

    def __init__(
        self, run: RunDirectory, postgres: PostgresService, redis: RedisService, server: ServerService
    ) -> None:
        self.run = run
        self.postgres = postgres
        self.redis = redis
        self.server = server
        secret = self.token_secret_file.read_text()
        addresses = Addresses(server.endpoint, server.http_endpoint, postgres.url, redis.url, secret)
        super().__init__(
            "embedded",
            addresses,
            abilities=ABILITIES,
            disposable=True,
            exclusive=run.owned,
            server_settings=server.config.settings,
        )
        self.services.update((service.name, service) for service in (postgres, redis, server))
        for text in (postgres.password, redis.password, secret):
            hide(text)

    @property
    def token_secret_file(self) -> Path:
        return token_secret_file(self.run)

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
            settings: of the reference server, and of servers added later.
            sources: where to look for programs, this machine when not given.
            keep_logs: a directory for the services' logs, when the start fails.

        Raises:
            StackError: a program is missing, a service did not start, or the server has no such setting.
        """
        if problem := obstacle():
            raise StackError(problem)
        sources = sources or installed()
        programs, redis_program = find_postgres(sources), find_redis(sources)
        account = unprivileged()
        run = RunDirectory.create(account)
        try:
            return cls._start_in(run, programs, redis_program, account, settings)
        except BaseException:
            if keep_logs is not None:
                run.save_logs(keep_logs)
            run.remove()
            raise

    @classmethod
    def _start_in(
        cls,
        run: RunDirectory,
        programs: Path,
        redis_program: Path,
        account: Account | None,
        settings: Mapping[str, Setting],
    ) -> "EmbeddedStack":
        write_private(token_secret_file(run), secrets.token_hex(32))
        programs = reachable_postgres(programs, account, run.path / "programs")
        postgres = PostgresService(run, programs, account, secrets.token_hex(16))
        redis = RedisService(run, redis_program, secrets.token_hex(16))
        with ThreadPoolExecutor(1) as pool:
            redis_starts = pool.submit(redis.start)
            postgres.initialise()
            postgres.start()
            databases.create(postgres.url_of("postgres"), DATABASE)
            redis_starts.result()
        server = ServerService(_SERVER, run, _config(run, postgres, redis, settings))
        server.start()
        require_known(settings, server.http_endpoint)
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

    def save_logs(self, target: Path) -> None:
        super().save_logs(target)
        if self.run.owned:
            self.run.save_logs(target)

    def stop(self) -> None:
        """Ends the servers that this run added and, when it started the stack, all services; removes what they left."""
        attempt_all([super().stop, self._end])

    def _end(self) -> None:
        if self.run.owned:
            attempt_all([partial(self.server.end, QUICK_STOP_S), self.run.remove])


def _config(
    run: RunDirectory, postgres: PostgresService, redis: RedisService, settings: Mapping[str, Setting]
) -> ServerConfig:
    return ServerConfig(settings, postgres.url, redis.url, "cloud", token_secret_file(run))
