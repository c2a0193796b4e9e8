"""MQTT 3.1.1 packets, and brokers that answer wrongly, late or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_analytics.exchange import mqtt
from cx_analytics.exchange.envelope import parcel_of
from cx_analytics.exchange.mqtt import MqttError, Publish
from cx_analytics.exchange.target import parse_target

PARCEL = parcel_of("d-1", {"defect.json": b'{"case_id": "d-1"}'}, tag="ab")
WELCOME, TAKEN = bytes.fromhex("20020000"), bytes.fromhex("40020001")

Broker = Callable[..., Publish]


@pytest.fixture
def broker() -> Iterator[Broker]:
    """Makes a sender to a broker that gives these answers, one for each packet, then closes."""
    servers: list[socket.socket] = []

    def start(*answers: bytes, silent: bool = False) -> Publish:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        threading.Thread(target=serve, args=(server, answers, silent), daemon=True).start()
        target = parse_target(f"mqtt://127.0.0.1:{server.getsockname()[1]}/q", base=Path("/"))
        # Only who never gets an answer waits for the end of this time: others get it soon.
        return Publish(target, "cx-1", timeout_s=0.2 if silent else 20.0)

    yield start
    for server in servers:
        server.close()


def serve(server: socket.socket, answers: tuple[bytes, ...], silent: bool) -> None:
    with suppress(OSError, MqttError):
        line, _ = server.accept()
        with line:
            for answer in answers:
                mqtt.read_packet(line)
                line.sendall(answer)
            while silent:
                mqtt.read_packet(line)


def test_packets() -> None:
    assert mqtt.connect("a").hex() == "100d00044d51545404" + "02" + "003c" + "000161"
    named = mqtt.connect("a", "u", "p").hex()
    assert named == "101300044d51545404" + "c2" + "003c" + "000161" + "000175" + "000170"
    assert mqtt.publish("t", b"x").hex() == "3206" + "000174" + "0001" + "78"


@given(st.integers(0, mqtt.MOST_BYTES))
def test_lengths_are_read_as_they_are_written(number: int) -> None:
    raw, size = mqtt.length(number), 0
    for at, digit in enumerate(raw):
        size |= (digit & 0x7F) << (7 * at)
    assert size == number
    assert len(raw) <= 4


def test_too_long() -> None:
    with pytest.raises(MqttError, match="more than a packet can hold"):
        mqtt.length(mqtt.MOST_BYTES + 1)


def test_taken(broker: Broker) -> None:
    assert broker(WELCOME, TAKEN)(PARCEL).outcome == "taken"


@pytest.mark.parametrize(
    ("answers", "outcome", "said"),
    [
        (["20020003"], "again", "not available"),
        (["20020005"], "refused", "does not authorise us"),
        (["20020009"], "refused", "code 9"),
        (["20020000"], "again", "closed the line"),
        (["20020000", "40020002"], "again", "another packet"),
        (["20020000", "d000"], "again", "packet 0xd0"),
        (["20ffffffffff"], "again", "a length that is none"),
        (["2001"], "again", "closed the line"),
        ([], "again", "closed the line"),
    ],
)
def test_what_brokers_answer(broker: Broker, answers: list[str], outcome: str, said: str) -> None:
    reply = broker(*map(bytes.fromhex, answers))(PARCEL)
    assert reply.outcome == outcome
    assert said in reply.said


def test_a_reset_is_a_closed_line() -> None:
    """What is unread when a line is closed makes of its end a reset, which is the same to us."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        target = parse_target(f"mqtt://127.0.0.1:{port}/q", base=Path("/"))
        threading.Thread(target=hang_up, args=(server,), daemon=True).start()
        reply = Publish(target, "cx-1", timeout_s=20.0)(PARCEL)
    assert (reply.outcome, reply.said) == ("again", "no answer: the broker closed the line")


def hang_up(server: socket.socket) -> None:
    """Welcomes the sender, waits until a packet lies there and closes without reading it."""
    line, _ = server.accept()
    with line:
        mqtt.read_packet(line)
        line.sendall(WELCOME)
        line.recv(1, socket.MSG_PEEK)


def test_time_out(broker: Broker) -> None:
    reply = broker(WELCOME, silent=True)(PARCEL)
    assert (reply.outcome, reply.said) == ("again", "no answer: timed out")


def test_no_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    target = parse_target(f"mqtt://127.0.0.1:{port}/q", base=Path("/"))
    assert Publish(target, "cx-1", timeout_s=0.5)(PARCEL).outcome == "unreachable"


def test_the_password_is_not_shown() -> None:
    target = parse_target("mqtt://h/q", base=Path("/"))
    assert "word" not in repr(Publish(target, "cx-1", 1.0, "u", "word"))
