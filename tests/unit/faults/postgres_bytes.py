"""Messages of PostgreSQL's protocol, as a client and a server write them."""

import struct

SSL = struct.pack("!ii", 8, 80877103)
GSS = struct.pack("!ii", 8, 80877104)
CANCEL = struct.pack("!iiii", 16, 80877102, 1, 2)
START = struct.pack("!ii", 17, 196608) + b"user\0ann\0"
LOGGED_IN = struct.pack("!cii", b"R", 8, 0)


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One message with a type."""
    return kind + struct.pack("!i", len(body) + 4) + body


def query(sql: str) -> bytes:
    return message(b"Q", sql.encode() + b"\0")


def parse(sql: str, name: str = "") -> bytes:
    return message(b"P", name.encode() + b"\0" + sql.encode() + b"\0\0\0")


def bind(statement: str = "", portal: str = "") -> bytes:
    return message(b"B", portal.encode() + b"\0" + statement.encode() + b"\0" + bytes(6))


def execute(portal: str = "") -> bytes:
    return message(b"E", portal.encode() + b"\0" + bytes(4))


SYNC = message(b"S")
FLUSH = message(b"H")


def ready(status: str = "I") -> bytes:
    return message(b"Z", status.encode())


def done(tag: str) -> bytes:
    return message(b"C", tag.encode() + b"\0")


PARSED = message(b"1")
BOUND = message(b"2")
ROW = message(b"D", b"\0\1\0\0\0\1x")
ERROR = message(b"E", b"SERROR\0C23505\0\0")
NOTICE = message(b"N", b"SNOTICE\0\0")
COPY_IN = message(b"G", b"\0\0\0")
