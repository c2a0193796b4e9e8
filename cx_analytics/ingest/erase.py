"""Erasing a customer from lake and quarantine: one journalled commit, so all of it or nothing.

Belongs here: which files hold the customer, and their new content. Stays out: derived tables,
the warehouse and the search for what is left (engine), the order of it all (cli).

The suppression list is part of the same commit: from the moment the customer is out of the
lake, nothing that arrives brings him back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from cx_analytics.contracts.feeds import ACTIONS, FEEDS
from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.quoting import literal
from cx_analytics.ingest.commit import Staging
from cx_analytics.ingest.manifest import Manifest
from cx_analytics.ingest.merge import versions
from cx_analytics.ingest.records import quarantine_files
from cx_analytics.ingest.shapes import WHOLE
from cx_analytics.ingest.suppress import REASON, RULE, Suppressed, suppressed_path


@dataclass(frozen=True)
class Removed:
    """Rows that went, by file (relative to the workspace); days that must be made anew."""

    lake: Mapping[str, int] = field(default_factory=dict)
    quarantine: Mapping[str, int] = field(default_factory=dict)
    days: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lake or self.quarantine)


Note = Callable[[Removed], tuple[Path, str] | None]
"""What else belongs to the commit: a file and its text, or None to leave everything as it is."""


def erase_customer(
    root: Path, customer: str, suppressed: Suppressed, engine: SqlEngine, note: Note
) -> Removed:
    """Take a customer out of lake and quarantine, and put him on the suppression list.

    Parameters
    ----------
    root : the workspace; the caller holds its lock.
    suppressed : the list as it stands, with its key.
    note : asked with what was found, before anything is changed.
    """
    staging = Staging(root, "erase")
    try:
        erasing = _Erasing(root, customer, suppressed.only(customer), engine, staging)
        removed = erasing.all()
        more = note(removed)
        if more:
            staging.target(more[0]).write_text(more[1], encoding="utf-8")
            listed = suppressed.adding(customer).text()
            staging.target(suppressed_path(root)).write_text(listed, encoding="utf-8")
            staging.commit(erasing.manifest, erasing.emptied)
        return removed
    finally:
        staging.abandon()


class _Erasing:
    """One erasure while it is made ready."""

    def __init__(
        self, root: Path, customer: str, whom: Suppressed, engine: SqlEngine, staging: Staging
    ) -> None:
        self.root, self.customer, self.whom = root, customer, whom
        self.engine, self.staging = engine, staging
        self.manifest = Manifest.read(root)
        self.emptied: list[Path] = []

    def all(self) -> Removed:
        lake: dict[str, int] = {}
        days: set[str] = set()
        for feed in (one for one in FEEDS.values() if "customer_id" in one.names):
            for day in sorted(self.manifest.partitions.get(feed.name, {})):
                path = self._path(feed.name, day)
                rows = self._partition(feed.name, day, path)
                if rows:
                    lake[self._shown(path)] = rows
                    days |= {day} if feed.name == "sessions" else set()
        lake |= self._actions()
        quarantine = {self._shown(p): n for p in quarantine_files(self.root) if (n := self._bad(p))}
        return Removed(lake, quarantine, tuple(sorted(days)))

    def _path(self, feed: str, day: str) -> Path:
        part = day if day == WHOLE else f"day={day}"
        return self.root / "lake" / feed / part / "part.parquet"

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root))

    def _partition(self, feed: str, day: str, path: Path) -> int:
        """Stage a partition without the customer; returns how many rows go."""
        whose = {"customer": self.customer}
        rows = self.engine.frame(
            f"SELECT count(*) FROM {_file(path)} WHERE customer_id = $customer", whose
        ).item()
        if rows:
            kept = f"SELECT * FROM {_file(path)} WHERE customer_id IS DISTINCT FROM $customer"
            self._replace(feed, day, path, self.engine.copy(kept, self.staging.target(path), whose))
        return int(rows)

    def _replace(self, feed: str, day: str, path: Path, left: int) -> None:
        """Note a staged partition in the manifest; one without rows goes."""
        staged = self.staging.target(path)
        partitions = self.manifest.partitions[feed]
        if left:
            columns = self.engine.frame(f"SELECT * FROM {_file(staged)} LIMIT 0").columns
            relation = f"(SELECT *, {literal(day)} AS _day FROM {_file(staged)})"
            partitions.update(versions(self.engine, columns, relation))
        else:
            staged.unlink()
            partitions.pop(day)
            self.emptied.append(path)

    def _actions(self) -> dict[str, int]:
        """Drop actions on the customer; take him out of what the others reached."""
        path = self._path(ACTIONS.name, WHOLE)
        if WHOLE not in self.manifest.partitions.get(ACTIONS.name, {}):
            return {}
        before = pl.read_parquet(path, hive_partitioning=False, glob=False)
        about = [self.whom.concerns(one) for one in before["conditions"]]
        exposed = [self.whom.without(one) for one in before["exposed"]]
        after = before.with_columns(pl.Series("exposed", exposed, dtype=pl.String))
        changed = sum(
            gone or one != other
            for gone, one, other in zip(about, before["exposed"], exposed, strict=True)
        )
        if changed:
            left = after.filter(~pl.Series(about, dtype=pl.Boolean))
            left.write_parquet(self.staging.target(path), compression="zstd")
            self._replace(ACTIONS.name, WHOLE, path, left.height)
        return {self._shown(path): changed} if changed else {}

    def _bad(self, path: Path) -> int:
        """Stage a quarantine file whose records no longer name the customer; the rows stay.

        A row of it still counts, so that rows in = kept + duplicates + quarantined.
        """
        before = pl.read_parquet(path, hive_partitioning=False, glob=False)
        named = [
            self.whom.mentions(record) or self.whom.mentions(reason)
            for record, reason in before.select("record", "reason").iter_rows()
        ]
        if any(named):
            hit = pl.Series(named, dtype=pl.Boolean)
            told = {
                "rule": pl.lit(RULE),
                "reason": pl.lit(REASON),
                "record": pl.lit(None, pl.String),
            }
            after = before.with_columns(
                **{name: pl.when(hit).then(new).otherwise(name) for name, new in told.items()}
            )
            after.write_parquet(self.staging.target(path), compression="zstd")
        return sum(named)


def _file(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"
