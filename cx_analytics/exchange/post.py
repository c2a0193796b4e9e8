"""A pack over HTTP: one signed POST of a ZIP, and what each status means.

Belongs here: headers, the signature, reading an answer. Stays out: trying again (courier.py).

    Idempotency-Key: "<message id>"     draft-ietf-httpapi-idempotency-key-header
    X-Cx-Timestamp: <seconds since 1970>
    X-Cx-Signature: sha256=<HMAC-SHA256 of "<timestamp>." and the body, in hexadecimal>

The key in the header is not signed; the same id stands in delivery.json in the body, which is.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection

from cx_analytics.exchange.envelope import Parcel, as_zip
from cx_analytics.exchange.safe import plain
from cx_analytics.exchange.target import Reply, Target

NOT_NOW = (408, 409, 425, 429)
"""Of 4xx, what may be different later; everything else says that the message itself is wrong."""

MOST_READ = 4096
"""Bytes of an answer that are looked at."""


@dataclass(frozen=True)
class Post:
    """A sender over HTTP. `clock` gives the time that is signed, naive UTC."""

    target: Target
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]
    timeout_s: float
    tls: ssl.SSLContext | None = None

    def __call__(self, parcel: Parcel) -> Reply:
        body = as_zip(parcel)
        connection = self._connection()
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            return Reply("unreachable", f"no connection: {plain(str(error))}")
        try:
            connection.request("POST", self.target.path, body, self._headers(parcel, body))
            response = connection.getresponse()
            return read_reply(response, response.read(MOST_READ), parcel.message_id)
        except (OSError, HTTPException) as error:
            return Reply("again", f"no answer: {plain(str(error) or type(error).__name__)}")
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        host, port = self.target.host, self.target.port
        if self.target.encrypted:
            return HTTPSConnection(host, port, timeout=self.timeout_s, context=self.tls)
        return HTTPConnection(host, port, timeout=self.timeout_s)

    def _headers(self, parcel: Parcel, body: bytes) -> dict[str, str]:
        timestamp = int(self.clock().replace(tzinfo=UTC).timestamp())
        return {
            "Content-Type": "application/zip",
            "Idempotency-Key": f'"{parcel.message_id}"',
            "X-Cx-Timestamp": str(timestamp),
            "X-Cx-Signature": signature(self.secret, timestamp, body),
            "User-Agent": "cx_analytics",
        }


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """The signature of a body at a time.

    >>> signature(b"secret", 1, b"")[:20]
    'sha256=8f0c4009f5a21'
    """
    return "sha256=" + hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def read_reply(response: HTTPResponse, body: bytes, message_id: str) -> Reply:
    """What a status means for the message.

    409 has two meanings. With our id in the answer it says "taken before". Without, it says in the
    draft that another attempt is still being worked on, which may yet fail: so we ask again.
    """
    status = response.status
    said = plain(
        f"{status} {response.reason}: {body[:160].decode('utf-8', 'replace')}".rstrip(" :")
    )
    named = message_id in response.getheader("Idempotency-Key", "") or message_id.encode() in body
    if 200 <= status < 300 or (status == 409 and named):
        return Reply("taken", said)
    if status in NOT_NOW or status >= 500:
        return Reply("again", said, _seconds(response.getheader("Retry-After")))
    if 300 <= status < 400:
        place = plain(response.getheader("Location", "elsewhere"))
        return Reply("refused", f"{status}: it has moved to {place}; nothing is sent on by itself")
    return Reply("refused", said)


def _seconds(header: str | None) -> float:
    """Retry-After in seconds; its form as a date is not worth believing two clocks."""
    text = (header or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0.0
