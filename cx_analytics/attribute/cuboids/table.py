"""From what a user gives to leaves: which columns are attributes, and what is refused.

Belongs here: checks with errors that say what, where and what to do, and coding of values.
Stays out: reading files (the command line) and everything after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.attribute.cuboids.leaves import Attribute, Floats, Ints, Leaves
from cx_analytics.contracts.errors import InputRefused, did_you_mean

AMOUNTS = ("real", "predict")
RATIOS = ("real_a", "real_b", "predict_a", "predict_b")
"""Successes (a) among attempts (b)."""

UNDERSHOOT = 1e-3
"""Negative amounts that together are this share of all are taken as 0; more are refused."""


def leaves_of(frame: pl.DataFrame, attributes: Sequence[str] | None = None) -> Leaves:
    """The leaves of a table; InputRefused when it cannot be one."""
    return leaves_by_column(frame.schema, frame.get_column, attributes)


def leaves_by_column(
    schema: Mapping[str, pl.DataType],
    column: Callable[[str], pl.Series],
    attributes: Sequence[str] | None = None,
) -> Leaves:
    """The same, asking for one column at a time: a large table need never be there as a whole."""
    columns = amount_columns(list(schema))
    names = attribute_columns(schema, attributes)
    amounts = {name: amounts_of(column(name)) for name in columns}
    if columns == RATIOS:
        _demand_attempts(amounts)
    coded = [coded_column(column(name)) for name in names]
    return Leaves.of([one for one, _ in coded], [codes for _, codes in coded], amounts)


def amount_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns with amounts: those of a ratio when all are there, else real and predict."""
    for wanted in (RATIOS, AMOUNTS):
        if set(wanted) <= set(columns):
            return wanted
    missing = next((name for name in AMOUNTS if name not in columns), AMOUNTS[0])
    raise InputRefused(
        f"there is no column {missing} ({did_you_mean(missing, columns)})",
        todo="give real and predict, or real_a, real_b, predict_a and predict_b",
    )


def attribute_columns(
    schema: Mapping[str, pl.DataType], wanted: Sequence[str] | None = None
) -> list[str]:
    """The attributes: the wanted columns, or all that are no amounts."""
    rest = [name for name in schema if name not in (*AMOUNTS, *RATIOS)]
    for name in rest if wanted is None else wanted:
        if name not in rest:
            raise InputRefused(f"there is no attribute {name} ({did_you_mean(name, rest)})")
        if schema[name].is_float() or schema[name].is_nested():
            raise InputRefused(
                f"column {name} is neither an amount nor an attribute: it is {schema[name]}",
                todo="leave it out, or turn it into text",
            )
    names = rest if wanted is None else list(wanted)
    if not names:
        raise InputRefused(
            "there is no attribute column", todo="add text columns that say what each row is about"
        )
    return names


def amounts_of(column: pl.Series) -> Floats:
    """A column of amounts as finite numbers of at least 0."""
    name = column.name
    if column.is_empty():
        raise InputRefused("the table has no rows", todo="give one row a combination of values")
    if not column.dtype.is_numeric():
        raise InputRefused(
            f"column {name} holds {column.dtype} and no numbers", todo="give numbers, 0 or more"
        )
    values: Floats = column.cast(
        pl.Float32 if column.dtype == pl.Float32 else pl.Float64
    ).to_numpy()
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise InputRefused(
            f"column {name} has {len(bad)} missing or infinite values (first in row {bad[0] + 1})",
            todo="give a finite number in every row",
        )
    if float(values.min()) >= 0:
        return np.asarray(np.abs(values))
    below = -np.minimum(values, 0).sum(dtype=np.float64)
    if below > UNDERSHOOT * np.abs(values).sum(dtype=np.float64):
        place = int(values.argmin()) + 1
        raise InputRefused(
            f"column {name} has negative values (the lowest is {values.min():g}, in row {place})",
            todo="give amounts of 0 or more",
        )
    return np.asarray(np.maximum(values, 0))


def _demand_attempts(amounts: dict[str, Floats]) -> None:
    more = np.flatnonzero(amounts["real_a"] > amounts["real_b"] * (1 + 1e-6) + 1e-6)
    if len(more):
        raise InputRefused(
            f"real_a is above real_b in {len(more)} rows (first in row {more[0] + 1})",
            todo="give successes as real_a and attempts as real_b",
        )


def coded_column(column: pl.Series) -> tuple[Attribute, Ints]:
    """An attribute and the code of each row."""
    coded = column if column.dtype == pl.Enum else _enumerated(column.cast(pl.String))
    every: pl.Series = coded.dtype.categories  # type: ignore[attr-defined]
    used = coded.to_physical().drop_nulls().unique().to_numpy()
    used = used[every.gather(used).arg_sort().to_numpy()]
    code_of = np.full(len(every) + 1, len(used), dtype=_width(len(used)))
    code_of[used] = np.arange(len(used))
    missing = column.null_count() > 0
    places = (
        coded.to_physical().cast(pl.UInt32).fill_null(len(every))
        if missing
        else coded.to_physical()
    )
    return Attribute(column.name, every.gather(used).to_list(), missing), code_of[places.to_numpy()]


def _enumerated(text: pl.Series) -> pl.Series:
    values = text.drop_nulls().unique().sort()
    return text.cast(pl.Enum(values))


def _width(codes: int) -> Any:
    return np.uint8 if codes < 255 else np.uint16 if codes < 65535 else np.uint32
