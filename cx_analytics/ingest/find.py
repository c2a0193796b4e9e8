"""Which files are there to be taken in, and whether they rest.

Belongs here: looking at names and stats. Stays out: opening files; what is in them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from glob import glob, has_magic
from pathlib import Path

from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.contracts.settings import Source
from cx_analytics.ingest.shapes import Found

_NOT_YET = (".tmp", ".part")
_DENSE, _PACKED = (".parquet", ".gz", ".zst"), 6
"""Packed files hold about so many times their size in text."""


def candidates(root: Path, sources: Sequence[Source]) -> list[Found]:
    """Every file below landing/<feed>/ and of the sources, by feed, time of arrival and name."""
    found = [
        one
        for feed in FEEDS
        for path in _walk(root / "landing" / feed)
        if (one := _look(root, feed, feed, path, None))
    ]
    found += [
        one
        for source in sources
        for path in _of_source(root, source)
        if (one := _look(root, source.feed, scope_of(source), path, source))
    ]
    order = {name: position for position, name in enumerate(FEEDS)}
    return sorted(found, key=lambda one: (order[one.feed], one.mtime_ns, one.shown, one.scope))


def scope_of(source: Source) -> str:
    """A source's name with a digest of its definition: a changed one reads its files again."""
    said = repr((source.feed, source.format, source.delimiter, source.where))
    said += repr(sorted(source.columns.items()))
    return f"{source.feed}.{source.name}.{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def rested(
    found: Sequence[Found], *, rest_s: float, now: datetime, wait: Callable[[float], None]
) -> tuple[list[Found], list[Found]]:
    """Files that can be taken, and files that are still being written.

    Files younger than `rest_s` seconds are looked at again after one wait for all of them.
    """
    edge_ns = int((now.replace(tzinfo=UTC).timestamp() - rest_s) * 1e9)
    young = {one.key for one in found if one.mtime_ns > edge_ns}
    if young and rest_s > 0:
        wait(rest_s)
    moving = [one for one in found if one.key in young and changed(one)]
    return [one for one in found if one not in moving], moving


def changed(found: Found) -> bool:
    """Whether a file is no longer what it was when it was found."""
    try:
        stat = found.path.stat()
    except OSError:
        return True
    return [stat.st_size, stat.st_mtime_ns] != found.stat


def text_bytes(found: Found) -> int:
    """About how many bytes of plain text a file holds."""
    return found.size * (_PACKED if found.path.suffix.lower() in _DENSE else 1)


def refreshed(found: Found) -> Found:
    """The same file with the stat it has now."""
    stat = found.path.stat()
    return replace(found, size=stat.st_size, mtime_ns=stat.st_mtime_ns)


def shown(root: Path, path: Path) -> str:
    """A path relative to the workspace as clean text: bytes that are no UTF-8 are escaped."""
    inside = path.relative_to(root) if path.is_relative_to(root) else path
    return os.fsencode(inside).decode("utf-8", "backslashreplace")


def _look(root: Path, feed: str, scope: str, path: Path, source: Source | None) -> Found | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return Found(feed, path, shown(root, path), scope, stat.st_size, stat.st_mtime_ns, source)


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _ignored(name)]
        for name in names:
            path = Path(here) / name
            if not _ignored(name) and path.is_file():
                yield path


def _ignored(name: str) -> bool:
    return name.startswith((".", "_")) or name.lower().endswith(_NOT_YET)


def _of_source(root: Path, source: Source) -> Iterable[Path]:
    paths = {path for pattern in source.files for path in _matches(root, pattern)}
    return sorted(path for path in paths if path.is_file() and not _ignored(path.name))


def _matches(root: Path, pattern: str) -> Iterator[Path]:
    """Files of a glob; a pattern that is itself the name of a file means that file."""
    exact = root / pattern
    if exact.is_file() or not has_magic(pattern):
        yield exact
        return
    yield from (root / name for name in glob(pattern, root_dir=root, recursive=True))  # noqa: PTH207
