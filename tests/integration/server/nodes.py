"""Several servers on one database, each a process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from devices import GENEROUS_S, Target, fresh

from wireproof.stack import databases
from wireproof.stack.embedded import EmbeddedStack

SECRET = "a secret that the nodes of one test share"


@dataclass
class Node:
    """One server and what it has logged."""

    name: str
    process: asyncio.subprocess.Process
    log: list[dict[str, Any]] = field(default_factory=list)

    async def target(self) -> Target:
        """Where it listens, once it does; fails when it ends before."""
        async with asyncio.timeout(GENEROUS_S):
            async for line in self.process.stderr:
                self.log.append(_read(line))
                if self.log[-1]["event"] == "listening":
                    at = self.log[-1]
                    return Target(f"ws://127.0.0.1:{at['wsPort']}/", f"http://127.0.0.1:{at['httpPort']}")
        raise AssertionError(f"the server ended before it listened: {self.log}")

    async def follow(self) -> None:
        """Keep its log from filling the pipe."""
        async for line in self.process.stderr:
            self.log.append(_read(line))

    def events(self, event: str) -> list[dict[str, Any]]:
        """What it logged under a name."""
        return [line for line in self.log if line["event"] == event]


class Cluster:
    """Nodes on a database of their own; all end with the block that started them."""

    def __init__(self, database_url: str, settings: dict[str, str]) -> None:
        self.database_url = database_url
        self.nodes: list[Node] = []
        self.targets: list[Target] = []
        self.settings = settings
        """As environment variables without their prefix; what is changed counts for nodes that start later."""
        self._following: list[asyncio.Task[None]] = []

    async def start(self, count: int = 1) -> Target:
        """Starts nodes at once; gives where the last of them listens."""
        started = [await self._spawn() for _ in range(count)]
        self.targets += await asyncio.gather(*(node.target() for node in started))
        self._following += [asyncio.create_task(node.follow()) for node in started]
        return self.targets[-1]

    async def kill(self, number: int) -> None:
        """Ends a node as a crash does."""
        process = self.nodes[number].process
        if process.returncode is None:
            process.kill()
        await process.wait()

    def faults(self) -> list[dict[str, Any]]:
        """What the nodes logged as a fault of their own: nothing that others do to them may be one."""
        return [line for node in self.nodes for line in node.log if line.get("level") == "error"]

    async def end(self) -> None:
        """Ends what still runs."""
        for number in range(len(self.nodes)):
            await self.kill(number)
        await asyncio.gather(*self._following)

    async def _spawn(self) -> Node:
        name = f"{self.settings['REDIS_PREFIX']}-{len(self.nodes)}"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("REFERENCE_SERVER_")}
        environment |= {f"REFERENCE_SERVER_{key}": value for key, value in self.settings.items()}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "reference_server",
            "--test-mode",
            stderr=asyncio.subprocess.PIPE,
            env=environment | {"REFERENCE_SERVER_NODE": name},
        )
        self.nodes.append(Node(name, process))
        return self.nodes[-1]


@asynccontextmanager
async def cluster(stack: EmbeddedStack, count: int = 2, **settings: str) -> AsyncIterator[Cluster]:
    """Starts nodes on an empty database; settings as environment variables without their prefix."""
    name = fresh("cluster")
    databases.create(stack.addresses.postgres, name)
    common = {
        "DATABASE_URL": stack.postgres.url_of(name),
        "REDIS_URL": stack.services["redis"].url,
        "REDIS_PREFIX": name,
        "TOKEN_SECRET": SECRET,
        "WS_PORT": "0",
        "HTTP_PORT": "0",
        "HEARTBEAT_INTERVAL": "0.5",
    }
    started = Cluster(common["DATABASE_URL"], common | settings)
    try:
        if count:
            await started.start(count)
        yield started
    finally:
        await started.end()
        databases.drop(stack.addresses.postgres, name)


def _read(line: bytes) -> dict[str, Any]:
    """A line of the log; why a server does not start is one in plain words."""
    return json.loads(line) if line.startswith(b"{") else {"event": line.decode()}
