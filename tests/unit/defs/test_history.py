"""Dagster's history is written without a wait for the disk at each event, and stays whole."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from cx_analytics.defs.history import written_lightly

KILLED = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from cx_analytics.defs.history import written_lightly
with written_lightly(Path(sys.argv[1])):
    for number in range(50):
        engine = sa.create_engine(f"sqlite:///{sys.argv[1]}/runs.db", poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE IF NOT EXISTS event (number INTEGER)"))
            connection.execute(sa.text(f"INSERT INTO event VALUES ({number})"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def asked(path: Path, *statements: str) -> int:
    """What the last statement gives, on a connection of its own as Dagster has one an event."""
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        results = [connection.execute(sa.text(one)) for one in statements]
        return int(results[-1].scalar_one())


def test_only_files_of_the_folder_and_only_within(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    always, at_checkpoints = 2, 1
    with written_lightly(mine):
        assert asked(mine / "a.db", "PRAGMA synchronous") == at_checkpoints
        assert asked(other / "a.db", "PRAGMA synchronous") == always
        assert asked(Path(":memory:"), "PRAGMA synchronous") == always
    assert asked(mine / "a.db", "PRAGMA synchronous") == always


def test_the_log_outlives_a_connection_and_not_the_whole(tmp_path: Path) -> None:
    """A log that is moved into the file whenever a connection closes costs two syncs each time."""
    log = tmp_path / "a.db-wal"
    with written_lightly(tmp_path):
        for number in range(1, 4):
            made = "CREATE TABLE IF NOT EXISTS event (number INTEGER)"
            rows = (made, f"INSERT INTO event VALUES ({number})", "SELECT count(*) FROM event")
            assert asked(tmp_path / "a.db", *rows) == number
            assert log.stat().st_size > 0
    assert not log.exists()
    assert asked(tmp_path / "a.db", "SELECT count(*) FROM event") == 3


def test_what_was_committed_outlives_a_kill(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    with sqlite3.connect(tmp_path / "runs.db") as found:
        assert found.execute("SELECT count(*), max(number) FROM event").fetchone() == (50, 49)
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found.close()
