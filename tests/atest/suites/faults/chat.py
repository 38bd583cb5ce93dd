"""A chat without a stack, and a client of it that sees single frames."""

import contextlib
import socket
import threading
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from wireproof import scopes

WELCOME = "welcome"
"""What everybody hears who has come in, before all others."""

HANG_UP = "hang up"
"""Who says this gets the end of the stream, without a close frame."""

PATIENCE_S = 1.5
"""How long a chat with a heartbeat waits for a pong."""


class chat:  # noqa: N801 - Robot names a library after its module
    """What one client says everybody hears, the speaker too."""

    def open_chat(self, heartbeat_s: float | None = None) -> str:
        """Starts a chat on a free port of the loopback; it ends with the test or suite. Returns its address.

        Args:
            heartbeat_s: how often it pings its clients; it closes with 1011 on who does not answer.
        """
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

        server = serve(handle, "127.0.0.1", 0, compression=None, ping_interval=heartbeat_s, ping_timeout=PATIENCE_S)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()

        def end() -> None:
            server.shutdown()
            thread.join()

        scopes.current().defer(end)
        return f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"

    def get_frames_of_answer(self, url: str, text: str) -> list[str]:
        """Says something by a client of its own; returns the opcodes of the frames in which it is heard again."""
        with connect(url, compression=None, ping_interval=None, create_connection=_Witness) as client:
            assert client.recv() == WELCOME
            client.opcodes.clear()
            client.send(text)
            assert client.recv() == text
            return list(client.opcodes)


class _Witness(ClientConnection):
    """Notes the opcode of every frame."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.opcodes: list[str] = []
        super().__init__(*args, **options)

    def process_event(self, event: Any) -> None:
        if isinstance(event, Frame):
            self.opcodes.append(event.opcode.name)
        super().process_event(event)
