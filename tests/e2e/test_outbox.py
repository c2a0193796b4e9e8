"""Packs to a real HTTP server and a real broker: one effect a message, whatever dies where.

The receiver is the example of the documentation. Without mosquitto the tests of MQTT are skipped;
with CX_REQUIRE_BROKER=1 they fail.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.cli.packs import listed
from cx_analytics.exchange import mqtt
from cx_analytics.pipeline import run

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
REQUIRED = os.environ.get("CX_REQUIRE_BROKER") == "1"
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "receiver.py"
SECRET = "a secret of the tests"
TOPIC = "plant/quality/defects"
SETTINGS = "[product]\nrest_s = 0\n[exchange]\ntries = 2\nbackoff_s = 0.01\ntimeout_s = 20\n"
PING, PONG = bytes((0xC0, 0)), 0xD0
LONG_S = 30
"""Nothing here takes as long, however busy the machine."""

pytestmark = pytest.mark.slow
needs_broker = pytest.mark.skipif(
    not MOSQUITTO and not REQUIRED, reason="mosquitto is not installed"
)

DYING = """
import os, signal, sys
from http.client import HTTPConnection
from cx_analytics.cli import delivering
from cx_analytics.cli.app import status_of
from cx_analytics.exchange import courier, mqtt, outbox, post

step, root, target = sys.argv[1:]
owner, name = {
    "queued": (outbox.Outbox, "add"),
    "begun": (outbox.Outbox, "begin"),
    "connected": (HTTPConnection, "connect") if target.startswith("http") else (mqtt, "connect"),
    "unanswered": (HTTPConnection, "request") if target.startswith("http") else (mqtt, "_expect"),
    "answered": (courier.Courier, "_sent"),
    "recorded": (outbox.Outbox, "end"),
}[step]
real = getattr(owner, name)

def dying(*given, **named):
    welcome = name == "_expect" and given[1] == mqtt.CONNACK
    if welcome:
        return real(*given, **named)
    result = real(*given, **named) if name != "_expect" else None
    os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(owner, name, dying)
sys.exit(status_of(["export", root, "--to", target]))
"""
STEPS = ("queued", "begun", "connected", "unanswered", "answered", "recorded")
SENT_TWICE = ("unanswered", "answered")
"""Steps after which nobody knows that the message has arrived."""


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The receiver of the documentation."""
    spec = importlib.util.spec_from_file_location("receiver", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with two packs."""
    monkeypatch.setenv("CX_EXCHANGE_SECRET", SECRET)
    root = tmp_path / "ws"
    for case in ("d-aaaaaa", "d-bbbbbb"):
        pack = root / "exports" / f"{case}-2026-01-31-00000000"
        pack.mkdir(parents=True)
        (pack / "defect.json").write_text(json.dumps({"case_id": case}))
        (pack / "serials.csv").write_text("unit_id\r\nU1\r\n")
    (root / "cx.toml").write_text(SETTINGS)
    return root


class Factory:
    """The example's receiver on loopback; `fail_after_taking` times it dies before it answers."""

    def __init__(self, example: ModuleType, database: Path) -> None:
        self.database, self.take, self.posts, self.fail_after_taking = database, example.take, 0, 0
        with self.store() as store:
            store.executescript(example.TABLES)
        factory = self

        class Receiver(example.Receiver):  # type: ignore[misc, name-defined]
            secret = SECRET.encode()

            def do_POST(self) -> None:  # noqa: N802
                with factory.store() as self.store:
                    super().do_POST()

            def answer(self, status: int, text: str) -> None:
                factory.posts += 1
                factory.fail_after_taking -= 1
                if factory.fail_after_taking < 0:
                    super().answer(status, text)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @contextmanager
    def store(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.database)) as connection:
            yield connection

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/packs"

    @property
    def effects(self) -> list[str]:
        with self.store() as store:
            return [case for (case,) in store.execute("SELECT case_id FROM work ORDER BY 1")]

    def asked_as(self) -> list[str]:
        with self.store() as store:
            return [one for (one,) in store.execute("SELECT acknowledge_as FROM taken ORDER BY 1")]


@pytest.fixture
def factory(example: ModuleType, tmp_path: Path) -> Iterator[Factory]:
    one = Factory(example, tmp_path / "factory.sqlite")
    yield one
    one.server.shutdown()
    one.server.server_close()


def states(root: Path) -> list[str]:
    return [message["state"] for message in listed(root).data["messages"]]


