"""What Dagster shows follows from the contracts, and hides who a row is about."""

from __future__ import annotations

import dagster as dg
import polars as pl
import pytest

from cx_analytics.contracts.feeds import FEEDS, SESSIONS, UNITS
from cx_analytics.contracts.tables import CUSTOMER_EXPERIENCE, DEFECTS, SESSIONS_TABLE, TABLES
from cx_analytics.defs import metadata
from cx_analytics.defs.tables import facts, spec_of
from cx_analytics.quality import CheckResult


def test_column_schema_tells_type_meaning_and_limits() -> None:
    columns = {column.name: column for column in metadata.column_schema(SESSIONS).columns}
    assert tuple(columns) == SESSIONS.names
    assert columns["session_id"].constraints == dg.TableColumnConstraints(
        nullable=False, unique=True, other=[]
    )
    assert columns["mos"].type == "DOUBLE"
    assert columns["mos"].description == "Mean opinion score [1-5]"
    assert columns["mos"].constraints.other == ["≥ 1", "≤ 5"]


def test_row_rules_stand_on_the_table() -> None:
    constraints = metadata.column_schema(UNITS).constraints
    assert constraints is not None
    assert constraints.other == ["unique: unit_id", "never: shipped_at lies before produced_at"]


def test_lineage_joins_feeds_by_name_and_knows_what_is_made() -> None:
    deps = metadata.lineage(SESSIONS_TABLE).deps_by_column
    assert deps["lot"] == [dg.TableColumnDep(dg.AssetKey(["lake", "units"]), "lot")]
    assert deps["unit_id"] == [dg.TableColumnDep(dg.AssetKey(["lake", "sessions"]), "unit_id")]
    assert [dep.asset_key.path[-1] for dep in deps["device_model"]] == ["sessions", "units"]
    assert deps["faulty"] == [dg.TableColumnDep(dg.AssetKey(["lake", "sessions"]), "fault_code")]
    lost = metadata.lineage(CUSTOMER_EXPERIENCE).deps_by_column["lost_to_app"]
    assert [(dep.asset_key.path, dep.column_name) for dep in lost] == [
        (["causes_history"], "domain"),
        (["fault_causes"], "share"),
    ]


@pytest.mark.parametrize("name", TABLES)
def test_lineage_names_columns_that_exist(name: str) -> None:
    for deps in metadata.lineage(TABLES[name]).deps_by_column.values():
        for dep in deps:
            *layer, table = dep.asset_key.path
            assert dep.column_name in (FEEDS if layer else TABLES)[table].names


@pytest.mark.parametrize("name", metadata._MADE_FROM)
def test_what_is_made_is_in_the_contract(name: str) -> None:
    assert set(metadata._MADE_FROM[name]) <= set(TABLES[name].names)


def test_a_preview_escapes_and_cuts() -> None:
    frame = pl.DataFrame({"a_b": ["x|y\n<b>", "z" * 100], "n": [1 / 3, None]})
    lines = metadata.preview(frame).md_str.splitlines()
    assert lines == [
        r"| a\_b | n |",
        "| --- | --- |",
        r"| x\|y \<b\> | 0.333333 |",
        "| " + "z" * 79 + "… |  |",
    ]


def test_a_preview_hides_people_and_their_things() -> None:
    frame = pl.DataFrame(
        {
            "customer_id": ["C77", None],
            "label": ["customer_id=C77", "app_version=5"],
            "evidence_sql": ["SELECT 1 WHERE unit_id = 'U77'", "SELECT 1"],
        }
    )
    text = metadata.preview(frame).md_str
    assert "77" not in text
    assert text.count(r"\(hidden\)") == 3
    assert r"app\_version=5" in text


def test_a_preview_shows_the_first_rows_or_says_there_are_none() -> None:
    assert len(metadata.preview(pl.DataFrame({"a": range(50)})).md_str.splitlines()) == 12
    assert metadata.preview(pl.DataFrame({"a": []})).md_str == "No rows."


def test_a_picture_is_markdown() -> None:
    text = metadata.plot(b"<svg/>", "faults [by] day").md_str
    assert text == r"![faults \[by\] day](data:image/svg+xml;base64,PHN2Zy8+)"


def test_counts_carry_dagsters_row_count() -> None:
    assert metadata.counts(5, faults=2) == {
        "dagster/row_count": dg.MetadataValue.int(5),
        "faults": dg.MetadataValue.int(2),
    }


def test_checks_keep_what_blocks_apart_from_what_warns() -> None:
    results = [
        CheckResult("a", True, "block", (), "as expected", "A"),
        CheckResult("b", False, "warn", ("2026-01-01",), "2026-01-01: 9", "B"),
    ]
    blocking = metadata.check_result(results, "block", name="contract")
    assert (blocking.passed, blocking.severity) == (True, dg.AssetCheckSeverity.ERROR)
    assert (blocking.check_name, blocking.description) == ("contract", "As expected")
    warning = metadata.check_result(results, "warn")
    assert (warning.passed, warning.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert warning.description == "B"
    assert warning.metadata["breached"].value.endswith("| B | 2026-01-01: 9 |")


def test_a_contract_without_known_origins_has_an_empty_lineage() -> None:
    assert metadata.lineage(TABLES["metrics_sql"]).deps_by_column == {}
    assert "defect_id" not in metadata.lineage(DEFECTS).deps_by_column


def test_columns_are_told_with_the_asset_and_not_with_every_run() -> None:
    asset = spec_of(SESSIONS_TABLE, group="experience")
    told = facts(SESSIONS_TABLE, 3)
    assert asset.metadata[metadata.COLUMN_SCHEMA] == metadata.column_schema(SESSIONS_TABLE)
    assert set(told) == {metadata.ROW_COUNT, metadata.COLUMN_LINEAGE}
