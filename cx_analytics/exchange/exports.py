"""Packs into exports/: written beside, renamed into place, never overwritten.

Belongs here: the workspace's own folder of packs. Stays out: what is in a pack (feedback.py), and
its way to a receiver (outbox.py).
A folder appears whole or not at all; its name ends with a digest of its content, so that the
same pack delivered twice is one delivery.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cx_analytics.contracts.errors import InputRefused

PART = ".part-"
_FOLDER = re.compile(r"[a-z]-[0-9a-f]{6,64}-\d{4}-\d{2}-\d{2}-[0-9a-f]{8}")
FILE = re.compile(r"[a-z0-9_]{1,40}\.(json|csv|xlsx|txt|xml|pdf|zip)")


def deliver(files: Mapping[str, bytes], exports: Path, name: str) -> bool:
    """Write a pack to `exports/name`; False when it was delivered before, and nothing happens.

    Raises
    ------
    InputRefused : a name of the folder or of a file that this product would not make.
    """
    if not _FOLDER.fullmatch(name):
        raise InputRefused("this is no name of a pack", where=str(exports), todo="use folder_name")
    if wrong := [file for file in files if not FILE.fullmatch(file)]:
        raise InputRefused(f"{wrong[0]!r} is no file of a pack", where=name)
    exports.mkdir(parents=True, exist_ok=True)
    with _locked(exports):
        _sweep(exports)
        if (exports / name).exists():
            return False
        part = exports / f"{PART}{name}"
        fill(part, files)
        part.rename(exports / name)
        sync(exports)
    return True


def fill(part: Path, files: Mapping[str, bytes]) -> None:
    """A new folder with these files, all on the disk when it returns."""
    part.mkdir()
    for name, content in files.items():
        with (part / name).open("xb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
    sync(part)


def sweep(exports: Path) -> None:
    """Remove what killed deliveries left behind, when a run starts."""
    if exports.is_dir():
        with _locked(exports):
            _sweep(exports)


def _sweep(exports: Path) -> None:
    for leftover in exports.glob(f"{PART}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sync(folder: Path) -> None:
    """Put a folder's entries on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
