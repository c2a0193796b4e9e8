"""The small values that the modules of ingest hand to each other, and how SQL text is quoted.

Belongs here: frozen data without behaviour of its own. Stays out: reading, judging, writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from cx_analytics.contracts.model import Feed
from cx_analytics.contracts.quoting import quote
from cx_analytics.contracts.settings import Source

WHOLE = "all"
"""Name of the only partition of a feed that has no event time."""


ROOM = 1 << 40
"""Line numbers that a file may use; `_seq` = number of the file in the batch × ROOM + line."""


@dataclass(frozen=True)
class Found:
    """A file that may be taken in, as it was when it was looked at.

    `scope` says through which door it came (a feed's landing folder or a source), `shown` is
    its path relative to the workspace in clean text.
    """

    feed: str
    path: Path
    shown: str
    scope: str
    size: int
    mtime_ns: int
    source: Source | None = None

    @property
    def key(self) -> str:
        """Identity of the place in the manifest."""
        return f"{self.scope}|{self.shown}"

    @property
    def stat(self) -> list[int]:
        """Size in bytes and time of modification in ns."""
        return [self.size, self.mtime_ns]


@dataclass(frozen=True)
class Issue:
    """A line or record (1-based) that cannot be read, or a file as a whole (line None)."""

    line: int | None
    rule: str
    reason: str
    record: str | None = None


@dataclass(frozen=True)
class Text:
    """A file, or several that are read together, as a relation of texts.

    `sql` selects `_line` (1-based line or record number) and one VARCHAR `_r<i>` for each of
    `columns`. `nested` are columns that may hold JSON objects, `floats` those that the file
    itself stores as floating point. `issues` are the rows that are not in the relation.
    `records` says that `_line` counts records, not physical
    lines, so far. `open` says that a column may be absent from a file as it may from an object.
    `many` says that `sql` also selects `_file`, the 0-based number of the file; lines are then
    counted on from file to file.
    """

    sql: str
    columns: tuple[str, ...]
    nested: frozenset[str] = frozenset()
    floats: frozenset[str] = frozenset()
    issues: tuple[Issue, ...] = ()
    records: bool = False
    open: bool = False
    many: bool = False


@dataclass(frozen=True)
class Intake:
    """What ingest must know about a feed: its contract and the columns that cx.toml adds."""

    feed: Feed
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def types(self) -> dict[str, str]:
        """Every column of the lake with its type, in order."""
        return {column.name: column.type for column in self.feed.columns} | dict(self.extra)

    def accepts(self, name: str) -> bool:
        """Whether a column of a file is known, by name or alias."""
        return name in self.types or name in self.feed.aliases


@dataclass(frozen=True)
class FeedReport:
    """What one batch of a feed did: rows_in = kept + duplicates + quarantined.

    `kept` counts keys that are new in the lake, `duplicates` rows whose key was known or came
    twice. A file that cannot be read at all counts as one quarantined row. `days` are the days
    whose partition was replaced; `batch` is empty when nothing was taken.
    """

    feed: str
    batch: str
    files: int = 0
    rows_in: int = 0
    kept: int = 0
    duplicates: int = 0
    quarantined: int = 0
    days: tuple[date, ...] = ()
    drift: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()


def listed(names: Iterable[str], prefix: str = "") -> str:
    """Quoted names with commas between.

    >>> listed(["a", "b"], "t.")
    't."a", t."b"'
    """
    return ", ".join(prefix + quote(name) for name in names)
