"""The house resource: a workspace with its stores and its SQL engine, handed to every asset.

Belongs here: opening and closing what a run needs, and the clock. Stays out: any computation.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import polars as pl
from pydantic import PrivateAttr

from cx_analytics.contracts.model import Table
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.frames import conform
from cx_analytics.engine.lock import exclusive
from cx_analytics.engine.store import Store
from cx_analytics.workspace import Workspace


class House(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A workspace opened for writing, for the length of one Dagster run.

    `root` is the workspace's folder. The lock makes runs from the command line and from the
    web UI take turns; `locked=False` is for a caller that holds it already.
    """

    root: str
    locked: bool = True
    _workspace: Workspace | None = PrivateAttr(default=None)
    _duck: Duck | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[House, None, None]:
        self._workspace = Workspace.open(self.root)
        lock = exclusive(self.workspace.dagster / ".lock") if self.locked else nullcontext()
        try:
            with lock:
                yield self
        finally:
            if self._duck is not None:
                self._duck.close()
                self._duck = None

    @property
    def workspace(self) -> Workspace:
        if self._workspace is None:
            self._workspace = Workspace.open(self.root)
        return self._workspace

    @property
    def lake(self) -> Store:
        return Store(self.workspace.lake)

    @property
    def parts(self) -> Store:
        return Store(self.workspace.parts)

    @property
    def duck(self) -> Duck:
        """The engine of this run, opened when first asked for."""
        if self._duck is None:
            settings = self.workspace.settings
            self._duck = Duck(
                spill=self.workspace.warehouse / ".spill",
                memory_limit=settings.memory_limit,
                threads=settings.threads,
            )
        return self._duck

    def now(self) -> datetime:
        """The clock (UTC, naive): the only place of a run that reads it."""
        return datetime.now(UTC).replace(tzinfo=None)

    def read(self, table: Table, days: Iterable[date] | None = None) -> pl.DataFrame:
        """The rows of a derived table, conforming to its contract."""
        return conform(self.parts.read(table.name, days), table, keep_extra=True)

    def feed(self, table: Table, days: Iterable[date] | None = None) -> pl.DataFrame:
        """The rows of a feed in the lake, conforming to its contract."""
        return conform(self.lake.read(table.name, days), table, keep_extra=True)

    def write(self, table: Table, frame: pl.DataFrame, day: date | None = None) -> pl.DataFrame:
        """Replace a partition of a derived table; returns what was written."""
        kept = conform(frame, table, keep_extra=True)
        self.parts.write(table.name, kept, day)
        return kept

    def view(self, name: str, paths: Sequence[Path], empty: Table | None = None) -> None:
        """Make Parquet files visible to SQL; without files, an empty relation of the contract."""
        if paths:
            self.duck.view(name, paths)
        elif empty is not None:
            self.duck.register(name, conform(None, empty))

    def feed_view(self, name: str, feed: Table) -> None:
        """Make a feed of the lake visible to SQL with every column of its contract."""
        paths = self.lake.paths(feed.name)
        if paths:
            self.duck.view(name, paths, {one.name: one.type for one in feed.columns})
        else:
            self.view(name, paths, feed)

    def views(self, tables: Mapping[str, Table], store: Store) -> None:
        """Make whole tables of a store visible to SQL under the given names."""
        for name, table in tables.items():
            self.view(name, store.paths(table.name), table)
