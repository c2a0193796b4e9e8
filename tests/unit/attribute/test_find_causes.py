"""Planted truth comes out, and nothing else does."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cx_analytics.attribute.search import ALONE


def labels(findings) -> list[str]:
    return sorted(findings.causes["label"].to_list())


def test_a_healthy_world_has_no_causes(clinic, plant) -> None:
    found = clinic.find(plant())
    assert labels(found) == []
    assert found.shares["cause_id"].unique().to_list() == ["background"]


def test_a_bad_lot_is_found_as_that_lot(clinic, plant) -> None:
    found = clinic.find(plant(lambda f: (pl.col("lot") == "L07") * 0.15)).causes
    assert found["label"].to_list() == ["lot=L07"]
    row = found.row(0, named=True)
    assert row["domain"] == "device"
    assert row["kind"] == "shared"
    assert row["valid_from"] is None
    assert row["valid_to"] is None
    assert row["sessions"] == 1046
    assert row["excess_low"] < 150 < row["excess_high"]
    assert row["rate_ratio_low"] < 6 < row["rate_ratio_high"]
    assert row["probability"] > 0.9
    assert row["status"] == "new"


def test_a_weak_cause_is_background_where_nothing_else_is_wrong(clinic, plant) -> None:
    def lot(harm: float) -> pl.Expr:
        return (pl.col("lot") == "L07") * harm

    alone = clinic.find(plant(lambda f: lot(0.0346)))
    assert labels(alone) == []
    beside = clinic.find(plant(lambda f: lot(0.0355) + (pl.col("region") == "R2") * 0.15)).causes
    evidence = dict(beside.select("label", "evidence").iter_rows())
    assert 0 < evidence["lot=L07"] < ALONE
    assert labels(clinic.find(plant(lambda f: lot(0.0355)))) == ["lot=L07"]


def test_a_bad_model_is_not_split_into_its_lots(clinic, plant) -> None:
    found = clinic.find(plant(lambda f: (pl.col("device_model") == "M3") * 0.06))
    assert labels(found) == ["device_model=M3"]


def test_a_bad_region_is_not_blamed_on_what_is_concentrated_in_it(clinic, plant) -> None:
    frame = plant()
    inside = (pl.col("region") == "R2") & (pl.col("session_id").str.slice(-1) < "7")
    frame = frame.with_columns(
        app_version=pl.when(inside).then(pl.lit("5.9")).otherwise("app_version"),
        device_model=pl.when(inside).then(pl.lit("M9")).otherwise("device_model"),
        lot=pl.when(inside).then(pl.lit(None)).otherwise("lot"),
    )
    bad = (pl.col("region") == "R2") & (pl.col("session_id").str.slice(-2, 1) == "3")
    frame = frame.with_columns(
        faulty=pl.col("faulty") | bad,
        fault_code=pl.when(bad).then(pl.lit("drop")).otherwise("fault_code"),
    )
    assert labels(clinic.find(frame)) == ["region=R2"]


def test_a_pair_is_found_when_neither_value_alone_is_bad(clinic, plant) -> None:
    both = (pl.col("app_version") == "5.2") & (pl.col("device_model") == "M1")
    found = clinic.find(plant(lambda f: both * 0.12))
    assert labels(found) == ["app_version=5.2 & device_model=M1"]
    assert found.causes["domain"].to_list() == ["interaction"]


def test_an_onset_is_dated(clinic, plant) -> None:
    late = (pl.col("cell_id") == "x-033") & (pl.col("started_at") >= datetime(2026, 1, 7))
    row = clinic.find(plant(lambda f: late * 0.4)).causes.row(0, named=True)
    assert row["label"] == "cell_id=x-033"
    assert row["valid_from"] == datetime(2026, 1, 7)
    assert row["valid_to"] is None


def test_an_incident_is_bounded_to_its_hours(clinic, plant) -> None:
    during = (
        (pl.col("region") == "R4")
        & (pl.col("started_at") >= datetime(2026, 1, 5, 10))
        & (pl.col("started_at") < datetime(2026, 1, 5, 15))
    )
    found = clinic.find(plant(lambda f: during * 0.7)).causes
    assert found["label"].to_list() == ["region=R4"]
    row = found.row(0, named=True)
    assert abs((row["valid_from"] - datetime(2026, 1, 5, 10)).total_seconds()) <= 3600
    assert abs((row["valid_to"] - datetime(2026, 1, 5, 15)).total_seconds()) <= 3600


def test_a_fleet_wide_step_is_background(clinic, plant) -> None:
    later = pl.col("started_at") >= datetime(2026, 1, 9)
    assert labels(clinic.find(plant(lambda f: later * 0.03))) == []


def test_a_broken_unit_is_an_individual(clinic, plant) -> None:
    found = clinic.find(
        plant(lambda f: (pl.col("unit_id") == "u00010") * 0.9, days=14, count=120_000)
    ).causes
    assert found["kind"].to_list() == ["individual"]
    assert found["label"][0] in ("unit_id=u00010", "customer_id=c00010")


def test_a_bad_lot_is_not_many_broken_units(clinic, plant) -> None:
    found = clinic.find(plant(lambda f: (pl.col("lot") == "L07") * 0.5)).causes
    assert found["kind"].to_list() == ["shared"]


def test_shares_of_each_fault_add_up_to_one(clinic, plant) -> None:
    frame = plant(lambda f: (pl.col("lot") == "L07") * 0.15)
    found = clinic.find(frame)
    sums = found.shares.group_by("session_id").agg(pl.col("share").sum())
    assert sums.height == frame["faulty"].sum()
    assert (sums["share"] - 1).abs().max() < 1e-9


def test_evidence_sql_counts_the_same(clinic, plant, tmp_path) -> None:
    from cx_analytics.engine.duck import Duck

    frame = plant(lambda f: (pl.col("lot") == "L07") * 0.15)
    frame = frame.with_columns(pl.col("lot").replace("L07", "L'0\"7; --"))
    row = clinic.find(frame).causes.row(0, named=True)
    assert row["label"] == "lot=L'0\"7; --"
    with Duck(spill=tmp_path / "again") as engine:
        engine.register("sessions", frame)
        again = engine.frame(row["evidence_sql"]).row(0, named=True)
    assert again == {"sessions": row["sessions"], "faults": row["faults"]}


def test_conditions_are_those_of_the_contract(clinic, plant) -> None:
    from cx_analytics.contracts.tables import CAUSES
    from cx_analytics.engine.frames import schema_of

    found = clinic.find(plant()).causes
    assert found.schema == schema_of(CAUSES)
