"""The outbox: what is to be sent where, how far it got, and every attempt with its answer.

Belongs here: the store (SQLite, one small file that no rebuild touches) and its states. Stays out:
sending (courier.py) and the packs themselves, which stay in exports/.

    pending -> sent -> acknowledged
       \\-> dead -> pending (when somebody retries)

An attempt is written down before it is made. After a kill it stands there without an end: nobody
knows whether it arrived, so the message is still pending and goes out again under the same id.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from cx_analytics.contracts.errors import CxError, InputRefused
from cx_analytics.exchange.envelope import acknowledgement
from cx_analytics.exchange.exports import FILE
from cx_analytics.exchange.target import ZIPPED, Reply

State = Literal["pending", "sent", "acknowledged", "dead"]

STORE = "outbox.sqlite"
BUSY_S = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    message_id TEXT NOT NULL, target TEXT NOT NULL, tag TEXT NOT NULL, pack TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'acknowledged', 'dead')),
    tries INTEGER NOT NULL, answer TEXT, queued_at TEXT NOT NULL, settled_at TEXT,
    PRIMARY KEY (message_id, target)
) STRICT;
CREATE TABLE IF NOT EXISTS attempt (
    message_id TEXT NOT NULL, target TEXT NOT NULL, number INTEGER NOT NULL,
    began_at TEXT NOT NULL, ended_at TEXT, outcome TEXT, answer TEXT,
    PRIMARY KEY (message_id, target, number),
    FOREIGN KEY (message_id, target) REFERENCES message
) STRICT;
"""


@dataclass(frozen=True)
class Message:
    """A pack for one target. `tries` counts finished attempts since it was queued or retried."""

    message_id: str
    target: str
    tag: str
    pack: str
    state: State
    tries: int
    answer: str | None
    queued_at: str
    settled_at: str | None

    @property
    def key(self) -> tuple[str, str]:
        return self.message_id, self.target

    @property
    def acknowledge_as(self) -> str:
        return acknowledgement(self.message_id, self.pack, self.tag)

    @property
    def arrives_as(self) -> str:
        return f"{self.pack}.zip" if self.target.endswith(ZIPPED) else self.pack


class Outbox:
    """The messages of one workspace. Each change is one transaction, on disk when it returns."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, message_id: str, pack: str, target: str, tag: str, *, at: datetime) -> bool:
        """Queue a pack for a target; False when it was queued before, in whatever state it is."""
        made = self._change(
            "INSERT INTO message VALUES (?, ?, ?, ?, 'pending', 0, NULL, ?, NULL) "
            "ON CONFLICT DO NOTHING",
            (message_id, target, tag, pack, at.isoformat()),
        )
        return made > 0

    def messages(
        self, target: str | None = None, states: Sequence[State] | None = None
    ) -> list[Message]:
        """Messages in the order in which they were queued."""
        names = ", ".join(one.name for one in fields(Message))
        rows = self._db.execute(f"SELECT {names} FROM message ORDER BY queued_at, rowid")
        found = (Message(*row) for row in rows)
        return [
            one
            for one in found
            if (target is None or one.target == target) and (states is None or one.state in states)
        ]

    def begin(self, message: Message, *, at: datetime) -> int:
        """Write down that an attempt begins; returns its number."""
        with self._db:
            (last,) = self._db.execute(
                "SELECT coalesce(max(number), 0) FROM attempt WHERE (message_id, target) = (?, ?)",
                message.key,
            ).fetchone()
            self._db.execute(
                "INSERT INTO attempt VALUES (?, ?, ?, ?, NULL, NULL, NULL)",
                (*message.key, last + 1, at.isoformat()),
            )
        return int(last) + 1

    def end(
        self, message: Message, number: int, reply: Reply, state: State, *, at: datetime
    ) -> None:
        """Write down what an attempt came to, and where the message stands now."""
        settled = None if state == "pending" else at.isoformat()
        with self._db:
            self._db.execute(
                "UPDATE attempt SET ended_at = ?, outcome = ?, answer = ? "
                "WHERE (message_id, target, number) = (?, ?, ?)",
                (at.isoformat(), reply.outcome, reply.said, *message.key, number),
            )
            # An acknowledgement may have come in meanwhile; it says more than any answer.
            self._db.execute(
                "UPDATE message SET state = ?, tries = tries + 1, answer = ?, settled_at = ? "
                "WHERE (message_id, target) = (?, ?) AND state = 'pending'",
                (state, reply.said, settled, *message.key),
            )

    def attempts(self, message: Message) -> list[dict[str, Any]]:
        """Every attempt of a message: when it began and ended, what it came to."""
        names = ("number", "began_at", "ended_at", "outcome", "answer")
        rows = self._db.execute(
            f"SELECT {', '.join(names)} FROM attempt "
            "WHERE (message_id, target) = (?, ?) ORDER BY number",
            message.key,
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def revive(self, messages: Iterable[Message]) -> None:
        """Make messages pending again, with all their tries before them."""
        with self._db:
            self._db.executemany(
                "UPDATE message SET state = 'pending', tries = 0, settled_at = NULL "
                "WHERE (message_id, target) = (?, ?) AND state <> 'acknowledged'",
                [one.key for one in messages],
            )

    def acknowledge(self, said: Mapping[str, tuple[str, datetime]]) -> int:
        """Take in acknowledgements: action_id -> (what it says, since when); returns how many."""
        waiting = self.messages(states=("pending", "sent", "dead"))
        new = [(said[one.acknowledge_as], one) for one in waiting if one.acknowledge_as in said]
        with self._db:
            self._db.executemany(
                "UPDATE message SET state = 'acknowledged', answer = ?, settled_at = ? "
                "WHERE (message_id, target) = (?, ?)",
                [(answer, at.isoformat(), *one.key) for (answer, at), one in new],
            )
        return len(new)

    def _change(self, sql: str, values: Sequence[Any]) -> int:
        with self._db:
            return self._db.execute(sql, values).rowcount


@contextmanager
def opened(folder: Path) -> Iterator[Outbox]:
    """The outbox in a folder, made when it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(folder / STORE, timeout=BUSY_S)) as connection:
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.executescript(_SCHEMA)
            yield Outbox(connection)
    except sqlite3.OperationalError as error:
        raise CxError(
            f"the outbox cannot be read or written: {error}",
            where=str(folder / STORE),
            todo="check the disk, its rights, and who else has it open",
        ) from error
    except sqlite3.DatabaseError as error:
        raise CxError(
            f"the outbox cannot be used: {error}",
            where=str(folder / STORE),
            todo="bring it back from a backup; moved away, every pack is sent again, "
            "and receivers know them by their id",
        ) from error


@contextmanager
def sending_alone(folder: Path) -> Iterator[None]:
    """One sender at a time: two would do each other's work. The lock dies with its process."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CxError(
            "another export is sending from here", where=str(folder), todo="wait for it to end"
        ) from None


def read_pack(folder: Path) -> dict[str, bytes]:
    """The files of a pack in exports/; InputRefused when something else lies among them.

    What a desktop leaves in a folder starts with a dot and is no part of the pack.
    """
    if not folder.is_dir():
        raise InputRefused("the pack is no longer there", where=str(folder), todo="run 'cx run'")
    files = {}
    for path in sorted(one for one in folder.iterdir() if not one.name.startswith(".")):
        if path.is_symlink() or not path.is_file() or not FILE.fullmatch(path.name):
            raise InputRefused(
                f"{path.name!r} is no file of a pack", where=str(folder), todo="take it out"
            )
        files[path.name] = path.read_bytes()
    return files
