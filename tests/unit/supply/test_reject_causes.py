"""Rejects are traced to the step that made them, in plants where the truth was planted."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.production import Supply
from cx_analytics.contracts.tables import REJECT_CAUSES, STEP_DEFECTS
from cx_analytics.supply import MADE_REJECTS, recognise

BAD = {"drill 2": 3.0}


@pytest.mark.parametrize("seed", [11, 12])
def test_the_machine_that_makes_rejects_is_found_and_nothing_else(
    plant: Any, trace: Any, seed: int
) -> None:
    causes = trace(plant(seed=seed, bad=BAD).step_times()).causes
    assert causes["label"].to_list() == ["resource=drill 2 & step=drill"]
    row = causes.row(0, named=True)
    at_body, at_the_end = 1 + 3.0, 1 + 3.0 / (5 / 3)
    assert row["rate_ratio_low"] < at_body
    assert row["rate_ratio_high"] > at_the_end
    assert set(row["found_at"].split(", ")) == {"inspect body", "final test"}
    assert row["probability"] > 0.95
    assert row["cost"] == pytest.approx(5 * row["excess_rejects"])
    assert row["excess_low"] < row["excess_rejects"] < row["excess_high"]
    assert tuple(causes.columns) == REJECT_CAUSES.names


@pytest.mark.parametrize("seed", [21, 22])
def test_a_healthy_plant_is_met_with_silence(plant: Any, trace: Any, seed: int) -> None:
    assert trace(plant(seed=seed).step_times()).causes.is_empty()


def test_a_strict_inspector_makes_nothing(plant: Any, trace: Any) -> None:
    strict = {"inspect body 1": 4.0, "final test 2": 0.3}
    found = trace(plant(seed=31, strict=strict).step_times())
    assert found.causes.is_empty()
    inspections = found.defects.filter(pl.col("inspection"))
    assert set(inspections["step"]) == {"inspect body", "final test"}
    assert inspections["made"].to_list() == [0.0, 0.0]
    assert inspections["booked"].sum() == found.scan.booked


def test_rejects_made_are_the_rejects_booked(plant: Any, trace: Any) -> None:
    found = trace(plant(seed=41, bad=BAD).step_times())
    defects = found.defects
    assert tuple(defects.columns) == STEP_DEFECTS.names
    assert tuple(found.made.columns) == MADE_REJECTS.names
    assert defects["made"].sum() == pytest.approx(defects["booked"].sum())
    assert found.made["rejects"].sum() == pytest.approx(found.scan.booked)
    explained = defects["made_by_causes"].sum()
    assert explained == pytest.approx(found.causes["excess_rejects"].sum())
    assert defects.row(0, named=True)["step"] == "drill"


def test_a_bad_lot_is_a_material_and_no_step(plant: Any, trace: Any) -> None:
    found = trace(plant(seed=51, bad={"L7": 9.0}).step_times())
    assert found.causes.select("label", "lot", "step").rows() == [("lot=L7", "L7", None)]
    nowhere = found.defects.filter(pl.col("step").is_null())
    assert nowhere["made_by_causes"].item() == pytest.approx(found.causes["excess_rejects"].item())


def test_a_supplier_is_found_through_the_components(plant: Any, trace: Any) -> None:
    bad = {f"L{lot}": 4.0 for lot in range(0, 50, 5)}
    events = plant(seed=61, bad=bad).step_times()
    units = events.select("case_id", "lot").unique(maintain_order=True)
    supplier = pl.when(pl.col("lot").is_in(list(bad))).then(pl.lit("S1")).otherwise(pl.lit("S2"))
    components = units.select(
        pl.col("case_id").alias("unit_id"),
        pl.lit("seal").alias("component"),
        pl.lit(None, pl.String).alias("component_lot"),
        supplier.alias("supplier"),
        pl.lit("join 2").alias("station"),
    )
    found = trace(events, components=components)
    row = found.causes.row(0, named=True)
    assert (row["label"], row["supplier"], row["step"]) == ("seal_supplier=S1", "S1", "join")
    by_step = dict(found.defects.select("step", "made_by_causes").iter_rows())
    # What was found before the seal is built in cannot have been made there.
    assert by_step["join"] + by_step[None] == pytest.approx(found.causes["excess_rejects"].sum())


def test_no_person_is_named_but_the_group_is(plant: Any, trace: Any) -> None:
    people = Supply(operator_groups={"team a": ("*2",), "team b": ("*1", "*3")})
    found = trace(plant(seed=71, bad=BAD).step_times(), people)
    assert found.causes["label"].to_list() == ["operator_group=team a & step=drill"]
    assert "drill 2" not in str(found.causes.to_dicts())


def test_order_of_rows_and_names_change_nothing(plant: Any, trace: Any) -> None:
    events = plant(seed=81, bad=BAD).step_times()
    first = trace(events).causes
    renamed = events.sample(fraction=1.0, shuffle=True, seed=3).with_columns(
        pl.col("step").str.replace("drill", "a drill"),
        pl.col("from_step").str.replace("drill", "a drill"),
        pl.col("resource").str.replace("drill", "z"),
    )
    other = trace(renamed).causes
    assert other["label"].to_list() == ["resource=z 2 & step=a drill"]
    assert other["excess_rejects"].item() == pytest.approx(first["excess_rejects"].item())


def test_a_plant_without_rejects_or_without_events_has_no_rows(plant: Any, trace: Any) -> None:
    quiet = trace(plant(cases=30, rate=0.0).step_times())
    assert quiet.causes.is_empty()
    assert quiet.defects["made"].sum() == 0
    empty = trace(plant(cases=1).step_times().clear())
    assert (empty.causes.height, empty.defects.height) == (0, 0)


def test_a_working_step_without_a_maker_made_what_it_books(trace: Any, plant: Any) -> None:
    events = plant(cases=30, rate=0.0).step_times()
    first = (pl.col("step") == "coat") & (pl.col("case_id") == "C1")
    booked = pl.when(first).then(2.0).otherwise(pl.col("quantity_rejected"))
    found = trace(events.with_columns(booked.alias("quantity_rejected")))
    assert found.made.select("step", "rejects").rows() == [("coat", 2.0)]


TOTALS = pl.DataFrame({"step": ["cut", "check", "weld"], "rejects": [0.0, 3.0, 1.0]})


@pytest.mark.parametrize(
    ("totals", "named", "inspections", "how"),
    [
        (TOTALS, (), ["check"], "name"),
        (TOTALS, ("we*",), ["weld"], "cx.toml"),
        (TOTALS.with_columns(step=pl.Series(["a", "b", "c"])), (), [], None),
        (
            pl.DataFrame({"step": ["a", "b", "c"], "rejects": [0.0, 0.0, 2.0]}),
            (),
            ["c"],
            "rejects",
        ),
    ],
)
def test_inspections_are_named_or_recognised(
    totals: pl.DataFrame, named: tuple[str, ...], inspections: list[str], how: str | None
) -> None:
    found = recognise(totals, named)
    assert found.filter(pl.col("inspection"))["step"].to_list() == inspections
    assert set(found.filter(pl.col("inspection"))["recognised"]) == ({how} if how else set())
