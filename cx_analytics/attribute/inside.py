"""Counting cells inside a condition that many sets of attributes share.

A search asks for a few cells of each of hundreds of sets of attributes, nearly all within one
of its causes. The sessions of that condition are fetched once, and each set is a tally of them.

Belongs here: which cells are counted so, and their tallies. Stays out: all other cells
(exposure.py). Needs `keyed_session`: day, hour, and each attribute as a 64-bit key.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.attribute.aggregate import ATTRIBUTE_KEY, CELL_KEY, VALUE_KEY
from cx_analytics.attribute.evidence_sql import identifier
from cx_analytics.contracts.ports import SqlEngine

FEW, MANY = 100, 4
"""Up to FEW conjunctions of each of MANY or more sets of attributes are counted within the
condition that they share."""

Condition = tuple[str, str]
Conditions = tuple[Condition, ...]
Attributes = tuple[str, ...]
Keys = NDArray[np.uint64]
_KEY = ["key_1", "key_2", "key_3"]


def counted_inside(
    engine: SqlEngine, asked: pl.DataFrame
) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Counts of the cells inside conditions that many sets share, and the cells left over."""
    anchors = _anchors(asked)
    if not anchors:
        return [], asked
    schema = {name: pl.String() for name in [*CELL_KEY, "anchor", "anchor_value"]}
    table = pl.DataFrame([_row(*pair) for pair in anchors.items()], schema=schema, orient="row")
    rows = asked.join(table, on=CELL_KEY, how="left", nulls_equal=True, maintain_order="left")
    left = rows.filter(pl.col("anchor").is_null()).select(asked.columns)
    rows = _with_keys(engine, rows.filter(pl.col("anchor").is_not_null()))
    parts = rows.partition_by("anchor", "anchor_value", maintain_order=True)
    return [_tallied(engine, part) for part in parts], left


def _row(cell: Conditions, anchor: Condition) -> list[str | None]:
    """A cell in the columns of CELL_KEY, and the condition that it is counted in."""
    flat = [text for condition in cell for text in condition]
    return [*flat, *[None] * (len(CELL_KEY) - len(flat)), *anchor]


def _anchors(asked: pl.DataFrame) -> dict[Conditions, Condition]:
    """The condition in which each narrow conjunction is counted, where there is one.

    The condition that most sets share comes first (by name among equals), then the one that
    most of the sets left share, down to MANY.
    """
    left = dict.fromkeys(_narrow(asked))
    among: dict[Condition, Counter[Attributes]] = defaultdict(Counter)
    within: dict[Condition, list[Conditions]] = defaultdict(list)
    for cell in left:
        for condition in cell:
            among[condition][_names(cell)] += 1
            within[condition].append(cell)
    found: dict[Conditions, Condition] = {}
    while left:
        best = min(among, key=lambda one: (-len(among[one]), one))
        if len(among[best]) < MANY:
            break
        for cell in [cell for cell in within[best] if cell in left]:
            found[cell] = best
            del left[cell]
            for condition in cell:
                _forget(among, condition, _names(cell))
    return found


def _names(cell: Conditions) -> Attributes:
    return tuple(name for name, _ in cell)


def _forget(among: dict[Condition, Counter[Attributes]], one: Condition, names: Attributes) -> None:
    """One cell less of a set of attributes within a condition."""
    among[one][names] -= 1
    if not among[one][names]:
        del among[one][names]
    if not among[one]:
        del among[one]


def _narrow(asked: pl.DataFrame) -> list[Conditions]:
    """Conjunctions of the sets of attributes of which few are asked for."""
    cells = asked.filter(pl.col("attribute_2").is_not_null()).select(CELL_KEY).unique()
    few = cells.filter(pl.len().over(ATTRIBUTE_KEY) <= FEW).sort(CELL_KEY)
    return [
        tuple((row[n], row[n + 1]) for n in range(0, len(row), 2) if row[n] is not None)
        for row in few.iter_rows()
    ]


