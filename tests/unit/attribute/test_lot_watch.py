"""The watch on lots: silent on a sound world, awake when one begins to fail."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from cx_analytics.attribute.search import Search


def test_sound_lots_do_not_alarm(clinic, plant) -> None:
    lots = clinic.find(plant()).lots
    assert lots.height == 40
    assert lots["alarmed_on"].null_count() == 40
    assert lots["sessions"].sum() == 40_000


def test_a_lot_alarms_that_no_cause_explains_yet(clinic, plant, monkeypatch) -> None:
    late = (pl.col("lot") == "L07") & (pl.col("started_at") >= datetime(2026, 1, 8))
    monkeypatch.setattr(Search, "draft", lambda self, start=(): self)
    monkeypatch.setattr(Search, "settle", lambda self: self)
    monkeypatch.setattr(Search, "resume", lambda self: self)
    lots = clinic.find(plant(lambda f: late * 0.5)).lots
    alarmed = lots.filter(pl.col("alarmed_on").is_not_null())
    assert alarmed["label"].to_list() == ["lot=L07"]
    assert date(2026, 1, 8) <= alarmed["alarmed_on"][0] <= date(2026, 1, 10)


def test_what_a_cause_explains_does_not_alarm(clinic, plant) -> None:
    found = clinic.find(plant(lambda f: (pl.col("lot") == "L07") * 0.3))
    assert found.causes["label"].to_list() == ["lot=L07"]
    assert found.lots["alarmed_on"].null_count() == found.lots.height
