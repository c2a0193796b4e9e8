"""Writing files so that a kill at any moment leaves the old one or the new one, never half.

A writer fills `.part-<name>.tmp` beside the target, syncs it, and renames it over the target.
What a kill leaves behind carries that name and is swept when a run starts.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PART = ".part-"


@contextmanager
def replacing(target: Path, *, durable: bool = True) -> Iterator[Path]:
    """A path to write to; on leaving without error it becomes `target` in one rename.

    What is not `durable` may be lost when the power fails.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{PART}{target.name}.tmp")
    try:
        yield part
        if durable:
            sync(part)
        part.replace(target)
        if durable:
            sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Put a file, or a folder's entries, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(target: Path, text: str) -> None:
    """Write a text file atomically."""
    with replacing(target) as part:
        part.write_text(text, encoding="utf-8")


def write_json(target: Path, value: Any) -> None:
    """Write a JSON file atomically, keys sorted, so that equal values give equal files."""
    write_text(target, json.dumps(value, indent=1, sort_keys=True, default=str) + "\n")


def read_json(source: Path, default: Any) -> Any:
    """The value of a JSON file, or `default` when there is no such file."""
    try:
        return json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default


def sweep(folder: Path) -> int:
    """Remove what killed writers left below a folder; returns how many went."""
    leftovers = sorted(folder.rglob(f"{PART}*"))
    for path in leftovers:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(leftovers)
