"""TLS for clients: certificate, host and version fail by default."""

import os
import ssl
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from wireproof.sockets.errors import SocketsError
from wireproof.sockets.options import Tls
from wireproof.wiretext import reveal, safe

_ARCHIVES = {".p12", ".pfx", ".jks"}


def context(tls: Tls) -> ssl.SSLContext:
    """The context for `tls`; the same one again while the files it was made from are unchanged.

    Without `ca` the system's authorities are trusted, and those of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``.

    Raises:
        SocketsError: a file is missing, is not PEM, or its key needs a password.
    """
    stamps = tuple(_stamp(path) for path in (tls.ca, tls.cert, tls.key) if path)
    return _context(tls, (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"), stamps))


@lru_cache(maxsize=16)
def _context(tls: Tls, _files: object) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=tls.ca or None)
    except (ssl.SSLError, OSError) as error:
        raise SocketsError(f"tls ca '{safe(tls.ca)}' holds no PEM certificate: {_said(error)}") from None
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if not tls.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if tls.cert:
        _load_certificate(made, tls)
    elif tls.key:
        raise SocketsError("tls has a key without a cert: give the certificate's PEM file as cert")
    return made


def _load_certificate(made: ssl.SSLContext, tls: Tls) -> None:
    key = tls.key or tls.cert
    try:
        if tls.key_password is None:
            made.load_cert_chain(tls.cert, key, password=lambda: _refuse_to_ask(key))
        else:
            made.load_cert_chain(tls.cert, key, password=str(reveal(tls.key_password)))
    except ssl.SSLError as error:
        if tls.key_password is not None:
            raise SocketsError(f"tls key '{safe(key)}' cannot be read: wrong key_password, or not PEM") from None
        raise SocketsError(
            f"tls cert '{safe(tls.cert)}' and key '{safe(key)}' are no PEM pair: {_said(error)}"
        ) from None


def _refuse_to_ask(key: str) -> NoReturn:
    """OpenSSL would ask on the terminal and wait for ever."""
    raise SocketsError(f"tls key '{safe(key)}' is encrypted: give its password as key_password, a Secret")


def _stamp(path: str) -> tuple[int, int]:
    file = Path(path)
    if file.suffix.lower() in _ARCHIVES:
        raise SocketsError(
            f"tls file '{safe(path)}' is a key store, PEM is needed: convert it with "
            f"`openssl pkcs12 -in {safe(file.name)} -out {safe(file.stem)}.pem`"
        )
    try:
        found = file.stat()
    except OSError as error:
        raise SocketsError(f"tls file '{safe(path)}' cannot be read: {error.strerror}") from None
    return found.st_mtime_ns, found.st_size


def _said(error: OSError) -> str:
    return safe(getattr(error, "reason", None) or error.strerror or error)
