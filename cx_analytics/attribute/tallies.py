"""Counting asked-for cells among sessions that this process holds, a window of time after another.

A search asks for a few cells of each of hundreds of sets of attributes; a scan or a join for each
set would read every session hundreds of times. Here the sessions are fetched once, with their
places in the order of each attribute (an inverted index: Zobel and Moffat, ACM Computing Surveys
38(2), 2006, section 3), and each set reads the sessions of its rarest values alone.

Belongs here: the index, and the tallies. Stays out: which windows of time (exposure.py), who asks
(wanted.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from math import prod
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.attribute.aggregate import ATTRIBUTE_KEY, VALUE_KEY
from cx_analytics.attribute.counts import Ints
from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.quoting import quote

MOST = np.iinfo(np.int32).max
"""Numbers up to this one are kept at half the width."""
DENSE = 1_000_000
"""Up to so many combinations of values are looked up in a table, and more by bisection."""
OFTEN = 8
"""Sessions that are more than one in so many are read in their own order, which memory likes."""
HOURS = 24

Keys = NDArray[np.uint64]
Places = NDArray[np.integer[Any]]
"""Of any width, for there are many."""
Window = tuple[datetime, datetime]
_KEY = ["key_1", "key_2", "key_3"]


def tallied(
    engine: SqlEngine, asked: pl.DataFrame, windows: Sequence[Window]
) -> list[pl.DataFrame]:
    """The exposure of asked-for cells: their rows with `sessions`, and `hour` where hourly.

    `windows` (from, until) cover the days that are asked for. A cell without a session on a day
    has a row with zero sessions (hourly: at hour 0).
    """
    asked = _with_keys(engine, asked)
    days, known = np.unique(_days(asked)), _known(asked)
    fetched = _ahead(_fetched(engine, one, days, known) for one in windows)
    return _tallied(asked, days, known, fetched)


@dataclass(frozen=True)
class Held:
    """The sessions of some windows, held with every value that may be asked for."""

    days: Ints
    known: dict[str, Keys]
    sessions: tuple[_Sessions, ...]

    @classmethod
    def of(
        cls,
        engine: SqlEngine,
        values: Mapping[str, Sequence[str]],
        days: Sequence[date],
        windows: Sequence[Window],
    ) -> Held:
        """The sessions of windows that cover these days, and the values of each attribute."""
        rows = [(name, value) for name, own in values.items() for value in own]
        schema = {ATTRIBUTE_KEY[0]: pl.String(), VALUE_KEY[0]: pl.String()}
        table = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
            pl.lit(None, pl.String()).alias(name) for name in (*ATTRIBUTE_KEY[1:], *VALUE_KEY[1:])
        )
        known = _known(_with_keys(engine, table))
        numbers = _days(pl.DataFrame({"day": days}, schema={"day": pl.Date()}))
        sessions = tuple(_fetched(engine, one, numbers, known) for one in windows)
        return cls(numbers, known, sessions)

    def tallied(self, engine: SqlEngine, asked: pl.DataFrame) -> list[pl.DataFrame] | None:
        """As the function; None where something is asked for that is not held."""
        asked = _with_keys(engine, asked)
        wanted = _known(asked)
        if not wanted.keys() <= self.known.keys() or not np.isin(_days(asked), self.days).all():
            return None
        if not all(_places(keys, self.known[name])[1].all() for name, keys in wanted.items()):
            return None
        return _tallied(asked, self.days, self.known, self.sessions)


def _fetched(engine: SqlEngine, window: Window, days: Ints, known: dict[str, Keys]) -> _Sessions:
    return _Sessions.of(engine.frame(keyed(sorted(known), *window)), days, known)


def _tallied(
    asked: pl.DataFrame, days: Ints, known: dict[str, Keys], sessions: Iterable[_Sessions]
) -> list[pl.DataFrame]:
    sets = [
        _Set.of(part, days, known)
        for part in asked.partition_by(*ATTRIBUTE_KEY, "hourly", maintain_order=True)
    ]
    for held in sessions:
        for one in sets:
            one.add(held)
    return [one.rows() for one in sets]


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


def _with_keys(engine: SqlEngine, rows: pl.DataFrame) -> pl.DataFrame:
    """Asked-for cells with the 64-bit key of each of their values."""
    values = pl.concat([rows.select(value=name) for name in VALUE_KEY]).unique().drop_nulls()
    engine.register("asked_value", values)
    keys = engine.frame("SELECT value, HASH(value) AS key FROM asked_value")
    for value, key in zip(VALUE_KEY, _KEY, strict=True):
        table = keys.rename({"value": value, "key": key})
        rows = rows.join(table, on=value, how="left", maintain_order="left")
    return rows


def _known(asked: pl.DataFrame) -> dict[str, Keys]:
    """Of each attribute the keys that are asked for, ascending."""
    pairs = zip(ATTRIBUTE_KEY, _KEY, strict=True)
    wanted = pl.concat(asked.select(attribute=name, key=pl.col(key)) for name, key in pairs)
    parts = wanted.drop_nulls("attribute").unique().sort("key").partition_by("attribute")
    return {part["attribute"][0]: _keys(part["key"]) for part in parts}


@dataclass(frozen=True)
class _Sessions:
    """The sessions of a window.

    Attributes
    ----------
    day, hour : place of the day among those asked for, and hour of day, of each session.
    code : for each attribute the place of each session's value among those known, or one
        beyond them.
    start : for each attribute where each code begins in the order of codes.
    """

    day: Ints
    hour: Ints
    code: Mapping[str, Places]
    start: Mapping[str, Ints]
    _orders: dict[str, Places] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pl.DataFrame, days: Ints, known: dict[str, Keys]) -> _Sessions:
        day, asked = _places(_days(frame), days)
        frame, day = frame.filter(pl.Series(asked)), day[asked]
        code = {name: _coded(frame[name], keys) for name, keys in known.items()}
        size = {
            name: np.bincount(code[name], minlength=len(keys) + 1) for name, keys in known.items()
        }
        start = {name: np.concatenate([[0], np.cumsum(one)]) for name, one in size.items()}
        return cls(day, frame["hour"].to_numpy(), code, start)

    def order(self, name: str) -> Places:
        """The sessions in the order of their codes of an attribute."""
        if name not in self._orders:
            self._orders[name] = np.argsort(self.code[name], kind="stable").astype(np.int32)
        return self._orders[name]

    def size(self, name: str, codes: Ints) -> int:
        """How many sessions have one of these codes of an attribute."""
        start = self.start[name]
        return int((start[codes + 1] - start[codes]).sum())

    def having(self, name: str, codes: Ints) -> Places:
        """The sessions that have one of these codes of an attribute."""
        start, code = self.start[name], self.code[name]
        if OFTEN * self.size(name, codes) < len(code):
            order = self.order(name)
            parts = [order[start[one] : start[one + 1]] for one in codes.tolist()]
            return np.concatenate(parts, dtype=np.int64)
        wanted = np.zeros(len(start), dtype=bool)
        wanted[codes] = True
        return np.flatnonzero(wanted[code])


@dataclass(frozen=True)
class _Set:
    """The asked-for cells of one set of attributes, and the sessions that were counted for them.

    Attributes
    ----------
    part : the rows that are asked for.
    names, codes : each attribute, and its codes that are asked for, ascending.
    levels : for each attribute how many codes it has; one more stands for other values.
    cell : ascending, the combinations of places in `codes` (and one beyond), as one number each.
    row_cell, row_day : of each row of `part`.
    sessions : counted so far, shape (cells, days) or (cells, days, hours).
    """

    part: pl.DataFrame
    names: tuple[str, ...]
    codes: tuple[Ints, ...]
    levels: tuple[int, ...]
    cell: Ints
    row_cell: Ints
    row_day: Ints
    sessions: Ints

    @classmethod
    def of(cls, part: pl.DataFrame, days: Ints, known: dict[str, Keys]) -> _Set:
        names = tuple(name for name in part.select(ATTRIBUTE_KEY).row(0) if name is not None)
        keys = [_keys(part[key]) for key in _KEY[: len(names)]]
        each = [np.searchsorted(known[name], key) for name, key in zip(names, keys, strict=True)]
        codes, places = zip(*(np.unique(one, return_inverse=True) for one in each), strict=True)
        joint = np.ravel_multi_index(places, [len(one) + 1 for one in codes])
        cell, row_cell = np.unique(joint, return_inverse=True)
        shape = (len(cell), len(days), *([HOURS] if part["hourly"][0] else []))
        return cls(
            part=part,
            names=names,
            codes=codes,
            levels=tuple(len(known[name]) for name in names),
            cell=cell,
            row_cell=row_cell,
            row_day=np.searchsorted(days, _days(part)),
            sessions=np.zeros(shape, dtype=np.int64),
        )

    def add(self, sessions: _Sessions) -> None:
        """Count the sessions of one more window."""
        sizes = [sessions.size(*pair) for pair in zip(self.names, self.codes, strict=True)]
        rarest = int(np.argmin(sizes))
        row = sessions.having(self.names[rarest], self.codes[rarest])
        size = prod(len(codes) + 1 for codes in self.codes)
        width: type[np.integer[Any]] = np.int32 if size <= MOST else np.int64
        joint: Places = np.zeros(len(row), dtype=width)
        for name, codes, levels in zip(self.names, self.codes, self.levels, strict=True):
            place = np.full(levels + 1, len(codes), dtype=np.int32)  # what is not asked for
            place[codes] = np.arange(len(codes))
            joint = joint * (len(codes) + 1) + place[sessions.code[name][row]]
        cell, row = self._cells(joint, row)
        at = cell * self.sessions.shape[1] + sessions.day[row]
        if self.sessions.ndim > 2:
            at = at * HOURS + sessions.hour[row]
        tally = np.bincount(at, minlength=self.sessions.size)
        np.add(self.sessions, tally.reshape(self.sessions.shape), out=self.sessions)

    def _cells(self, joint: Places, row: Places) -> tuple[Ints, Places]:
        """The cells of the sessions with these combinations, and those sessions."""
        size = prod(len(codes) + 1 for codes in self.codes)
        if size > DENSE:
            cell, same = _places(joint, self.cell)
            return cell[same], row[same]
        table = np.full(size, -1, dtype=np.int32)
        table[self.cell] = np.arange(len(self.cell))
        cells = table[joint]
        found = np.flatnonzero(cells >= 0)
        return cells[found].astype(np.int64), row[found]

    def rows(self) -> pl.DataFrame:
        """What was asked for, with its sessions."""
        counted = self.sessions[self.row_cell, self.row_day]
        if counted.ndim == 1:
            return self.part.with_columns(sessions=pl.Series(counted))
        there = counted > 0
        there[:, 0] |= ~there.any(axis=1)
        row, hour = np.nonzero(there)
        return self.part[row].with_columns(
            hour=pl.Series(hour), sessions=pl.Series(counted[row, hour])
        )


def _coded(column: pl.Series, keys: Keys) -> Places:
    """Where each value of a column stands among some keys, or one beyond them."""
    code = np.arange(len(keys)).astype(np.min_scalar_type(len(keys)))
    table = pl.DataFrame({"key": keys, "code": code})
    rows = pl.DataFrame({"key": column.cast(pl.UInt64).fill_null(0)})
    found = rows.join(table, on="key", how="left", maintain_order="left")["code"]
    return np.asarray(found.fill_null(len(keys)).to_numpy())


def _ahead(sessions: Iterator[_Sessions]) -> Iterator[_Sessions]:
    """The same, each fetched by a thread of its own while the one before is counted."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, sessions, None)
        while (one := coming.result()) is not None:
            coming = pool.submit(next, sessions, None)
            yield one


def _places(values: Places | Keys, ascending: Ints | Keys) -> tuple[Ints, NDArray[np.bool_]]:
    """Where each value stands among some ascending ones, and whether it is one of them."""
    place = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return place, np.asarray(ascending[place] == values)


def _keys(column: pl.Series) -> Keys:
    """64-bit keys; a missing value has one as well."""
    return np.asarray(column.cast(pl.UInt64).fill_null(0).to_numpy(), dtype=np.uint64)


def _days(frame: pl.DataFrame) -> Ints:
    """Days since 1970."""
    days = frame["day"].cast(pl.Date).cast(pl.Int32).to_numpy()
    return np.asarray(days, dtype=np.int64)
