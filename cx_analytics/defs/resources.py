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
from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.frames import conform
from cx_analytics.engine.lock import exclusive
from cx_analytics.engine.opening import open_cluster, open_duck
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
    _cluster: SqlEngine | None = PrivateAttr(default=None)
    _left: dict[str, str] = PrivateAttr(default_factory=dict)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[House, None, None]:
        self._workspace = Workspace.open(self.root)
        lock = exclusive(self.workspace.dagster / ".lock") if self.locked else nullcontext()
        try:
            with lock:
                yield self
        finally:
            for opened in (self._cluster, self._duck):
                if opened is not None:
                    opened.close()
            self._cluster = self._duck = None
            self._left.clear()

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
        """DuckDB, opened when first asked for: the engine of what fits on this machine."""
        if self._duck is None:
            self._duck = open_duck(self.workspace.settings.engine, self.workspace.spill())
        return self._duck

    @property
    def engine(self) -> SqlEngine:
        """The engine of what reads every session: the cluster's, where cx.toml names one."""
        if self._cluster is None:
            settings = self.workspace.settings.engine
            self._cluster = open_cluster(settings, self.workspace.spill("spark"))
        return self._cluster or self.duck

    def is_left(self, what: str, version: str) -> bool:
        """Whether a step of this run has left temporary tables in this version; now one does."""
        known, self._left[what] = self._left.get(what), version
        return known == version

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

    def view(
        self,
        name: str,
        paths: Sequence[Path],
        empty: Table | None = None,
        engine: SqlEngine | None = None,
    ) -> None:
        """Make Parquet files visible to SQL; without files, an empty relation of the contract.

        They are visible to DuckDB, or to the engine that is given.
        """
        engine = engine or self.duck
        if paths:
            engine.view(name, paths)
        elif empty is not None:
            engine.register(name, conform(None, empty))

    def feed_view(self, name: str, feed: Table) -> None:
        """Make a feed of the lake visible to SQL with every column of its contract."""
        paths = self.lake.paths(feed.name)
        if paths:
            self.duck.view(name, paths, {one.name: one.type for one in feed.columns})
        else:
            self.view(name, paths, feed)

    def views(
        self, tables: Mapping[str, Table], store: Store, engine: SqlEngine | None = None
    ) -> None:
        """Make whole tables of a store visible to SQL under the given names."""
        for name, table in tables.items():
            self.view(name, store.paths(table.name), table, engine)
