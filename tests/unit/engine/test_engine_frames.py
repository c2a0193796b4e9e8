"""A frame conforms to its contract whatever it came with."""

from __future__ import annotations

import polars as pl
import pytest
from polars.exceptions import InvalidOperationError

from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables import TABLES
from cx_analytics.engine.frames import conform

TABLE = Table(
    "t",
    "ingest",
    "Things.",
    "id",
    (Column("id", "VARCHAR", "Id"), Column("n", "BIGINT", "N"), Column("x", "DOUBLE", "X")),
)


def test_columns_are_ordered_cast_and_added() -> None:
    frame = conform(pl.DataFrame({"n": [1.0], "id": [7], "more": [True]}), TABLE)
    assert frame.to_dicts() == [{"id": "7", "n": 1, "x": None}]
    assert frame.schema == {"id": pl.String(), "n": pl.Int64(), "x": pl.Float64()}


def test_further_columns_follow_when_kept() -> None:
    frame = conform(pl.DataFrame({"b": [1], "id": ["a"], "a": [2]}), TABLE, keep_extra=True)
    assert frame.columns == ["id", "n", "x", "b", "a"]


@pytest.mark.parametrize(
    "frame", [None, pl.DataFrame(), pl.DataFrame({"id": []}), pl.DataFrame({"other": []})]
)
def test_no_rows_stay_no_rows(frame: pl.DataFrame | None) -> None:
    assert conform(frame, TABLE).height == 0


def test_rows_without_any_known_column_stay_as_many() -> None:
    assert conform(pl.DataFrame({"other": [1, 2]}), TABLE).rows() == [(None, None, None)] * 2


def test_a_value_that_does_not_fit_its_type_is_an_error() -> None:
    with pytest.raises(InvalidOperationError):
        conform(pl.DataFrame({"n": ["many"]}), TABLE)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_an_empty_frame_that_conforms(name: str) -> None:
    empty = conform(None, TABLES[name])
    assert tuple(empty.columns) == TABLES[name].names
    assert conform(empty, TABLES[name]).schema == empty.schema