def _with_keys(engine: SqlEngine, rows: pl.DataFrame) -> pl.DataFrame:
    """Asked-for cells with the 64-bit key of each of their values, and of their anchor's."""
    values = pl.concat([rows.select(value=name) for name in VALUE_KEY]).unique().drop_nulls()
    engine.register("asked_value", values)
    keys = engine.frame("SELECT value, HASH(value) AS key FROM asked_value")
    for value, key in zip([*VALUE_KEY, "anchor_value"], [*_KEY, "anchor_key"], strict=True):
        table = keys.rename({"value": value, "key": key})
        rows = rows.join(table, on=value, how="left", maintain_order="left")
    return rows


class _Sessions(NamedTuple):
    """The sessions of a condition: the day, and of each attribute which asked-for value it has.

    `codes` are places in the ascending keys of `known`, or one beyond them for another value.
    """

    day: NDArray[np.int64]
    codes: Mapping[str, NDArray[np.int64]]
    known: Mapping[str, Keys]

    @classmethod
    def of(cls, frame: pl.DataFrame, asked: pl.DataFrame) -> _Sessions:
        """From day and keys; `asked` are all cells that are asked for in this condition."""
        wanted = pl.concat(
            asked.select(attribute=attribute, key=pl.col(key).cast(pl.UInt64).fill_null(0))
            for attribute, key in zip(ATTRIBUTE_KEY, _KEY, strict=True)
        )
        parts = wanted.drop_nulls("attribute").unique().sort("key").partition_by("attribute")
        known = {part["attribute"][0]: _keys(part["key"]) for part in parts}
        codes = {}
        for name in frame.columns[1:]:
            own, keys = known[name], _keys(frame[name])
            place = np.minimum(np.searchsorted(own, keys), len(own) - 1)
            codes[name] = np.where(own[place] == keys, place, len(own))
        return cls(_days(frame), codes, known)


def _tallied(engine: SqlEngine, part: pl.DataFrame) -> pl.DataFrame:
    """The exposure of the cells inside one condition."""
    anchor, key = part.select("anchor", "anchor_key").row(0)
    names = {name for column in ATTRIBUTE_KEY for name in part[column].drop_nulls().unique()}
    others = sorted(names - {anchor})
    columns = "".join(f", {identifier(name)}" for name in others)
    frame = engine.frame(
        f"SELECT day{columns} FROM keyed_session WHERE {identifier(anchor)} = {key}"
    )
    sessions = _Sessions.of(frame, part)
    days, keys = _days(part), [_keys(part[name]) for name in _KEY]
    found = np.zeros(part.height, dtype=np.int64)
    sets = part.with_row_index("place").group_by(ATTRIBUTE_KEY).agg("place")
    for *attributes, rows in sets.iter_rows():
        of = np.asarray(rows, dtype=np.int64)
        others_of = [
            (name, column[of])
            for name, column in zip(attributes, keys, strict=True)
            if name not in (None, anchor)
        ]
        found[of] = _tally(sessions, days[of], others_of)
    return part.with_columns(sessions=pl.Series(found))


def _tally(
    sessions: _Sessions, cell: NDArray[np.int64], asked: Sequence[tuple[str, Keys]]
) -> NDArray[np.int64]:
    """Sessions of each asked-for cell of one set of attributes, by its day and its keys."""
    kept, at = np.arange(len(sessions.day)), sessions.day
    first, width = int(at.min(initial=cell.min())), 1 + int(at.max(initial=cell.max()))
    width, at, cell = width - first, at - first, cell - first
    for name, keys in asked:
        known = sessions.known[name]
        values, own = np.unique(np.searchsorted(known, keys), return_inverse=True)
        place = np.full(len(known) + 1, -1)
        place[values] = np.arange(len(values))
        found = place[sessions.codes[name][kept]]
        same = found >= 0
        kept, at, cell = kept[same], (at + width * found)[same], cell + width * own
        width *= len(values)
    return np.bincount(at, minlength=width)[cell]


def _keys(column: pl.Series) -> Keys:
    """64-bit keys; a missing value has one as well."""
    return np.asarray(column.cast(pl.UInt64).fill_null(0).to_numpy(), dtype=np.uint64)


def _days(frame: pl.DataFrame) -> NDArray[np.int64]:
    """Days since 1970."""
    days = frame["day"].cast(pl.Date).cast(pl.Int32).to_numpy()
    return np.asarray(days, dtype=np.int64)
