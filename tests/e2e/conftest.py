"""What the end-to-end tests of runs share: small planted worlds, and tables to compare."""

from __future__ import annotations

import random
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from cx_analytics.simulate import make_world, write_world

Rows = list[tuple[Any, ...]]
Contents = dict[str, Rows]

SETTINGS = "[product]\nrest_s = 0\n"
"""An empty cx.toml, but for the wait until landed files rest."""


def contents(root: Path) -> Contents:
    """Every table of the warehouse, row by row, without the wall clock of `runs`."""
    found: Contents = {}
    with duckdb.connect(str(root / "warehouse" / "cx.duckdb"), read_only=True) as warehouse:
        names = "SELECT table_name FROM information_schema.tables ORDER BY 1"
        for (name,) in warehouse.sql(names).fetchall():
            clock = "EXCLUDE (started_at)" if name == "runs" else ""
            found[name] = warehouse.sql(f'SELECT * {clock} FROM "{name}"').fetchall()
    return found


@pytest.fixture(scope="session")
def tables() -> Callable[[Path], Contents]:
    """Reads every table of a workspace's warehouse."""
    return contents


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Finds a port for a server that cannot look for one itself.

    Not one that the system would give to whoever connects next: it would be taken now and then.
    """

    def find() -> int:
        while True:
            port = random.SystemRandom().randrange(20_000, 32_000)
            with suppress(OSError), socket.create_server(("127.0.0.1", port)):
                return port

    return find


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landing files of a world of three days; nobody works in this folder."""
    root = tmp_path_factory.mktemp("world")
    world = make_world(sessions=1500, days=3, seed=5, difficulty="easy")
    write_world(world, root, file_format=("ndjson.zst", "csv", "parquet"), malformed=True)
    return root / "landing"


@pytest.fixture(scope="session")
def new_workspace(tmp_path_factory: pytest.TempPathFactory, landed: Path) -> Callable[..., Path]:
    """Makes a workspace, with the world's files landed in it unless `empty`."""

    def make(*, empty: bool = False) -> Path:
        root = tmp_path_factory.mktemp("workspace")
        (root / "cx.toml").write_text(SETTINGS, encoding="utf-8")
        if not empty:
            shutil.copytree(landed, root / "landing", copy_function=shutil.copy2)
        return root

    return make


@pytest.fixture(scope="module")
def unjudged() -> Iterator[None]:
    """Runs without Great Expectations, which takes longer than all else; it has its own tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cx_analytics.quality.validate", lambda *_, **__: ())
        yield


@pytest.fixture(scope="module")
def unrecorded() -> Iterator[None]:
    """Runs that Dagster records in memory: its own storage takes half of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        forgetful = lambda _: dg.DagsterInstance.ephemeral()  # noqa: E731
        patch.setattr("cx_analytics.pipeline._instance", forgetful)
        yield
