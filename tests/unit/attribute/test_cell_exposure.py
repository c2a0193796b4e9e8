"""Exposure of asked-for cells: the same however the sessions are cut, and whoever counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cx_analytics.attribute import coded, exposure, tallies
from cx_analytics.attribute.aggregate import CELL_KEY
from cx_analytics.attribute.candidates import individuals, singles
from cx_analytics.attribute.pairs import pairs
from cx_analytics.attribute.wanted import on_all_days
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.shelf import shelf

START = datetime(2026, 1, 1)
VALUES = {"lot": 9, "cell_id": 40, "region": 3}
SETS = [("region", "cell_id", "lot"), ("cell_id", "lot"), ("lot", "region"), ("lot",)]


@pytest.fixture(scope="module")
def world() -> pl.DataFrame:
    rng = np.random.default_rng(8)
    seconds = rng.integers(0, 3 * 86_400, 5_000)
    values = {
        name: pl.Series(rng.integers(0, levels, 5_000)).cast(pl.String)
        for name, levels in VALUES.items()
    }
    started = pl.Series("started_at", [START + timedelta(seconds=int(s)) for s in seconds])
    known = pl.when(pl.Series(rng.random(5_000) < 0.9)).then("lot").alias("lot")
    return pl.DataFrame(values).with_columns(started, known)


def wanted() -> pl.DataFrame:
    """Cells of sets of one to three attributes, a value that nobody has, hours, and no session."""
    rng, rows = np.random.default_rng(9), []
    for names in SETS:
        for _ in range(30):
            cell = [text for name in names for text in (name, str(rng.integers(VALUES[name])))]
            rows += [(*cell, *[None] * (6 - len(cell)), START.date() + timedelta(n), False)
                     for n in rng.permutation(3)[:2].tolist()]  # fmt: skip
    rows.append(("lot", "nobody's", None, None, None, None, START.date(), False))
    rows += [("cell_id", "7", *[None] * 4, START.date() + timedelta(n), True) for n in (0, 2)]
    rows.append(("lot", "nobody's", *[None] * 4, START.date(), True))
    schema = {name: pl.String() for name in CELL_KEY} | {"day": pl.Date(), "hourly": pl.Boolean()}
    return pl.DataFrame(rows, schema=schema, orient="row").unique(maintain_order=True)


def test_every_asked_for_cell_is_counted_as_its_sessions_are(clinic, world) -> None:
    found = clinic.counting(world)(wanted())
    sessions = world.with_columns(
        day=pl.col("started_at").dt.date(), hour=pl.col("started_at").dt.hour().cast(pl.Int64)
    )
    for row in found.iter_rows(named=True):
        own = pl.col("day") == row["day"]
        if row["hour"] is not None:
            own &= pl.col("hour") == row["hour"]
        for n in (1, 2, 3):
            if row[f"attribute_{n}"] is not None:
                own &= pl.col(row[f"attribute_{n}"]) == row[f"value_{n}"]
        assert sessions.filter(own).height == row["sessions"], row
    by_hour = found.filter(pl.col("hour").is_not_null())
    assert by_hour.filter(value_1="7").group_by("day").len().height == 2
    assert by_hour.filter(value_1="nobody's").select("hour", "sessions").rows() == [(0, 0)]
    assert (
        found.filter(pl.col("hour").is_null()).height == wanted().filter(~pl.col("hourly")).height
    )


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (coded, "BATCH", 2_000),
        (coded, "BATCH", 300),
        (exposure, "LARGE", 0),
        (tallies, "BLOCK", 100),
        (tallies, "DENSE", 0),
        (tallies, "OFTEN", 0),
        (tallies, "OFTEN", 1_000_000),
    ],
)
def test_it_does_not_matter_how_cells_are_counted(
    clinic, world, monkeypatch, module, name, value
) -> None:
    usual = clinic.counting(world)(wanted())
    monkeypatch.setattr(module, name, value)
    assert_frame_equal(clinic.counting(world)(wanted()), usual)


@pytest.mark.parametrize("batch", [coded.BATCH, 2_000])
@pytest.mark.parametrize("held", [exposure.HELD, 0])
def test_sessions_are_read_once_for_all_questions(clinic, plant, monkeypatch, batch, held) -> None:
    monkeypatch.setattr(coded, "BATCH", batch)
    monkeypatch.setattr(exposure, "HELD", held)
    counts = clinic.counts(frame := plant(count=9_000))
    asked = on_all_days(counts, [*singles(counts), *pairs(counts), *individuals(counts)])
    assert "customer_id" in asked["attribute_1"]
    hours = asked.filter(pl.col("attribute_2").is_null()).with_columns(hourly=pl.lit(True))
    nobody = asked.head(1).with_columns(value_1=pl.lit("nobody's"))
    unit = asked.head(1).with_columns(attribute_1=pl.lit("unit_id"), value_1=pl.lit("u00001"))
    day = asked.filter(pl.col("day") == counts.days[1])
    with Duck(spill=clinic.folder / "held", threads=1) as engine, shelf(clinic.folder / "c") as own:
        engine.register("session", frame)
        counter, fetched = exposure.CellCounter(engine, counts, own), []
        usual = [exposure.cell_exposure(engine, one) for one in (day, asked, hours, nobody, unit)]
        monkeypatch.setattr(coded, "keyed", _noting(coded.keyed, fetched))
        for one, right in zip((day, asked, hours), usual[:3], strict=True):
            assert_frame_equal(counter(one), right)
            assert right["sessions"].sum() > 0
        spans = sorted((since, until) for _, since, until in fetched)
        assert all(until <= since for (_, until), (since, _) in pairwise(spans))
        monkeypatch.undo()
        for one, right in zip((nobody, unit), usual[3:], strict=True):
            assert_frame_equal(counter(one), right)
        assert any((clinic.folder / "c").iterdir()) == (held == 0)
    assert not (clinic.folder / "c").exists()


def _noting(call: Callable[..., Any], calls: list[Any]) -> Callable[..., Any]:
    def noted(*given: Any) -> Any:
        calls.append(given)
        return call(*given)

    return noted


def test_a_long_day_is_cut_and_short_days_are_read_together(monkeypatch) -> None:
    monkeypatch.setattr(coded, "BATCH", 100)
    days = [date(2026, 1, n) for n in (1, 2, 3, 4)]
    found = coded.windows(dict(zip(days, (60, 40, 250, 10), strict=True)))
    hours = [(one.since.day, one.since.hour, one.until - one.since) for one in found]
    assert hours[:2] == [(1, 0, timedelta(1)), (2, 0, timedelta(1))]
    assert hours[2:5] == [(3, n, timedelta(hours=8)) for n in (0, 8, 16)]
    assert hours[5:] == [(4, 0, timedelta(1))]
    sessions = coded.Coded(Duck, {}, found)
    assert [len(run) for run in sessions._runs({one.day for one in found})] == [2, 1, 1, 2]
    assert [len(run) for run in sessions._runs({found[0].day, found[-1].day})] == [1, 1]


def test_nothing_asked_for_is_nothing_counted(clinic, world) -> None:
    assert clinic.counting(world)(wanted().clear()).is_empty()
