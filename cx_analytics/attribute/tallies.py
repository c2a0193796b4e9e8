"""Counting asked-for cells among coded sessions, a day after another.

A search asks for a few cells of each of hundreds of sets of attributes; a scan or a join for each
set would read every session hundreds of times. Here a set looks at two or three small numbers of
each session, a block of sessions at a time, so that what it touches stays in the processor's
nearest memory (as columnar engines do: Boncz, Zukowski and Nes, CIDR 2005, section 4); where its
values are rare, at the sessions that have them alone (an inverted index: Zobel and Moffat, ACM
Computing Surveys 38(2), 2006, section 3).

Belongs here: sets of cells, and their tallies. Stays out: where sessions come from (coded.py), and
who asks (wanted.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.attribute.aggregate import ATTRIBUTE_KEY
from cx_analytics.attribute.coded import HOUR, KEY, Codes, Keys, Sessions, days_of, keys_of
from cx_analytics.attribute.counts import Ints

MOST = np.iinfo(np.int32).max
"""Numbers up to this one are kept at half the width."""
DENSE = 1_000_000
"""Up to so many combinations of values are looked up in a table, and more by bisection."""
BLOCK = 1 << 16
"""Sessions that are worked on at a time."""
OFTEN = 5
"""Where more than one session in so many has a value that is asked for, all are looked at."""
HOURS = 24


def tallied(
    asked: pl.DataFrame, days: Ints, known: Mapping[str, Keys], sessions: Iterable[Sessions]
) -> list[pl.DataFrame]:
    """The exposure of asked-for cells `with_keys`: their rows with `sessions`, `hour` where hourly.

    `sessions` are those of `days`, coded by `known`. A cell without a session on a day has a row
    with zero sessions (hourly: at hour 0).
    """
    sets = _sets(asked, days, known)
    for some in sessions:
        for one in sets:
            one.add(some)
    return [_by_day(asked, sets), _by_hour(asked, sets)]


def _sets(asked: pl.DataFrame, days: Ints, known: Mapping[str, Keys]) -> list[_Set]:
    keys = [keys_of(asked[name]) for name in KEY]
    day = np.searchsorted(days, days_of(asked))
    groups = asked.with_row_index().group_by(*ATTRIBUTE_KEY, "hourly", maintain_order=True)
    found = []
    for *attributes, hourly, rows in groups.agg("index").iter_rows():
        row = np.array(rows)
        names = tuple(name for name in attributes if name is not None)
        codes = [np.searchsorted(known[n], key[row]) for n, key in zip(names, keys, strict=False)]
        levels = tuple(len(known[name]) for name in names)
        found.append(_Set.of(row, names, levels, codes, day[row], days, hourly=hourly))
    return found


def _by_day(asked: pl.DataFrame, sets: Sequence[_Set]) -> pl.DataFrame:
    """The rows of whole days, with their sessions."""
    sessions = np.zeros(asked.height, dtype=np.int64)
    for one in sets:
        if not one.hourly:
            sessions[one.row] = one.sessions[one.row_day, one.row_cell]
    return asked.with_columns(sessions=pl.Series(sessions)).filter(~pl.col("hourly"))


def _by_hour(asked: pl.DataFrame, sets: Sequence[_Set]) -> pl.DataFrame:
    """The hourly rows, one for each hour with sessions."""
    none: Ints = np.zeros(0, dtype=np.int64)
    rows, hours, sessions = [none], [none], [none]
    for one in sets:
        if one.hourly:
            counted = one.sessions[one.row_day, one.row_cell]
            there = counted > 0
            there[:, 0] |= ~there.any(axis=1)
            row, hour = np.nonzero(there)
            rows.append(one.row[row])
            hours.append(hour)
            sessions.append(counted[row, hour])
    told = {"hour": np.concatenate(hours), "sessions": np.concatenate(sessions)}
    return asked[np.concatenate(rows)].with_columns(**{n: pl.Series(v) for n, v in told.items()})


@dataclass(frozen=True)
class _Set:
    """The asked-for cells of one set of attributes, and the sessions that were counted for them.

    Attributes
    ----------
    row : the places of its rows among all that is asked for.
    days : since 1970, ascending.
    names, codes : each attribute, and its codes that are asked for, ascending.
    levels : for each attribute how many codes it has; one more stands for other values.
    cell : ascending, the combinations of places in `codes` (and one beyond), as one number each.
    row_cell, row_day : of each row, its place in `cell` and in `days`.
    sessions : counted so far, shape (days, cells) or (days, cells, hours).
    """

    row: Ints
    days: Ints
    names: tuple[str, ...]
    codes: tuple[Ints, ...]
    levels: tuple[int, ...]
    cell: Ints
    row_cell: Ints
    row_day: Ints
    sessions: Ints

    @classmethod
    def of(
        cls,
        row: Ints,
        names: tuple[str, ...],
        levels: tuple[int, ...],
        row_codes: Sequence[Ints],
        row_day: Ints,
        days: Ints,
        *,
        hourly: bool,
    ) -> _Set:
        each = (np.unique(one, return_inverse=True) for one in row_codes)
        codes, places = zip(*each, strict=True)
        joint = np.ravel_multi_index(places, [len(one) + 1 for one in codes])
        cell, row_cell = np.unique(joint, return_inverse=True)
        shape = (len(days), len(cell), *([HOURS] if hourly else []))
        sessions = np.zeros(shape, dtype=np.int64)
        return cls(row, days, names, codes, levels, cell, row_cell, row_day, sessions)

    @property
    def hourly(self) -> bool:
        """Whether hours are counted apart."""
        return self.sessions.ndim > 2

    @property
    def _size(self) -> int:
        """How many combinations of places there are."""
        return prod(len(codes) + 1 for codes in self.codes)

    def add(self, sessions: Sessions) -> None:
        """Count the sessions of one day more, or of a part of it."""
        own = self.sessions[np.searchsorted(self.days, sessions.day)]
        numbers = [sessions.code[name] for name in self.names]
        numbers += [sessions.code[HOUR]] if self.hourly else []
        sizes = [sessions.size(*pair) for pair in zip(self.names, self.codes, strict=True)]
        rarest = int(np.argmin(sizes))
        if self._table is None or OFTEN * sizes[rarest] < len(sessions):
            some = sessions.having(self.names[rarest], self.codes[rarest])
            numbers = [one.take(some) for one in numbers]
        for begin in range(0, len(numbers[0]), BLOCK):
            block = [one[begin : begin + BLOCK] for one in numbers]
            at = self._cells(block)
            if self.hourly:
                at = at * HOURS + block[-1]
            # The place beyond the last cell takes what was not asked for.
            tally = np.bincount(at, minlength=own.size + HOURS)[: own.size]
            np.add(own, tally.reshape(own.shape), out=own)

    @cached_property
    def _places(self) -> list[Codes]:
        """For each attribute what each of its codes adds to the number of a combination."""
        width: type[np.integer[Any]] = np.int32 if self._size <= MOST else np.int64
        found, step = list[Codes](), 1
        for codes, levels in reversed(list(zip(self.codes, self.levels, strict=True))):
            place = np.full(levels + 1, len(codes) * step, dtype=width)  # what is not asked for
            place[codes] = np.arange(len(codes)) * step
            found.append(place)
            step *= len(codes) + 1
        return found[::-1]

    @cached_property
    def _table(self) -> Codes | None:
        """The cell of each combination, one beyond them for no cell; None = bisect."""
        if self._size > DENSE:
            return None
        table = np.full(self._size, len(self.cell), dtype=np.int32)
        table[self.cell] = np.arange(len(self.cell))
        return table

    def _cells(self, block: list[Codes]) -> Codes:
        """The cell of each session of a block, one beyond them for no cell."""
        joint = self._places[0].take(block[0])
        for place, code in zip(self._places[1:], block[1:], strict=False):
            joint += place.take(code)
        if self._table is not None:
            return self._table.take(joint)
        at = np.minimum(np.searchsorted(self.cell, joint), len(self.cell) - 1)
        return np.where(self.cell[at] == joint, at, len(self.cell))
