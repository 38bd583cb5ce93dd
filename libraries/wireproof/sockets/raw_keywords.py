"""Keywords that send what no dialect would: single frames, valid or not, and bytes below framing."""

from robot.api.deco import keyword

from wireproof.dialects import PING
from wireproof.sockets.arguments import Opcode, Payload
from wireproof.sockets.component import Component
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.frames import LONGEST_CONTROL, RawFrame
from wireproof.sockets.outcomes import Sent


class RawKeywords(Component):
    """Frames and bytes."""

    @keyword(tags=["Sending", "Raw"])
    def send_frame(
        self,
        client: str,
        opcode: Opcode,
        payload: Payload = Payload(),  # noqa: B008 - immutable
        *,
        fin: bool = True,
        rsv: int = 0,
        mask: bool = True,
    ) -> Sent:
        """Sends one frame exactly as told, to see what a server does with it; nothing is checked.

        Args:
            client: the client's name; it may be closing too.
            opcode: `text`, `binary`, `continuation`, `close`, `ping`, `pong`, or a number from 0 to 15.
            payload: bytes, a text, or `hex:` and hexadecimal digits.
            fin: whether it is the last frame of its message.
            rsv: the reserved bits as a number: RSV1 is 4, RSV2 is 2, RSV3 is 1.
            mask: whether the payload is masked, as every client has to.

        Returns:
            What was sent: `at_ms`, `length` in bytes on the wire; it can serve as `since`.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Frame    alice    text    first half,${SPACE}    fin=no
        Send Frame    alice    continuation    second half
        Wait For Message    alice    text=first half, second half
        ```
        """
        if not 0 <= rsv <= 7:
            raise SocketsError(f"rsv is a number from 0 to 7, the sum of RSV1=4, RSV2=2, RSV3=1; not {rsv}")
        frame = RawFrame(int(opcode), bytes(payload), fin=fin, rsv=rsv, mask=mask)
        return self.sender(client).send_raw(frame.pack())

    @keyword(tags=["Sending", "Raw"])
    def send_ping(self, client: str, payload: Payload = Payload()) -> Sent:  # noqa: B008 - immutable
        """Sends a ping frame; the server's pong is not a message and shows nowhere.

        Args:
            client: the client's name.
            payload: at most 125 bytes: bytes, a text, or `hex:` and hexadecimal digits.

        Returns:
            What was sent: `at_ms`, `length` in bytes on the wire; it can serve as `since`.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Ping    alice    still there?
        Get Client State    alice    ==    open
        ```
        """
        if len(payload) > LONGEST_CONTROL:
            raise SocketsError(f"a ping has at most {LONGEST_CONTROL} bytes, this one has {len(payload)}")
        return self.sender(client).send_raw(RawFrame(PING, bytes(payload)).pack())

    @keyword(tags=["Sending", "Raw"])
    def send_raw_bytes(self, client: str, data: Payload) -> Sent:
        """Sends bytes below WebSocket framing, on the same TCP or TLS connection.

        Args:
            client: the client's name; it may be closing too.
            data: bytes, a text, or `hex:` and hexadecimal digits.

        Returns:
            What was sent: `at_ms`, `length`; it can serve as `since`.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Raw Bytes    alice    hex:81 82 00 00 00 00 48 69
        Wait For Message    alice    text=Hi
        ```
        """
        return self.sender(client).send_raw(bytes(data))
