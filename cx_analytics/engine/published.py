"""The days that a publication shows: second names of the parts, so that no day is written twice.

    warehouse/published/000012/<table>/day=2026-01-31.parquet    a day, as it was at publication 12
    warehouse/published/000012/cx.duckdb                         the database whose views read it

A part is never changed, only replaced under its first name; what a publication has linked stays as
it was for as long as somebody reads it. Belongs here: linking, and when a publication may go.
Stays out: the database (warehouse.py).
"""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cx_analytics.engine.files import PART, sync

FOLDER = "published"

UNLOCKED_S = 3600.0
"""Where locks cannot be asked for, a publication is kept for so long after the next one."""

_FLOCK = "hhqqi"
"""struct flock: l_type, l_whence, l_start, l_len, l_pid."""


def comes_in_days(paths: Sequence[Path]) -> bool:
    """Whether a table's files are days of a store."""
    return bool(paths) and all(path.parent.name.startswith("day=") for path in paths)


def link_days(database: Path, tables: Mapping[str, Sequence[Path]]) -> Path:
    """A new publication's folder with second names of these files; returns it."""
    folder = database.parent / FOLDER
    number = 1 + max((int(path.name) for path in _all(database)), default=0)
    made = folder / f"{PART}{number:06}"
    shutil.rmtree(made, ignore_errors=True)
    for name, paths in tables.items():
        (made / name).mkdir(parents=True)
        for path in paths:
            _link(path, made / name / f"{path.parent.name}{path.suffix}")
    made.mkdir(parents=True, exist_ok=True)
    target = folder / f"{number:06}"
    made.rename(target)
    sync(folder)
    return target


def keep_name(database: Path, publication: Path) -> None:
    """Give a database that is about to be published its second name, by which readers are seen."""
    _link(database, publication / "cx.duckdb")


def retire(database: Path, current: Path, before: Path | None = None) -> list[Path]:
    """Remove publications that nobody reads; returns those that went.

    The one that was current `before` stays, for whoever is just opening it.
    """
    others = [path for path in _all(database) if path not in (current, before)]
    going = [path for path in others if not _is_read(path)]
    for path in going:
        shutil.rmtree(path, ignore_errors=True)
    return going


def forget(database: Path) -> list[Path]:
    """Remove all publications but the current one, read or not; returns those that went."""
    shown = current(database)
    going = [path for path in _all(database) if path != shown]
    for path in going:
        shutil.rmtree(path)
    return going


def current(database: Path) -> Path | None:
    """The publication of a database; None when it shows no days."""
    if not database.is_file():
        return None
    known = ((path, path / "cx.duckdb") for path in reversed(_all(database)))
    return next((path for path, name in known if name.is_file() and _same(name, database)), None)


def _same(one: Path, other: Path) -> bool:
    """Whether two names are of one file, or of its copy where it could have no second name."""
    return one.samefile(other) or filecmp.cmp(one, other, shallow=False)


def _all(database: Path) -> list[Path]:
    """The folders of publications, oldest first."""
    found = (database.parent / FOLDER).glob("[0-9]*")
    return sorted((path for path in found if path.name.isdecimal()), key=lambda one: int(one.name))


def _link(path: Path, target: Path) -> None:
    """A second name of a file; a copy where the file system has no such thing."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)


def _is_read(publication: Path) -> bool:
    """Whether a reader holds the database of a publication open: DuckDB locks what it reads."""
    file = publication / "cx.duckdb"
    if not file.is_file():
        return False
    try:
        return file.stat().st_ino in _locked() or _is_locked_elsewhere(file)
    except (AttributeError, OSError):
        return time.time() - publication.stat().st_mtime < UNLOCKED_S


def _locked() -> set[int]:
    """Inodes of the files that processes of this machine have locked.

    Asked first: to open and close a file would drop the locks that this process has on it.
    """
    lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return {int(word.rpartition(":")[2]) for line in lines for word in line.split()[5:6]}


def _is_locked_elsewhere(file: Path) -> bool:
    """Whether another machine, or another container on this one, has a lock on a file."""
    handle = os.open(file, os.O_RDWR)
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(handle, fcntl.F_OFD_GETLK, asked)
    finally:
        os.close(handle)
    return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)
