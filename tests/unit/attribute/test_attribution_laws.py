"""Laws of attribution: what must not change the findings, and odd data that must not break it."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from cx_analytics.attribute import Counts, day_aggregates, find_causes
from cx_analytics.contracts.attributes import Attribute
from cx_analytics.engine.duck import Duck


def bad_lot(plant):
    return plant(lambda f: (pl.col("lot") == "L07") * 0.15)


def names(findings) -> list[str]:
    return sorted(findings.causes["label"].to_list())


def test_twice_the_same_is_identical(clinic, plant) -> None:
    one, other = clinic.find(bad_lot(plant)), clinic.find(bad_lot(plant))
    assert one.causes.equals(other.causes)
    assert one.shares.equals(other.shares)


def test_permuting_rows_changes_nothing(clinic, plant) -> None:
    frame = bad_lot(plant)
    one, other = clinic.find(frame), clinic.find(frame.sample(fraction=1, shuffle=True, seed=3))
    assert one.causes.equals(other.causes)
    assert one.shares.equals(other.shares)


def test_renaming_values_changes_only_names(clinic, plant) -> None:
    frame = bad_lot(plant)
    renamed = frame.with_columns(lot="z" + pl.col("lot").str.reverse())
    one, other = clinic.find(frame).causes, clinic.find(renamed).causes
    assert other["label"].to_list() == ["lot=z70L"]
    numbers = ["sessions", "faults", "customers"]
    assert one.select(numbers).equals(other.select(numbers))
    assert one["excess_faults"][0] == pytest.approx(other["excess_faults"][0], rel=1e-6)


def test_a_constant_attribute_changes_nothing(clinic, plant) -> None:
    from cx_analytics.contracts.attributes import Attribute

    frame = bad_lot(plant).with_columns(maker=pl.lit("Acme"), nothing=pl.lit(None, dtype=pl.String))
    known = clinic.counts(frame).attributes
    more = (*known, Attribute("maker", "device"), Attribute("nothing", "device"))
    assert clinic.find(frame).causes.equals(clinic.find(frame, more).causes)


def test_doubling_the_data_blames_the_same(clinic, plant) -> None:
    frame = bad_lot(plant)
    twin = frame.with_columns(
        session_id=pl.col("session_id") + "b", customer_id=pl.col("customer_id") + "b"
    )
    assert names(clinic.find(pl.concat([frame, twin]))) == names(clinic.find(frame)) == ["lot=L07"]


def test_counts_of_days_add_up(plant, tmp_path, day) -> None:
    frame = bad_lot(plant)
    attributes = [Attribute("lot", "device"), Attribute("network_type", "network")]
    with Duck(spill=tmp_path / "spill") as engine:
        engine.register("session", frame)
        whole = day_aggregates(engine, attributes, [day(n) for n in range(14)])
        parts = [day_aggregates(engine, attributes, [day(n)]) for n in range(14)]
    for name, table in whole.items():
        key = sorted(table.columns)
        joined = pl.concat([part[name] for part in parts])
        assert joined.sort(key).equals(table.sort(key)), name
    assert whole["attribution_strata"]["sessions"].sum() == frame.height
    assert whole["attribution_strata"]["faults"].sum() == frame["faulty"].sum()


def test_no_faults(clinic, plant) -> None:
    frame = plant(base=0.0, count=2000)
    found = clinic.find(frame)
    assert found.causes.height == 0
    assert found.shares.height == 0


def test_all_faults(clinic, plant) -> None:
    found = clinic.find(plant(base=1.0, count=5000))
    assert names(found) == []


def test_one_customer_only(clinic, plant) -> None:
    frame = plant(lambda f: (pl.col("lot") == "L07") * 0.3, count=5000)
    frame = frame.with_columns(customer_id=pl.lit("c1"), unit_id=pl.lit("u1"))
    found = clinic.find(frame)
    assert "shared" not in found.causes["kind"].to_list()


def test_one_day_without_time(clinic, plant) -> None:
    frame = bad_lot(plant).with_columns(started_at=pl.lit(datetime(2026, 1, 1)))
    row = clinic.find(frame).causes.row(0, named=True)
    assert row["label"] == "lot=L07"
    assert row["valid_from"] is None
    assert row["valid_to"] is None


def test_a_single_attribute(clinic, plant) -> None:
    assert names(clinic.find(bad_lot(plant), (Attribute("lot", "device"),))) == ["lot=L07"]


def test_a_missing_value_matches_nothing_but_counts(clinic, plant) -> None:
    frame = plant(lambda f: pl.col("lot").is_in(["L07"]) * 0.15)
    frame = frame.with_columns(lot=pl.when(pl.col("lot") != "L07").then("lot"))
    assert names(clinic.find(frame, (Attribute("lot", "device"),))) == []


def test_a_wide_attribute_is_counted_only_where_faults_point(clinic, plant) -> None:
    frame = plant(lambda f: (pl.col("cell_id") == "x-033") * 0.4)
    frame = frame.with_columns(serial=pl.col("session_id"))
    attributes = (Attribute("cell_id", "network"), Attribute("serial", "device"))
    counts = clinic.counts(frame, attributes, wide=50)
    assert counts.wide == ("cell_id", "serial")
    assert names(clinic.find(frame, attributes, wide=50)) == ["cell_id=x-033"]


def test_attributes_of_another_product(clinic, plant) -> None:
    frame = bad_lot(plant).rename({"lot": "battery_pack", "region": "charger"})
    attributes = (Attribute("battery_pack", "device"), Attribute("charger", "network"))
    assert names(clinic.find(frame, attributes)) == ["battery_pack=L07"]


def test_no_sessions_at_all(clinic, plant) -> None:
    from cx_analytics.contracts.errors import InputRefused

    counts = clinic.counts(bad_lot(plant))
    assert isinstance(counts, Counts)
    with pytest.raises(InputRefused, match="not among the counted days"):
        find_causes(counts, as_of=datetime(2027, 1, 1).date())


def test_splitting_a_file_changes_nothing(plant, tmp_path) -> None:
    frame = bad_lot(plant)
    paths = [tmp_path / name for name in ("whole.parquet", "odd.parquet", "even.parquet")]
    odd = pl.int_range(frame.height) % 2 == 1
    for path, part in zip(paths, (frame, frame.filter(odd), frame.filter(~odd)), strict=True):
        part.write_parquet(path)
    days = sorted({moment.date() for moment in frame["started_at"]})
    attributes = [Attribute("lot", "device"), Attribute("app_version", "app")]
    with Duck(spill=tmp_path / "spill") as engine:
        found = []
        for chosen in (paths[:1], paths[1:]):
            engine.view("session", chosen)
            counts = Counts.build(day_aggregates(engine, attributes, days), attributes)
            found.append(find_causes(counts, as_of=days[-1]))
    assert names(found[0]) == ["lot=L07"]
    assert found[0].causes.equals(found[1].causes)
    assert found[0].shares.equals(found[1].shares)
