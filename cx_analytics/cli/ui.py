"""`cx ui`: Dagster's web server and daemon on one workspace, started and ended together.

Belongs here: the two child processes and their environment. Stays out: definitions.

The web server binds to 127.0.0.1 because Dagster's own UI has no login; docs/operations.md shows
how to put one before it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from cx_analytics.contracts.errors import CxError, InputRefused
from cx_analytics.pipeline import prepare_instance
from cx_analytics.workspace import Workspace

HOST = "127.0.0.1"
UP_WITHIN_S = 180.0
GRACE_S = 15.0
_MODULE = "cx_analytics.definitions"

_Child = subprocess.Popen[bytes]


def serve(root: Path, port: int) -> None:
    """Start the web UI, say where it is, and stay until interrupted or a part of it ends."""
    workspace = Workspace.open(root)
    _refuse_taken(port)
    environment = environment_of(workspace)
    commands = (
        ("dagster_webserver", "-h", HOST, "-p", str(port), "-m", _MODULE),
        ("dagster._daemon", "run", "-m", _MODULE),
    )
    log = workspace.dagster / "ui.log"
    with _stop_signals(), _children(commands, environment, log) as children:
        print(f"starting; log in {log}", flush=True)
        if _wait_until_up(port, children):
            print(f"open http://{HOST}:{port}   (Ctrl-C ends it)", flush=True)
            while all(child.poll() is None for child in children):
                time.sleep(0.5)
        raise CxError("the web UI ended by itself", where=str(log), todo="read the log's end")


def environment_of(workspace: Workspace) -> dict[str, str]:
    """The environment in which Dagster works on a workspace; brings its dagster.yaml in place."""
    prepare_instance(workspace)
    _create_storage(workspace)
    own = {"DAGSTER_HOME": str(workspace.dagster), "CX_WORKSPACE": str(workspace.root)}
    return dict(os.environ) | own | {"GX_ANALYTICS_ENABLED": "false"}


def _create_storage(workspace: Workspace) -> None:
    """Dagster's storage, made by one process: server and daemon would both set about it."""
    import dagster as dg

    with dg.DagsterInstance.from_config(str(workspace.dagster)):
        return


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InputRefused(
                f"port {port} cannot be used ({error.strerror})", todo="give another --port"
            ) from error


@contextmanager
def _children(
    commands: tuple[tuple[str, ...], ...], environment: Mapping[str, str], log: Path
) -> Iterator[list[_Child]]:
    """Python modules as child processes, each leading a group that is ended as a whole."""
    children: list[_Child] = []
    try:
        with log.open("ab") as output:
            for module, *arguments in commands:
                children.append(
                    subprocess.Popen(
                        [sys.executable, "-m", module, *arguments],
                        env=dict(environment),
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        start_new_session=True,
                    )
                )
        yield children
    finally:
        _end(children)


def _end(children: list[_Child]) -> None:
    """Ask every group to end, and after some grace make it."""
    for child in children:
        _signal_group(child, signal.SIGTERM)
    until = time.monotonic() + GRACE_S
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, until - time.monotonic()))
        _signal_group(child, signal.SIGKILL)
        child.wait()


def _signal_group(child: _Child, number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return


@contextmanager
def _stop_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the UI the way Ctrl-C does, children included."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # A shell starts background jobs with SIGINT ignored; it is to end this one all the same.
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_until_up(port: int, children: list[_Child]) -> bool:
    """True once the server answers; False when a child ended first."""
    until = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < until:
        if any(child.poll() is not None for child in children):
            return False
        try:
            with urlopen(f"http://{HOST}:{port}/server_info", timeout=5):
                return True
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
    raise CxError(f"the web UI did not answer within {UP_WITHIN_S:.0f} s", todo="try again")
