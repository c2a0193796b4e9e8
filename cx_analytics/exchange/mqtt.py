"""Publishing over MQTT 3.1.1 at QoS 1: CONNECT, PUBLISH, PUBACK, DISCONNECT, and no more.

Belongs here: the packets of one publication (OASIS MQTT 3.1.1, chapter 3) and their time-outs.
Stays out: what is published. A library would bring threads and reconnection, which the outbox does
not need: it tries again by itself.
"""

from __future__ import annotations

import socket
import ssl
import struct
from contextlib import suppress
from dataclasses import dataclass, field

from cx_analytics.exchange.envelope import Parcel, as_json
from cx_analytics.exchange.safe import plain
from cx_analytics.exchange.target import Reply, Target

CONNECT, CONNACK, PUBLISH, PUBACK, DISCONNECT = 0x10, 0x20, 0x30, 0x40, 0xE0
QOS_1 = 0x02
CLEAN_SESSION, WITH_PASSWORD, WITH_NAME = 0x02, 0x40, 0x80
PACKET_ID, KEEP_ALIVE_S = 1, 60
MOST_BYTES = 268_435_455

_REFUSALS = {
    1: "the broker does not speak MQTT 3.1.1",
    2: "the broker refuses our client id",
    3: "the broker is not available",
    4: "the broker refuses the name or the password",
    5: "the broker does not authorise us",
}
_NOT_NOW = 3

_HUNG_UP = "the broker closed the line"
_CLOSED = (ConnectionError, ssl.SSLEOFError)
"""What a closed line looks like when we still had something to say: a reset or a broken pipe,
where one that only listened reads an end. Which of them comes is a matter of microseconds."""


class MqttError(Exception):
    """The broker broke off, or said something that the protocol does not allow here."""


@dataclass(frozen=True)
class Publish:
    """A sender to a topic, one connection a message. `client_id` must be of this sender alone:
    a broker throws out who has the same."""

    target: Target
    client_id: str
    timeout_s: float
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None

    def __call__(self, parcel: Parcel) -> Reply:
        try:
            packet = publish(self.target.path, as_json(parcel))
            line = self._line()
        except MqttError as error:
            return Reply("refused", str(error))
        except OSError as error:
            return Reply("unreachable", f"no connection: {plain(str(error))}")
        try:
            with line:
                return self._exchange(line, packet)
        except _CLOSED:
            return Reply("again", f"no answer: {_HUNG_UP}")
        except (OSError, MqttError) as error:
            return Reply("again", f"no answer: {plain(str(error) or type(error).__name__)}")

    def _line(self) -> socket.socket:
        host, port = self.target.host, self.target.port
        line = socket.create_connection((host, port), timeout=self.timeout_s)
        if self.tls is None:
            return line
        try:
            return self.tls.wrap_socket(line, server_hostname=host)
        except BaseException:
            line.close()
            raise

    def _exchange(self, line: socket.socket, packet: bytes) -> Reply:
        line.sendall(connect(self.client_id, self.username, self.password))
        code = _expect(line, CONNACK)[1]
        if code:
            said = _REFUSALS.get(code, f"the broker refuses us with code {code}")
            return Reply("again" if code == _NOT_NOW else "refused", said)
        line.sendall(packet)
        if _expect(line, PUBACK) != struct.pack("!H", PACKET_ID):
            raise MqttError("the broker acknowledged another packet")
        # Taken is taken: a line that breaks while we say good-bye changes nothing.
        with suppress(OSError):
            line.sendall(bytes((DISCONNECT, 0)))
        return Reply("taken", "PUBACK")


def connect(client_id: str, username: str | None = None, password: str | None = None) -> bytes:
    """The packet CONNECT (3.1) with a clean session: ours keeps nothing at the broker."""
    flags, payload = CLEAN_SESSION, text(client_id)
    if username is not None:
        flags, payload = flags | WITH_NAME, payload + text(username)
        if password is not None:
            flags, payload = flags | WITH_PASSWORD, payload + text(password)
    return packet(
        CONNECT, text("MQTT") + bytes((4, flags)) + struct.pack("!H", KEEP_ALIVE_S), payload
    )


def publish(topic: str, payload: bytes) -> bytes:
    """The packet PUBLISH (3.3), QoS 1, not retained: a late subscriber must not act on old news."""
    return packet(PUBLISH | QOS_1, text(topic) + struct.pack("!H", PACKET_ID), payload)


def packet(kind: int, header: bytes, payload: bytes = b"") -> bytes:
    """A whole packet.

    >>> packet(0xC0, b"").hex(), packet(0x30, b"x" * 200)[:3].hex()
    ('c000', '30c801')
    """
    return bytes((kind,)) + length(len(header) + len(payload)) + header + payload


def length(number: int) -> bytes:
    """A remaining length (2.2.3): seven bits a byte, the lowest first.

    >>> length(0).hex(), length(128).hex(), length(268435455).hex()
    ('00', '8001', 'ffffff7f')
    """
    if number > MOST_BYTES:
        raise MqttError(f"{number:,} bytes are more than a packet can hold")
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def text(value: str) -> bytes:
    """A text with its length before it (1.5.3).

    >>> text("MQTT").hex()
    '00044d515454'
    """
    raw = value.encode()
    return struct.pack("!H", len(raw)) + raw


def read_packet(line: socket.socket) -> tuple[int, bytes]:
    """The next packet: its first byte, and what comes after its length."""
    kind = _read(line, 1)[0]
    size = 0
    for shift in (0, 7, 14, 21):
        digit = _read(line, 1)[0]
        size |= (digit & 0x7F) << shift
        if digit < 0x80:
            return kind, _read(line, size)
    raise MqttError("the broker sent a length that is none")


def _expect(line: socket.socket, kind: int) -> bytes:
    """The body of the next packet, which must be of this kind; both kinds have two bytes."""
    found, body = read_packet(line)
    if found & 0xF0 != kind or len(body) != 2:
        raise MqttError(f"the broker answered with packet 0x{found:02x}")
    return body


def _read(line: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        more = line.recv(min(size - len(parts), 65536))
        if not more:
            raise MqttError(_HUNG_UP)
        parts += more
    return bytes(parts)
