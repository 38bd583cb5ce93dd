"""Several servers on one database, each a process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
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
                self.log.append(json.loads(line))
                if self.log[-1]["event"] == "listening":
                    at = self.log[-1]
                    return Target(f"ws://127.0.0.1:{at['wsPort']}/", f"http://127.0.0.1:{at['httpPort']}")
        raise AssertionError(f"the server ended before it listened: {self.log}")

    async def follow(self) -> None:
        """Keep its log from filling the pipe."""
        async for line in self.process.stderr:
            self.log.append(json.loads(line))

    def events(self, event: str) -> list[dict[str, Any]]:
        """What it logged under a name."""
        return [line for line in self.log if line["event"] == event]


@dataclass
class Cluster:
    """Nodes that started at once on an empty database."""

    database_url: str
    nodes: list[Node]
    targets: list[Target]


@asynccontextmanager
async def cluster(stack: EmbeddedStack, count: int = 2, **settings: str) -> AsyncIterator[Cluster]:
    """Starts nodes on a database of their own; settings as environment variables without their prefix."""
    name = fresh("cluster")
    databases.create(stack.addresses.postgres, name)
    url = stack.postgres.url_of(name)
    try:
        async with AsyncExitStack() as running:
            common = {
                "DATABASE_URL": url,
                "REDIS_URL": stack.services["redis"].url,
                "REDIS_PREFIX": name,
                "TOKEN_SECRET": SECRET,
                "WS_PORT": "0",
                "HTTP_PORT": "0",
                "HEARTBEAT_INTERVAL": "0.5",
                **settings,
            }
            nodes = [await _start(running, f"{name}-{number}", common) for number in range(count)]
            targets = await asyncio.gather(*(node.target() for node in nodes))
            following = [asyncio.create_task(node.follow()) for node in nodes]
            yield Cluster(url, nodes, targets)
        await asyncio.gather(*following)
    finally:
        databases.drop(stack.addresses.postgres, name)


async def _start(running: AsyncExitStack, name: str, settings: dict[str, str]) -> Node:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("REFERENCE_SERVER_")}
    environment |= {f"REFERENCE_SERVER_{key}": value for key, value in {**settings, "NODE": name}.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "reference_server", "--test-mode", stderr=asyncio.subprocess.PIPE, env=environment
    )
    running.push_async_callback(_end, process)
    return Node(name, process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
