"""The process of one worker: `python -m wireproof.load.worker`, told what to do on standard input.

Both ways go pickled values: its orders in, what it has to say out. It ends with whoever started it: when standard input
ends, nobody is left to load for.
"""

import asyncio
import json
import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, BinaryIO

from wireproof.journal import now_ns
from wireproof.load.talk import Failed, Orders, Ready


def main() -> None:
    """Does one worker's part, and says what came of it."""
    orders_in, say = sys.stdin.buffer, _voice()
    sys.path[:0] = [path for path in json.loads(orders_in.readline()) if path not in sys.path]
    orders: Orders = pickle.load(orders_in)  # noqa: S301 - from the process that started this one
    code = 0
    try:
        _run(_work(orders, orders_in, say))
    except Exception:  # noqa: BLE001 - whatever it is, its last line is what people are told
        traceback.print_exc()
        code = 1
    sys.stderr.flush()
    # A thread still waits for orders: an interpreter that ends as usual would wait for the lock that it holds.
    os._exit(code)


def _voice() -> Callable[[object], None]:
    """Says values to who started this process; what anybody prints goes to standard error."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(value: object) -> None:
        pickle.dump(value, out)
        out.flush()

    return say


def _run(work: Coroutine[Any, Any, None]) -> None:
    """On uvloop where there is one: it does half again as much."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


async def _work(orders: Orders, orders_in: BinaryIO, say: Callable[[object], None]) -> None:
    from wireproof.load.worker.shard import Shard
    from wireproof.load.worker.user_shard import UserShard

    kind = UserShard if orders.plan.traffic.scenario == "user" else Shard
    shard = kind(orders.plan, orders.index, orders.shards, orders.nonce)
    loop = asyncio.get_running_loop()
    started: asyncio.Future[int] = loop.create_future()

    def told(order: object) -> None:
        if isinstance(order, int) and not started.done():
            started.set_result(order)
        else:
            shard.stop()
            if not started.done():
                started.set_result(now_ns())

    threading.Thread(target=_listen, args=(orders_in, loop, told), daemon=True).start()
    try:
        await shard.connect(say)
    except (ValueError, OSError) as error:
        say(Failed(str(error)))
        return
    except Exception as error:  # noqa: BLE001 - an author's dialect or class may raise anything
        traceback.print_exc()
        say(Failed(f"the load could not begin: {type(error).__name__}: {error}"))
        return
    say(Ready(len(shard.worker.connections)))
    await shard.run(await started, say)
    say(shard.result(orders.folder / f"shard-{orders.index}.npz"))
    await shard.close()


def _listen(orders_in: BinaryIO, loop: asyncio.AbstractEventLoop, told: Callable[[object], None]) -> None:
    """Hands orders to the loop; ends the process with whoever gives them."""
    try:
        while True:
            loop.call_soon_threadsafe(told, pickle.load(orders_in))  # noqa: S301 - from who started this process
    except (EOFError, OSError, RuntimeError):
        os._exit(1)


if __name__ == "__main__":
    main()
