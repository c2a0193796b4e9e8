"""The ledger's file: one JSON line an entry, only ever appended, safe under two writers.

Belongs here: locking, reading, appending. Stays out: what may be written (ledger.py).
A writer holds a lock on the file from reading to the synced write, so that the chain has no
fork. A kill can leave half a line at the end: it was never acknowledged and is cut off by the
next writer; readers pass over it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cx_analytics.contracts.errors import CheckFailed
from cx_analytics.loop.entry import Entry, as_line, from_line, verify


def read_ledger(path: Path) -> list[Entry]:
    """All entries, the chain verified; empty when there is no ledger yet.

    Raises
    ------
    CheckFailed : a line is no entry, or the chain is broken.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return _parse(content, path)


def append(path: Path, make: Callable[[Sequence[Entry]], Entry]) -> Entry:
    """Append the entry that `make` returns for the ledger as it stands; returns it.

    `make` is a pure function such as `lambda entries: propose(entries, …)`; what it raises
    leaves the file as it was.
    """
    (entry,) = _append(path, lambda entries: [make(entries)])
    return entry


def append_all(path: Path, make: Callable[[Sequence[Entry]], Entry | None]) -> int:
    """Append what `make` returns, and ask again, until it returns None; how many there were."""

    def listed(entries: Sequence[Entry]) -> list[Entry]:
        entry = make(entries)
        return [] if entry is None else [entry]

    return sum(1 for _ in iter(lambda: _append(path, listed), []))


def _append(path: Path, make: Callable[[Sequence[Entry]], list[Entry]]) -> list[Entry]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as handle:
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        entries = make(_parse(whole, path))
        if entries and len(whole) < len(content):
            os.ftruncate(handle, len(whole))
        for entry in entries:
            _write(handle, as_line(entry).encode() + b"\n")
    _sync_folder(path.parent)
    return entries


def _parse(content: bytes, path: Path) -> list[Entry]:
    lines = content[: content.rfind(b"\n") + 1].splitlines()
    entries = [_entry(line, number, path) for number, line in enumerate(lines, start=1)]
    verify(entries, str(path))
    return entries


def _entry(line: bytes, number: int, path: Path) -> Entry:
    try:
        return from_line(line.decode())
    except (ValueError, TypeError, AttributeError) as error:
        raise CheckFailed(
            f"line {number} is no entry of a ledger",
            where=str(path),
            todo="put the ledger back from a backup; entries are only ever appended",
        ) from error


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _write(handle: int, line: bytes) -> None:
    while line:
        line = line[os.write(handle, line) :]
    os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
