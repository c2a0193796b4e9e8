"""What a run may take of the machine: cores, and room on the disk.

Belongs here: keeping to them, and the message before a disk is full. Stays out: memory, which the
engines bound themselves.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cx_analytics.contracts.errors import CxError

RESERVE = 256 << 20
"""Bytes that are left free in any case: others on this disk must still be able to write."""


@contextmanager
def on_cores(threads: int | None) -> Iterator[None]:
    """Let the whole process use no more than so many cores; None, or all of them, changes nothing.

    Libraries size their pools by the machine, not by cx.toml; the system holds them to this. Where
    it cannot (it is not Linux), DuckDB alone keeps to its number of threads.
    """
    allowed = _cores()
    if threads is None or threads >= len(allowed):
        yield
        return
    _hold_to(set(sorted(allowed)[:threads]))
    try:
        yield
    finally:
        _hold_to(allowed)


def _cores() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _hold_to(cores: set[int]) -> None:
    """Bind every thread of the process; those that they start follow them."""
    for thread in Path("/proc/self/task").iterdir():
        try:
            os.sched_setaffinity(int(thread.name), cores)
        except ProcessLookupError:
            continue  # It has ended since it was listed.


def demand_room(folder: Path, needed: int, what: str) -> None:
    """CxError when the disk of a folder has not so many bytes free, before anything is written."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < needed + RESERVE:
        raise CxError(
            f"{what} needs about {_shown(needed)}, and {_shown(free)} are free",
            where=str(folder),
            todo="free some of the disk, or give [engine] spill in cx.toml a folder on another one",
        )


def _shown(size: float) -> str:
    """Bytes for a person.

    >>> _shown(1_600_000_000), _shown(2_000_000)
    ('1.6 GB', '2 MB')
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
