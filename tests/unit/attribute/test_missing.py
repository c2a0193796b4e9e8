"""Faults that lack a value may still be the cause's: as likely as among like faults."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cx_analytics.attribute import missing

LOST = 0.25


@pytest.fixture
def bad_version(plant) -> pl.DataFrame:
    """Version 5.2 adds five times the background; later a quarter lose their version."""
    frame = plant(lambda f: (f["app_version"] == "5.2") * 0.15)
    gone = pl.Series(np.random.default_rng(9).random(frame.height) < LOST)
    return frame.with_columns(
        had=pl.col("app_version"), app_version=pl.when(~gone).then("app_version")
    )


def shares_of_lost(found, frame: pl.DataFrame) -> pl.DataFrame:
    """Faults without a version: the version they had, and their share of the cause."""
    (cause,) = found.causes.filter(label="app_version=5.2")["cause_id"]
    mine = found.shares.filter(cause_id=cause).select("session_id", "share")
    lost = frame.filter("faulty", pl.col("app_version").is_null())
    return lost.join(mine, on="session_id", how="left").with_columns(pl.col("share").fill_null(0))


def test_the_share_of_lost_faults_is_what_the_cause_made_of_them(clinic, bad_version) -> None:
    lost = shares_of_lost(clinic.find(bad_version.drop("had")), bad_version)
    caused = (lost["had"] == "5.2").sum() * 0.15 / 0.18
    assert lost["share"].sum() == pytest.approx(caused, rel=0.15)
    assert lost["share"].max() < 0.95


def test_where_the_value_cannot_be_there_is_no_share(clinic, bad_version) -> None:
    """Sessions on Wi-Fi have no cell: they lack it, and none of it was lost."""
    frame = bad_version.with_columns(app_version="had").drop("had")
    wifi = frame["network_type"] == "nr"
    bad = frame.with_columns(
        cell_id=pl.when(~wifi).then("cell_id"), region=pl.when(~wifi).then("region")
    )
    broken = pl.Series(np.random.default_rng(3).random(bad.height) < 0.2)
    hit = (bad["region"] == "R3").fill_null(False) & broken
    bad = bad.with_columns(
        faulty=pl.col("faulty") | hit,
        fault_code=pl.when(hit).then(pl.lit("drop")).otherwise("fault_code"),
    )
    found = clinic.find(bad)
    (cause,) = found.causes.filter(label="region=R3")["cause_id"]
    blamed = found.shares.filter(cause_id=cause).join(bad, on="session_id")
    assert blamed["region"].null_count() == 0


def test_a_broken_unit_is_held_against_lost_faults_that_are_tied_to_it(
    clinic, plant, monkeypatch
) -> None:
    """Six people use a broken unit, and a quarter of all sessions have lost theirs."""
    six = [f"c{n:05d}" for n in range(10, 16)]
    frame = plant(lambda f: f["customer_id"].is_in(six) * 0.5, count=20_000, days=7)
    unit = pl.when(pl.col("customer_id").is_in(six)).then(pl.lit("shared")).otherwise("unit_id")
    frame = frame.with_columns(unit_id=unit)
    gone = pl.Series(np.random.default_rng(9).random(frame.height) < LOST)
    frame = frame.with_columns(
        had=pl.col("unit_id"), unit_id=pl.when(~gone).then("unit_id"), gone=gone
    )
    lost = frame.filter("faulty", "gone").select("session_id", "had", "customer_id", "cell_id")
    shares = []
    for hardly in (0.0, 1.0):
        monkeypatch.setattr(missing, "HARDLY", hardly)
        found = clinic.find(frame.drop("had", "gone"))
        (cause,) = found.causes.filter(label="unit_id=shared")["cause_id"]
        mine = found.shares.filter(cause_id=cause).join(lost, on="session_id")
        shares.append(mine)
    everywhere, tied = shares
    assert everywhere.filter(had="shared").equals(tied.filter(had="shared"))
    assert everywhere.height > 2 * tied.height
    untied = everywhere.join(tied, on="session_id", how="anti")
    assert untied["share"].median() < 0.005 < tied["share"].mean()
