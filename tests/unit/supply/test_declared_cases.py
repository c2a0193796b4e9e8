"""Cases as cx.toml declares them: what holds whatever moves through a planted plant."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cx_analytics.contracts.feeds import PRODUCTION_EVENTS
from cx_analytics.contracts.production import CASES
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.frames import conform
from cx_analytics.engine.models import load
from cx_analytics.simulate.plant import make_plant

ORDER = pl.concat_str(pl.lit("order "), pl.col("lot").str.slice(-1))


@pytest.fixture(scope="module")
def landed() -> pl.DataFrame:
    """Events of a plant whose orders are several lots each; no unit is named."""
    events = make_plant(cases=200, seed=5).events().with_columns(ORDER.alias("order_id"))
    return conform(events.with_columns(pl.lit(None, pl.String).alias("unit_id")), PRODUCTION_EVENTS)


def booked(landed: pl.DataFrame, case: str, spill: Path) -> pl.DataFrame:
    with Duck(spill=spill, threads=1) as duck:
        duck.register("landed", landed)
        sql = load("supply/declared_cases").bind({"declared": CASES[case]})
        duck.table("declared", sql)
        return duck.model("supply/declared_events")


@pytest.mark.parametrize("case", ["lot", "order"])
def test_lead_times_and_pieces_are_those_of_what_moved(
    landed: pl.DataFrame, case: str, tmp_path: Path
) -> None:
    together = booked(landed, case, tmp_path / "spill")
    span = pl.col("started_at").min(), pl.col("ended_at").max()
    rejects = pl.col("quantity_rejected").sum()
    wanted = landed.group_by(pl.col(CASES[case]).alias("case_id")).agg(*span, rejects)
    found = together.group_by("case_id").agg(*span, rejects)
    assert found.sort("case_id").equals(wanted.sort("case_id"))
    assert together["quantity_completed"].sum() == landed["quantity_completed"].sum()


def test_no_case_comes_back_to_a_step_more_often_than_one_of_its_units(
    landed: pl.DataFrame, tmp_path: Path
) -> None:
    together = booked(landed, "lot", tmp_path / "spill")
    most = landed.group_by("lot", "case_id", "step").len().group_by("lot", "step")
    wanted = most.agg(pl.col("len").max().cast(pl.Int64)).sort("lot", "step")
    found = together.group_by("case_id", "step").len().sort("case_id", "step")
    assert found["len"].cast(pl.Int64).to_list() == wanted["len"].to_list()


@pytest.mark.parametrize("case", ["unit", "shipment"])
def test_where_no_such_case_is_named_nothing_changes(
    landed: pl.DataFrame, case: str, tmp_path: Path
) -> None:
    found = booked(landed, case, tmp_path / "spill")
    columns = found.columns
    assert found.sort(columns).equals(landed.select(columns).sort(columns), null_equal=True)
