"""How Dagster's history is written: without a wait for the disk at every event.

Belongs here: what SQLite is told about the files that `DagsterInstance` keeps. Stays out: what is
in them. They tell of runs and decide nothing, so they may lose their last moments when the power
fails; the lake, the ledger and the warehouse may not and do not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def written_lightly(folder: Path) -> Iterator[None]:
    """Within, the SQLite files under a folder are synced at checkpoints only.

    Dagster opens a connection for each event, commits, and closes it: SQLite syncs at the commit,
    and moves the write-ahead log into the file when the last connection closes, with two syncs
    more. `synchronous = NORMAL` spares the first (sqlite.org/pragma.html#pragma_synchronous: a
    file in WAL mode stays whole, and only what was committed last may be gone). A connection that
    stays open to each file spares the others: there is always another one.
    """
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    held: dict[Path, sqlite3.Connection] = {}

    def opened(connection: Any, _: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
        if not path.is_relative_to(folder):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        if path not in held:
            held[path] = sqlite3.connect(path, check_same_thread=False)
            # Dagster does this too, but after its tables are made, one sync after the other.
            held[path].execute("PRAGMA journal_mode = WAL")
            # Who has read is one of those whom the log has to wait for.
            held[path].execute("SELECT count(*) FROM sqlite_master").fetchone()

    event.listen(Pool, "connect", opened)
    try:
        yield
    finally:
        event.remove(Pool, "connect", opened)
        for one in held.values():
            one.close()
