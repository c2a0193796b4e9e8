"""The deliverer killed (SIGKILL) at random points: each message has one effect at the receiver.

A point is the n-th line of Python that a delivery executes in this package, in http.client or in
sqlite3's callers; n is drawn by seed over the whole of a delivery. One process, which has imported
everything, forks a child for each delivery, so that a death takes half a second.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
RECEIVER = HERE.parents[1] / "docs" / "examples" / "receiver.py"

pytestmark = pytest.mark.slow

POINTS = int(os.environ.get("CX_KILLS", "6"))
"""Deaths on each way; CX_KILLS=50 takes a minute of a processor."""

FORKING = """
import json, os, random, signal, sys
from cx_analytics.cli import delivering, packs
from cx_analytics.cli.app import status_of
import cx_analytics.exchange.mqtt, cx_analytics.exchange.post, http.client

target, *roots = sys.argv[1:]
OURS = (os.sep + "cx_analytics" + os.sep, "http" + os.sep + "client.py")

def deliver(root, last, told):
    lines = 0
    def line(frame, event, arg):
        nonlocal lines
        if event == "line":
            lines += 1
            if lines == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return line
    def call(frame, event, arg):
        return line if any(one in frame.f_code.co_filename for one in OURS) else None
    sys.settrace(call)
    status = status_of(["export", root, "--to", target])
    sys.settrace(None)
    os.write(told, json.dumps([status, lines]).encode())
    os._exit(0)

def forked(root, last=-1):
    come, told = os.pipe()
    child = os.fork()
    if not child:
        os.close(come)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        deliver(root, last, told)
    os.close(told)
    text = os.read(come, 1000)
    os.close(come)
    _, ended = os.waitpid(child, 0)
    return (json.loads(text) if text else None), os.waitstatus_to_exitcode(ended)

(first, total), _ = forked(roots[0])
dice = random.Random(11)
killed = 0
for root in roots[1:]:
    _, ended = forked(root, dice.randint(1, total))
    killed += ended == -signal.SIGKILL
    (status, _), _ = forked(root)
    assert status == 0, root
print(json.dumps({"lines": total, "killed": killed}))
"""


def workspaces(folder: Path, number: int) -> tuple[list[str], list[str]]:
    """Workspaces with two packs each, and all their cases."""
    roots, cases = [], []
    for place in range(number):
        root = folder / f"ws{place}"
        for letter in "ab":
            case = f"d-{place:02d}{letter}"
            pack = root / "exports" / f"{case}-2026-01-31-00000000"
            pack.mkdir(parents=True)
            (pack / "defect.json").write_text(json.dumps({"case_id": case}))
            cases.append(case)
        (root / "cx.toml").write_text("[product]\nrest_s = 0\n[exchange]\nbackoff_s = 0.01\n")
        roots.append(str(root))
    return roots, sorted(cases)


def forks(target: str, roots: list[str], secret: str) -> dict[str, int]:
    """Deliver each workspace: killed at a random line, then once more. The first one is whole."""
    command = [sys.executable, "-c", FORKING, target, *roots]
    known = os.environ | {"CX_EXCHANGE_SECRET": secret}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=known)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, int] = json.loads(ended.stdout.splitlines()[-1])
    return found


def loaded(path: Path) -> ModuleType:
    """A module by its file: the example of the documentation, and the receivers of test_outbox."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def outbox_tests() -> ModuleType:
    return loaded(HERE / "test_outbox.py")


@pytest.fixture
def factory(outbox_tests: ModuleType, tmp_path: Path) -> Any:
    one = outbox_tests.Factory(loaded(RECEIVER), tmp_path / "factory.sqlite")
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_killed_at_random_while_posting(
    outbox_tests: ModuleType, factory: Any, tmp_path: Path
) -> None:
    roots, cases = workspaces(tmp_path, POINTS + 1)
    found = forks(factory.address, roots, outbox_tests.SECRET)
    assert found["killed"] == POINTS
    assert factory.effects == cases


def test_killed_at_random_while_publishing(
    outbox_tests: ModuleType, factory: Any, free_port: Callable[[], int], tmp_path: Path
) -> None:
    if not outbox_tests.MOSQUITTO and not outbox_tests.REQUIRED:
        pytest.skip("mosquitto is not installed")
    broker = outbox_tests.Broker(tmp_path / "broker", free_port(), factory.take, factory)
    broker.start()
    try:
        broker.subscribe()
        roots, cases = workspaces(tmp_path, POINTS + 1)
        found = forks(broker.address, roots, outbox_tests.SECRET)
        broker.drain()
    finally:
        broker.stop()
    assert found["killed"] == POINTS
    assert factory.effects == cases
