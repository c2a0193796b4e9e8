"""Faults that lack a value may still be the cause's: as likely as among like faults."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

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
