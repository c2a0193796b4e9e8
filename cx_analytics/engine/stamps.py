"""Stamps: from which version of its input each derived partition was made.

A partition whose stamp differs from the version of today's input is stale. A killed run
leaves the stamps of what it finished, so the next one does only the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from cx_analytics.engine.files import read_json, write_json


def digest(*parts: object) -> str:
    """A short digest of values, in order."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:16]


class Stamps:
    """The stamps below a store: table → partition → version of the input."""

    def __init__(self, root: Path) -> None:
        self.file = root / "stamps.json"

    def of(self, table: str) -> dict[str, str]:
        """Partition → version for one table."""
        return dict(read_json(self.file, {}).get(table, {}))

    def set(self, table: str, versions: Mapping[str, str]) -> None:
        """Record what was made from what."""
        stamps = read_json(self.file, {})
        stamps[table] = stamps.get(table, {}) | dict(versions)
        write_json(self.file, stamps)

    def clear(self, table: str, partitions: Iterable[str]) -> None:
        """Forget partitions, so that they count as stale."""
        stamps = read_json(self.file, {})
        for partition in partitions:
            stamps.get(table, {}).pop(partition, None)
        write_json(self.file, stamps)