def killed_at(step: str, root: Path, target: str) -> None:
    command = [sys.executable, "-c", DYING, step, str(root), target]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


BOTH = ["d-aaaaaa", "d-bbbbbb"]


def test_posted_once(root: Path, factory: Factory) -> None:
    for _ in range(2):
        assert status_of(["export", str(root), "--to", factory.address]) == 0
    assert (factory.effects, factory.posts, states(root)) == (BOTH, 2, ["sent", "sent"])


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_posting(root: Path, factory: Factory, step: str) -> None:
    killed_at(step, root, factory.address)
    assert status_of(["export", str(root), "--to", factory.address]) == 0
    assert (factory.effects, states(root)) == (BOTH, ["sent", "sent"])


def test_the_receiver_dies_before_it_answers(root: Path, factory: Factory) -> None:
    factory.fail_after_taking = 1
    assert status_of(["export", str(root), "--to", factory.address]) == 0
    assert (factory.effects, factory.posts) == (BOTH, 3)
    told = [message["attempts"] for message in listed(root).data["messages"]]
    assert [[one["outcome"] for one in attempts] for attempts in told] == [
        ["again", "taken"],
        ["taken"],
    ]


def test_a_wrong_secret_is_dead_until_it_is_mended(
    root: Path,
    factory: Factory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CX_EXCHANGE_SECRET", "another secret of 16")
    assert status_of(["export", str(root), "--to", factory.address]) == 1
    assert "401 Unauthorized: wrong signature" in capsys.readouterr().err
    assert (factory.effects, factory.posts) == ([], 2), "not worth a second try"
    (root / "keys").mkdir()
    (root / "keys" / "exchange.secret").write_text(SECRET + "\n")
    (root / "cx.toml").write_text(SETTINGS + 'secret_file = "keys/exchange.secret"\n')
    assert status_of(["export", str(root), "--retry"]) == 0
    assert (factory.effects, states(root)) == (BOTH, ["sent", "sent"])


def test_acknowledged_through_the_feed(
    root: Path, factory: Factory, unjudged: None, unrecorded: None
) -> None:
    """What the receiver was given as its action_id comes back in landing/actions."""
    assert status_of(["export", str(root), "--to", factory.address]) == 0
    landing = root / "landing" / "actions"
    landing.mkdir(parents=True)
    (landing / "from_factory.csv").write_text(
        "action_id,kind,effective_from,status\n"
        f"{factory.asked_as()[0]},other,2026-02-01T08:00:00Z,units held\n"
    )
    run(root)
    told = [(one["state"], one["answer"]) for one in listed(root).data["messages"]]
    assert ("acknowledged", "units held") in told
    assert sorted(state for state, _ in told) == ["acknowledged", "sent"]
    assert status_of(["export", str(root), "--to", factory.address, "--again"]) == 0
    assert (factory.effects, factory.posts) == (BOTH, 3), "only the one without acknowledgement"


class Broker:
    """Mosquitto on a port, and a subscriber with a session that outlives its connections."""

    def __init__(self, folder: Path, port: int, take: Callable[..., str], factory: Factory) -> None:
        self.folder, self.port, self.take, self.factory = folder, port, take, factory
        self.more, self.process = "", None

    @property
    def address(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}/{TOPIC}"

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "mosquitto.conf"
        # As root, mosquitto would become another user, who cannot read this folder.
        config.write_text(
            f"listener {self.port} 127.0.0.1\nuser root\npersistence true\n"
            f"persistence_location {self.folder}/\n{self.more or 'allow_anonymous true'}\n"
        )
        assert MOSQUITTO, "CX_REQUIRE_BROKER=1, and mosquitto is not installed"
        self.process: Any = subprocess.Popen(
            [MOSQUITTO, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + LONG_S
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self.process.poll() is None, "mosquitto did not start"
            time.sleep(0.02)
        raise AssertionError(f"mosquitto is not there after {LONG_S} s")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(LONG_S)
            self.process = None

    def subscribe(self) -> None:
        with self._session() as line:
            line.sendall(mqtt.packet(0x82, b"\0\1", mqtt.text(TOPIC) + b"\1"))
            assert mqtt.read_packet(line) == (0x90, b"\0\1\1")

    def drain(self) -> int:
        """Take what waits for the subscriber; returns how many packets there were.

        A broker answers in order: a ping that is answered with nothing before it was the last.
        """
        count, before = 0, -1
        with self._session() as line:
            while before < count:
                before = count
                line.sendall(PING)
                while (packet := mqtt.read_packet(line))[0] != PONG:
                    line.sendall(mqtt.packet(mqtt.PUBACK, self._taken(*packet)))
                    count += 1
        return count

    def _taken(self, kind: int, body: bytes) -> bytes:
        """Take a message as the factory does; returns its packet's id."""
        assert kind & 0xF7 == 0x32, "QoS 1, not retained"
        at = 2 + int.from_bytes(body[:2])
        told = json.loads(body[at + 2 :])
        with self.factory.store() as store:
            taken = self.take(store, base64.b64decode(told["zip"]))
        assert (taken, told["defect"]["case_id"][:2]) == (told["message_id"], "d-")
        return body[at : at + 2]

    @contextmanager
    def _session(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), LONG_S) as line:
            line.sendall(mqtt.packet(0x10, mqtt.text("MQTT") + b"\4\0\0\74", mqtt.text("factory")))
            assert mqtt.read_packet(line)[1][1:] == b"\0"
            yield line
            line.sendall(bytes((mqtt.DISCONNECT, 0)))


@pytest.fixture
def broker(
    tmp_path: Path, free_port: Callable[[], int], example: ModuleType, factory: Factory
) -> Iterator[Broker]:
    one = Broker(tmp_path / "broker", free_port(), example.take, factory)
    yield one
    one.stop()


@needs_broker
def test_published_once(root: Path, factory: Factory, broker: Broker) -> None:
    broker.start()
    broker.subscribe()
    for _ in range(2):
        assert status_of(["export", str(root), "--to", broker.address]) == 0
    assert broker.drain() == 2
    assert (factory.effects, states(root)) == (BOTH, ["sent", "sent"])


@needs_broker
@pytest.mark.parametrize("step", STEPS)
def test_killed_while_publishing(root: Path, factory: Factory, broker: Broker, step: str) -> None:
    broker.start()
    broker.subscribe()
    killed_at(step, root, broker.address)
    assert status_of(["export", str(root), "--to", broker.address]) == 0
    assert broker.drain() == (3 if step in SENT_TWICE else 2)
    assert (factory.effects, states(root)) == (BOTH, ["sent", "sent"])


@needs_broker
def test_a_broker_that_comes_back(
    root: Path, factory: Factory, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(["export", str(root), "--to", broker.address]) == 1
    assert "Connection refused" in capsys.readouterr().err
    assert states(root) == ["dead", "dead"]
    broker.start()
    broker.subscribe()
    assert status_of(["export", str(root), "--retry"]) == 0
    broker.stop()
    broker.start()
    assert broker.drain() == 2, "what the broker has acknowledged survives its restart"
    assert (factory.effects, states(root)) == (BOTH, ["sent", "sent"])


@needs_broker
def test_over_http_and_mqtt_is_one_effect(root: Path, factory: Factory, broker: Broker) -> None:
    broker.start()
    broker.subscribe()
    for target in (factory.address, broker.address):
        assert status_of(["export", str(root), "--to", target]) == 0
    assert (broker.drain(), factory.posts, factory.effects) == (2, 2, BOTH)


@needs_broker
def test_encrypted_with_a_name_and_a_password(
    root: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broker.folder.mkdir()
    certificate, key, names = (broker.folder / name for name in ("cert.pem", "key.pem", "names"))
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += ["-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    make += ["-days", "2", "-out", str(certificate), "-keyout", str(key)]
    subprocess.run(make, check=True, capture_output=True)
    hashing = Path(str(MOSQUITTO)).parent.parent / "bin" / "mosquitto_passwd"
    subprocess.run([hashing, "-b", "-c", names, "cx", "word"], check=True, capture_output=True)
    broker.more = (
        f"certfile {certificate}\nkeyfile {key}\nallow_anonymous false\npassword_file {names}"
    )
    broker.start()
    target = broker.address.replace("mqtt", "mqtts", 1)
    assert status_of(["export", str(root), "--to", target]) == 1
    assert "certificate verify failed" in capsys.readouterr().err
    (root / "cx.toml").write_text(SETTINGS + f'ca_file = "{certificate}"\nusername = "cx"\n')
    assert status_of(["export", str(root), "--retry"]) == 1
    assert "does not authorise us" in capsys.readouterr().err
    monkeypatch.setenv("CX_EXCHANGE_PASSWORD", "word")
    assert status_of(["export", str(root), "--retry"]) == 0
    assert states(root) == ["sent", "sent"]
