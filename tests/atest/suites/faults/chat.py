"""A chat without a stack: what one client says everybody hears, the speaker too."""

import contextlib
import socket
import threading

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from wireproof import scopes

WELCOME = "welcome"
"""What everybody hears who has come in, before all others."""

HANG_UP = "hang up"
"""Who says this gets the end of the stream, without a close frame."""


class chat:  # noqa: N801 - Robot names a library after its module
    """Opens a chat for a test or a suite."""

    def open_chat(self) -> str:
        """Starts it on a free port of the loopback; it ends with the test or suite. Returns its address."""
        clients: set[ServerConnection] = set()

        def handle(speaker: ServerConnection) -> None:
            clients.add(speaker)
            with contextlib.suppress(ConnectionClosed):
                speaker.send(WELCOME)
                for said in speaker:
                    if said == HANG_UP:
                        speaker.socket.shutdown(socket.SHUT_WR)
                    for listener in tuple(clients):
                        with contextlib.suppress(ConnectionClosed):
                            listener.send(said)
            clients.discard(speaker)

        server = serve(handle, "127.0.0.1", 0, compression=None)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()

        def end() -> None:
            server.shutdown()
            thread.join()

        scopes.current().defer(end)
        return f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
