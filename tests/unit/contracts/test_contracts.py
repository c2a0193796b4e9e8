"""The public interface: every feed and table is there, with at least these columns."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cx_analytics.contracts import docs
from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables import TABLES
from cx_analytics.contracts.words import BACKGROUND, confidence_word, label
from cx_analytics.engine.warehouse import comments, ddl

REQUIRED = {
    "sessions": "session_id customer_id started_at",
    "units": "unit_id device_model",
    "components": "unit_id component component_lot",
    "cells": "cell_id",
    "app_releases": "app_name app_version released_at",
    "contacts": "contact_id contacted_at topic",
    "production_events": "case_id step started_at ended_at",
    "actions": "action_id kind effective_from",
}
FEED_COLUMNS = {
    "sessions": "session_id customer_id started_at duration_s unit_id device_model "
    "hardware_revision firmware_version os_version app_name app_version cell_id network_type "
    "fault_code latency_ms download_kbps upload_kbps signal_dbm mos",
    "units": "unit_id device_model hardware_revision lot site line produced_at shipped_at "
    "in_service_at gtin disposition",
    "components": "unit_id component component_lot supplier component_serial station installed_at",
    "cells": "cell_id valid_from site_id region vendor network_type band software_release "
    "latitude longitude",
    "app_releases": "app_name app_version released_at",
    "contacts": "contact_id customer_id contacted_at channel topic app_version device_model "
    "satisfaction",
    "production_events": "case_id step started_at ended_at resource line quantity_completed "
    "quantity_rejected unit_id lot",
    "actions": "action_id cause_id conditions kind effective_from exposed status",
}
CAUSES = (
    "cause_id kind domain conditions label valid_from valid_to first_reported_on sessions faults "
    "expected_faults excess_faults excess_low excess_high rate_ratio rate_ratio_low "
    "rate_ratio_high probability customers units status evidence_sql"
)
TABLE_COLUMNS = {
    "causes": CAUSES,
    "fault_causes": "session_id cause_id share",
    "causes_history": f"as_of {CAUSES}",
    "sessions": f"{FEED_COLUMNS['sessions']} faulty experience_score",
    "customer_experience": "customer_id day sessions faults score score_low score_high "
    "top_cause_id lost_to_device lost_to_app lost_to_network lost_to_individual "
    "lost_to_background",
    "customer_fixes": "customer_id rank cause_id fix_code fix avoid share faults_avoided_30d low "
    "high confidence verdict",
    "defects": "defect_id cause_id conditions lot line site component supplier units_made "
    "units_in_field units_failed rate_ratio low high excess_faults forecast_faults_90d "
    "forecast_low forecast_high recommended_disposition",
    "unit_risk": "unit_id defect_id probability_90d low high rank",
    "unit_holds": "unit_id lot state reason defect_id set_by set_at expires_at released_at",
    "actions": FEED_COLUMNS["actions"],
    "action_effects": "action_id estimate low high faults_prevented verdict method placebo_p",
    "recurrences": "cause_id watched_since exposed_sessions faults evidence alarmed_at",
    "action_ledger": "action_id",
    "step_times": "case_id step resource started_at work_s wait_s wait_cause",
    "step_map": "from_step to_step cases work_s wait_s idle_share rework scrap field_faults cost",
    "quarantine": "feed file line rule reason",
    "runs": "started_at rows_in kept quarantined duplicates",
    "metrics_sql": "metric_id sql",
}
CHOICES = {
    ("causes", "kind"): ("shared", "individual"),
    ("causes", "domain"): ("device", "app", "network", "interaction", "customer"),
    ("causes", "status"): ("new", "active", "fixed", "recurred"),
    ("customer_fixes", "verdict"): ("worked", "did_not", "harmed", "too_early"),
    ("unit_holds", "state"): ("proposed", "held", "released", "expired"),
    ("actions", "kind"): (
        "app_update",
        "firmware_update",
        "cell_repair",
        "unit_replacement",
        "lot_hold",
        "process_change",
        "rollout_stop",
        "other",
    ),
}
ALIASES = {
    "service.version": "app_version",
    "device.model.identifier": "device_model",
    "session.id": "session_id",
    "network.carrier.mcc": "carrier_mcc",
    "network.carrier.mnc": "carrier_mnc",
}
CONTRACTS = [*FEEDS.values(), *TABLES.values()]


def test_the_feeds_are_these() -> None:
    assert sorted(FEEDS) == sorted(REQUIRED)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_feed_requires_no_more_and_no_less(name: str) -> None:
    assert FEEDS[name].required == tuple(REQUIRED[name].split())
    assert set(FEED_COLUMNS[name].split()) <= set(FEEDS[name].names)


@pytest.mark.parametrize("name", TABLE_COLUMNS)
def test_a_table_has_at_least_these_columns(name: str) -> None:
    assert set(TABLE_COLUMNS[name].split()) <= set(TABLES[name].names)


@pytest.mark.parametrize(("place", "words"), CHOICES.items())
def test_the_words_of_a_column(place: tuple[str, str], words: tuple[str, ...]) -> None:
    assert TABLES[place[0]].column(place[1]).choices == words


def test_opentelemetry_names_are_accepted() -> None:
    assert ALIASES.items() <= FEEDS["sessions"].aliases.items()


@pytest.mark.parametrize("table", CONTRACTS, ids=lambda table: table.name)
def test_a_contract_is_whole(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    assert all(column.meaning for column in table.columns)
    assert table.meaning
    assert table.grain
    bounds = [c for c in table.columns if c.low is not None and c.high is not None]
    assert all((c.low or 0) < (c.high or 0) for c in bounds)


@pytest.mark.parametrize("feed", FEEDS.values(), ids=lambda feed: feed.name)
def test_a_feed_names_its_own_columns(feed: object) -> None:
    contract = FEEDS[getattr(feed, "name", "")]
    assert set(contract.aliases.values()) <= set(contract.names)
    assert not set(contract.aliases) & set(contract.names)
    if contract.event_time:
        assert contract.column(contract.event_time).type == "TIMESTAMP"
        assert contract.column(contract.event_time).required


@pytest.mark.parametrize("table", CONTRACTS, ids=lambda table: table.name)
def test_every_contract_makes_a_commented_table(table: Table) -> None:
    with duckdb.connect() as connection:
        connection.execute(ddl(table))
        for statement in comments(table):
            connection.execute(statement)
        rows = connection.execute(
            "SELECT column_name, data_type, comment, is_nullable FROM duckdb_columns() "
            "WHERE table_name = $name ORDER BY column_index",
            {"name": table.name},
        ).fetchall()
    assert rows == [(c.name, c.type, c.comment, not c.required) for c in table.columns]


@pytest.mark.parametrize("feed", FEEDS.values(), ids=lambda feed: feed.name)
def test_every_row_rule_is_sql_over_the_feed(feed: object) -> None:
    contract = FEEDS[getattr(feed, "name", "")]
    with duckdb.connect() as connection:
        connection.execute(ddl(contract))
        for rule in contract.rules:
            connection.execute(f'SELECT count(*) FROM "{contract.name}" WHERE {rule.violated}')


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="INT is none of"):
        Column("a", "INT", "A")


def test_words() -> None:
    assert BACKGROUND == "background"
    assert label({"device_model": "X", "app_version": "5"}) == "app_version=5 & device_model=X"
    assert confidence_word(0.79) == "suspected"


def test_the_page_of_tables_does_not_lag() -> None:
    page = Path(__file__).parents[3] / "docs" / "tables.md"
    told = "run: python -m cx_analytics.contracts.docs > docs/tables.md"
    assert page.read_text(encoding="utf-8") == docs.page(), told


@pytest.mark.parametrize("table", CONTRACTS, ids=lambda table: table.name)
def test_the_page_names_every_column(table: Table) -> None:
    page = docs.page()
    assert all(f"| `{name}`" in page for name in table.names)
