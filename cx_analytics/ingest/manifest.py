"""The manifest: which files were taken in, and the version of each lake partition.

Belongs here: lake/manifest.json as a value, and the questions that a stat can answer. Stays
out: opening data, so that "is there anything new?" costs a directory walk and one JSON file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cx_analytics.contracts.settings import Source
from cx_analytics.ingest.find import candidates
from cx_analytics.ingest.shapes import Found

NAME = "manifest.json"


@dataclass
class Manifest:
    """What the lake was made of.

    `batches` counts them; `stats` has [size, mtime] of each place at its last visit;
    `contents` has the digests of what each door took; `partitions` has version and rows of
    each partition by feed and day ("all" for feeds without a day). `pseudonyms` says which ids
    were replaced, under which key; it is empty when all are kept as they came.
    """

    batches: int = 0
    stats: dict[str, list[int]] = field(default_factory=dict)
    contents: dict[str, dict[str, str]] = field(default_factory=dict)
    partitions: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    pseudonyms: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path) -> Manifest:
        """The manifest of a workspace; an empty one before the first batch."""
        try:
            return cls(**json.loads((root / "lake" / NAME).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()

    def text(self) -> str:
        """As JSON, keys sorted, so that equal manifests are equal files."""
        return json.dumps(vars(self), indent=1, sort_keys=True) + "\n"

    def is_new(self, found: Found) -> bool:
        """Whether a place looks different from its last visit."""
        return self.stats.get(found.key) != found.stat

    def knows(self, found: Found, digest: str) -> bool:
        """Whether this content came through this door before, under whatever name."""
        return digest in self.contents.get(found.scope, {})

    def visit(self, found: Found, digest: str) -> None:
        """Note that a file is dealt with."""
        self.stats[found.key] = found.stat
        self.contents.setdefault(found.scope, {}).setdefault(digest, found.shown)

    def forget_missing(self, present: Iterable[Found]) -> None:
        """Drop the stats of places that are gone; their contents stay known."""
        keys = {found.key for found in present}
        self.stats = {key: stat for key, stat in self.stats.items() if key in keys}


def has_news(root: Path, sources: Sequence[Source]) -> bool:
    """Whether any file is new or changed since the last visit, by name, size and time alone."""
    manifest = Manifest.read(root)
    return any(manifest.is_new(found) for found in candidates(root, sources))


def lake_versions(root: Path) -> dict[str, dict[str, str]]:
    """Version of each lake partition: feed → "YYYY-MM-DD" or "all" → version.

    A version is a digest of the content: it changes exactly when the content does.
    """
    return {
        feed: {day: str(partition["version"]) for day, partition in sorted(days.items())}
        for feed, days in sorted(Manifest.read(root).partitions.items())
    }
