"""Sessions as small numbers: the place of each value among those that may be asked for.

A search asks the same sessions again and again. They are read once, each value is looked up once,
and what is kept of a day is one small number a session and attribute, on a shelf: in memory, or on
the disk where they are many.

Belongs here: fetching, coding and keeping, by windows that fit into memory. Stays out: counting
(tallies.py), and who asks (exposure.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.attribute.aggregate import ATTRIBUTE_KEY, VALUE_KEY, span
from cx_analytics.attribute.asked import date_number
from cx_analytics.attribute.counts import Ints
from cx_analytics.contracts.ports import Shelf, SqlEngine
from cx_analytics.contracts.quoting import quote

Keys = NDArray[np.uint64]
Codes = NDArray[np.integer[Any]]
"""Of any width, for there are many."""

BATCH = 2_000_000
"""Sessions that are fetched at once (8 bytes an attribute each).

Sessions of a day lie in no order of time: to fetch a part of one reads all of it."""
KEY = ["key_1", "key_2", "key_3"]
HOUR = "hour of day"
"""How the hours of sessions are called among their attributes."""


@dataclass(frozen=True)
class Window:
    """A day or a part of it, since <= moment < until, and how many sessions it has."""

    since: datetime
    until: datetime
    sessions: int

    @property
    def day(self) -> int:
        """Days since 1970."""
        return date_number(self.since)


def windows(size: Mapping[date, int]) -> list[Window]:
    """The days of which the sessions are told, those of more than BATCH in equal parts of time."""
    found = []
    for day, sessions in sorted(size.items()):
        since, until = span([day])
        parts = max(1, -(-sessions // BATCH))
        edges = [since + (until - since) * n / parts for n in range(parts + 1)]
        found += [Window(*pair, sessions // parts) for pair in pairwise(edges)]
    return found


@dataclass(frozen=True)
class Sessions:
    """The sessions of a day, or of a part of it.

    Attributes
    ----------
    day : days since 1970.
    levels : for each attribute how many values are known.
    code : for each attribute, and for HOUR, the number of each session: the place of its value
        among those known, or one beyond them.
    """

    day: int
    levels: Mapping[str, int]
    code: Mapping[str, Codes]
    _orders: dict[str, Codes] = field(default_factory=dict)
    _starts: dict[str, Ints] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.code[HOUR])

    def size(self, name: str, codes: Ints) -> int:
        """How many sessions have one of these codes of an attribute."""
        start = self._start(name)
        return int((start[codes + 1] - start[codes]).sum())

    def having(self, name: str, codes: Ints) -> Ints:
        """The sessions that have one of these codes of an attribute, code after code."""
        if name not in self._orders:
            self._orders[name] = np.argsort(self.code[name], kind="stable").astype(np.int32)
        start, order = self._start(name), self._orders[name]
        parts = [order[start[one] : start[one + 1]] for one in codes.tolist()]
        return np.concatenate(parts, dtype=np.int64)

    def _start(self, name: str) -> Ints:
        """Where each code of an attribute begins in the order of codes."""
        if name not in self._starts:
            size = np.bincount(self.code[name], minlength=self.levels[name] + 1)
            self._starts[name] = np.concatenate([[0], np.cumsum(size)])
        return self._starts[name]


class Keeper(Protocol):
    """Keeps the coded sessions of windows."""

    def keep(self, window: Window, sessions: Sessions) -> None:
        """Keep the sessions of a window."""
        ...

    def of(self, window: Window, names: Sequence[str]) -> Sessions:
        """The kept sessions of a window, with these attributes at least."""
        ...


@dataclass(frozen=True)
class InMemory:
    """Keeps them as they are, and with them the order of their codes."""

    _sessions: dict[Window, Sessions] = field(default_factory=dict)

    def keep(self, window: Window, sessions: Sessions) -> None:
        self._sessions[window] = sessions

    def of(self, window: Window, names: Sequence[str]) -> Sessions:
        return self._sessions[window]


@dataclass(frozen=True)
class OnShelf:
    """Keeps their codes alone, an array for each attribute of a window."""

    shelf: Shelf
    _levels: dict[str, int] = field(default_factory=dict)

    def keep(self, window: Window, sessions: Sessions) -> None:
        self._levels.update(sessions.levels)
        for name, code in sessions.code.items():
            self.shelf[_label(window, name)] = code

    def of(self, window: Window, names: Sequence[str]) -> Sessions:
        code = {name: self.shelf[_label(window, name)] for name in (HOUR, *names)}
        return Sessions(window.day, self._levels, code)


@dataclass(frozen=True)
class Coded:
    """The sessions of the relation `session`, read and coded a day when it is first asked for.

    Attributes
    ----------
    known : for each attribute the keys of the values that may be asked for, ascending.
    windows : cover each day once.
    keeper : keeps coded sessions from one question to the next; None = nobody does.
    """

    engine: SqlEngine
    known: Mapping[str, Keys]
    windows: Sequence[Window]
    keeper: Keeper | None = None
    _kept: set[Window] = field(default_factory=set)

    def of(self, days: Ints, names: Sequence[str]) -> Iterator[Sessions]:
        """The sessions of some days (since 1970), a day or less at a time.

        Those to come are read by a thread of its own while the last ones are worked on.
        """
        runs = self._runs(set(days.tolist()))
        with ThreadPoolExecutor(1) as pool:
            coming = [pool.submit(self._read, one, names) for one in runs[:1]]
            for ahead in (*runs[1:], None):
                ready = coming.pop().result()
                if ahead is not None:
                    coming.append(pool.submit(self._read, ahead, names))
                yield from ready

    def _runs(self, days: set[int]) -> list[list[Window]]:
        """The windows of some days; those that follow each other and are not kept go together."""
        runs: list[list[Window]] = []
        for one in self.windows:
            run = runs[-1] if runs else []
            if one.day not in days:
                continue
            if (
                run
                and run[-1].until == one.since
                and self._kept.isdisjoint((run[-1], one))
                and sum(other.sessions for other in (*run, one)) <= BATCH
            ):
                run.append(one)
            else:
                runs.append([one])
        return runs

    def _read(self, run: Sequence[Window], names: Sequence[str]) -> list[Sessions]:
        """The sessions of each window of a run: kept ones, or from the engine."""
        if self.keeper is None:
            return list(self._fetched(run, names))
        if run[0] not in self._kept:
            for window, one in zip(run, self._fetched(run, sorted(self.known)), strict=True):
                self.keeper.keep(window, one)
                self._kept.add(window)
        return [self.keeper.of(one, names) for one in run]

    def _fetched(self, run: Sequence[Window], names: Sequence[str]) -> Iterator[Sessions]:
        """The sessions of each window of a run, coded; a day has one window of a run at most."""
        frame = self.engine.frame(keyed(names, run[0].since, run[-1].until))
        code = {name: _coded(frame[name], self.known[name]) for name in names}
        code[HOUR] = frame["hour"].cast(pl.UInt8).to_numpy()
        levels = {name: len(keys) for name, keys in self.known.items()}
        if len(run) == 1:
            yield Sessions(run[0].day, levels, code)
            return
        day = days_of(frame)
        for window in run:
            own = np.flatnonzero(day == window.day)
            yield Sessions(window.day, levels, {name: one[own] for name, one in code.items()})


def keyed(names: Sequence[str], since: datetime, until: datetime) -> str:
    """The query for day, hour, and each attribute as a 64-bit key, of sessions in a window.

    Keys are a third of the work of texts. The columns differ by workspace, so this one query
    cannot be a model file; names are quoted, and there are no values in it but two timestamps.
    """
    quoted = [quote(name) for name in names]
    keys = "".join(f", HASH(CAST({name} AS VARCHAR)) AS {name}" for name in quoted)
    return (
        "SELECT CAST(started_at AS DATE) AS day, "
        f"CAST(EXTRACT(HOUR FROM started_at) AS BIGINT) AS hour{keys} FROM session "
        f"WHERE started_at >= TIMESTAMP '{since}' AND started_at < TIMESTAMP '{until}'"
    )


def with_keys(engine: SqlEngine, rows: pl.DataFrame) -> pl.DataFrame:
    """Asked-for cells with the 64-bit key of each of their values."""
    values = pl.concat([rows.select(value=name) for name in VALUE_KEY]).unique().drop_nulls()
    engine.register("asked_value", values)
    keys = engine.frame("SELECT value, HASH(value) AS key FROM asked_value")
    for value, key in zip(VALUE_KEY, KEY, strict=True):
        table = keys.rename({"value": value, "key": key})
        rows = rows.join(table, on=value, how="left", maintain_order="left")
    return rows


def known_keys(asked: pl.DataFrame) -> dict[str, Keys]:
    """Of each attribute the keys that cells `with_keys` ask for, ascending."""
    pairs = zip(ATTRIBUTE_KEY, KEY, strict=True)
    wanted = pl.concat(asked.select(attribute=name, key=pl.col(key)) for name, key in pairs)
    parts = wanted.drop_nulls("attribute").unique().sort("key").partition_by("attribute")
    return {part["attribute"][0]: keys_of(part["key"]) for part in parts}


def keys_of(column: pl.Series) -> Keys:
    """64-bit keys; a missing value has one as well."""
    return np.asarray(column.cast(pl.UInt64).fill_null(0).to_numpy(), dtype=np.uint64)


def days_of(frame: pl.DataFrame) -> Ints:
    """The column `day` in days since 1970."""
    return np.asarray(frame["day"].cast(pl.Date).cast(pl.Int32).to_numpy(), dtype=np.int64)


def _coded(column: pl.Series, keys: Keys) -> Codes:
    """Where each value of a column stands among some keys, or one beyond them."""
    code = np.arange(len(keys)).astype(np.min_scalar_type(len(keys)))
    table = pl.DataFrame({"key": keys, "code": code})
    rows = pl.DataFrame({"key": column.cast(pl.UInt64).fill_null(0)})
    found = rows.join(table, on="key", how="left", maintain_order="left")["code"]
    return np.asarray(found.fill_null(len(keys)).to_numpy())


def _label(window: Window, name: str) -> str:
    return f"{window.since:%Y%m%d%H%M%S%f} {name}"
