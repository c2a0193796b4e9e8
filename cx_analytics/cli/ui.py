"""`cx ui`: Dagster's code server, web server and daemon on one workspace, ended together.

Belongs here: the child processes, their environment, and telling them that a workspace has got
other days. Stays out: definitions.

Server and daemon share one code server: each would start its own otherwise, and the daemon a new
one every minute. The web server binds to 127.0.0.1 because Dagster's own UI has no login;
docs/operations.md shows how to put one before it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from urllib.error import URLError
from urllib.request import Request, urlopen

from cx_analytics.contracts.errors import CxError, InputRefused
from cx_analytics.defs.plan import session_days
from cx_analytics.pipeline import prepare_instance
from cx_analytics.workspace import Workspace

HOST = "127.0.0.1"
LOCATION = "cx_analytics"
"""The name of the code location in the UI; schedules and sensors are known by it."""

UP_WITHIN_S = 180.0
GRACE_S = 15.0
LOOK_EVERY_S = 5.0
_MODULE = "cx_analytics.definitions"
_RELOAD = "mutation { reloadRepositoryLocation(repositoryLocationName: %s) { __typename } }"

_Child = subprocess.Popen[bytes]
_Start = Callable[..., None]


def serve(root: Path, port: int) -> None:
    """Start the web UI, say where it is, and stay until interrupted or a part of it ends."""
    workspace = Workspace.open(root)
    _refuse_taken(port)
    log = workspace.dagster / "ui.log"
    workspace.dagster.mkdir(parents=True, exist_ok=True)
    with (
        _stop_signals(),
        TemporaryDirectory(prefix="cx-ui-") as folder,
        _children(log) as (children, start),
    ):
        print(f"starting; log in {log}", flush=True)
        _start_all(workspace, port, Path(folder), children, start)
        if _wait(lambda: _answers(port), children):
            print(f"open http://{HOST}:{port}   (Ctrl-C ends it)", flush=True)
            _stay(workspace, port, children)
        raise CxError("the web UI ended by itself", where=str(log), todo="read the log's end")


def environment_of(workspace: Workspace) -> dict[str, str]:
    """The environment in which Dagster works on a workspace; brings its dagster.yaml in place."""
    prepare_instance(workspace)
    own = {"DAGSTER_HOME": str(workspace.dagster), "CX_WORKSPACE": str(workspace.root)}
    return dict(os.environ) | own | {"GX_ANALYTICS_ENABLED": "false", "NO_COLOR": "1"}


def _start_all(
    workspace: Workspace, port: int, folder: Path, children: list[_Child], start: _Start
) -> None:
    """The code server, which makes Dagster's storage too; then the web server and the daemon."""
    environment = environment_of(workspace)
    address, places = folder / "code", folder / "workspace.yaml"
    place = {"host": "localhost", "socket": str(address), "location_name": LOCATION}
    places.write_text(json.dumps({"load_from": [{"grpc_server": place}]}), encoding="utf-8")
    code = ("--socket", str(address), "--location-name", LOCATION, "-m", _MODULE)
    start(environment, "dagster", "code-server", "start", *code)
    if _wait(lambda: _listens(address), children):
        start(environment, "dagster_webserver", "-h", HOST, "-p", str(port), "-w", str(places))
        start(environment, "dagster._daemon", "run", "-w", str(places))


def _stay(workspace: Workspace, port: int, children: list[_Child]) -> None:
    """Stay while all children do; load the definitions anew when the days begin elsewhere."""
    first = _first_day(workspace)
    looked = time.monotonic()
    while _alive(children):
        time.sleep(0.5)
        if time.monotonic() - looked < LOOK_EVERY_S:
            continue
        # A server that is busy may be asked again later.
        with suppress(URLError, TimeoutError, ConnectionError):
            now = _first_day(workspace)
            if now != first:
                _reload(port)
                first = now
        looked = time.monotonic()


def _first_day(workspace: Workspace) -> date | None:
    return min(session_days(workspace), default=None)


def _reload(port: int) -> None:
    """Have the definitions loaded anew: partitions begin with the first day of the lake."""
    query = json.dumps({"query": _RELOAD % json.dumps(LOCATION)}).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"http://{HOST}:{port}/graphql", query, headers), timeout=120):
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
def _children(log: Path) -> Iterator[tuple[list[_Child], _Start]]:
    """Python modules as child processes, each leading a group that is ended as a whole."""
    children: list[_Child] = []
    with log.open("wb") as output:

        def start(environment: Mapping[str, str], module: str, *arguments: str) -> None:
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

        try:
            yield children, start
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
        # One is enough: a second must not cut short the ending of the children.
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    # A shell starts background jobs with SIGINT ignored; it is to end this one all the same.
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _alive(children: list[_Child]) -> bool:
    return all(child.poll() is None for child in children)


def _wait(up: Callable[[], bool], children: list[_Child]) -> bool:
    """True once `up` says so; False when a child ended first."""
    until = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < until:
        if not _alive(children):
            return False
        if up():
            return True
        time.sleep(0.25)
    raise CxError(f"the web UI did not answer within {UP_WITHIN_S:.0f} s", todo="try again")


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://{HOST}:{port}/server_info", timeout=5):
            return True
    except (URLError, TimeoutError, ConnectionError):
        return False


def _listens(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(address))
        except OSError:
            return False
    return True
