"""Group publish: the warehouse that people query, built aside and swapped in at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import polars as pl

from cx_analytics.contracts.tables import CAUSES, FEED_TABLES, METRICS_SQL, TABLES
from cx_analytics.defs.plan import inputs_version
from cx_analytics.defs.progress import tell
from cx_analytics.defs.resources import House
from cx_analytics.engine.models import all_paths, load
from cx_analytics.engine.stamps import Stamps
from cx_analytics.engine.warehouse import publish
from cx_analytics.ingest import quarantine_files, runs_files


def table_files(house: House) -> dict[str, Sequence[Path]]:
    """Which Parquet files fill each table of the warehouse."""
    files: dict[str, Sequence[Path]] = {name: house.parts.paths(name) for name in TABLES}
    files |= {name: house.lake.paths(name) for name in FEED_TABLES}
    root = house.workspace.root
    return files | {"quarantine": quarantine_files(root), "runs": runs_files(root)}


def metrics_sql(house: House) -> pl.DataFrame:
    """Every published number with the query that gives it again."""
    models = [load(f"metrics/{path.stem}") for path in all_paths() if path.parent.name == "metrics"]
    numbers = [
        (model.name.removeprefix("metrics/"), _body(model.sql), model.header["model"])
        for model in models
    ]
    causes = [
        (f"cause.{row['cause_id']}", row["evidence_sql"], f"Sessions and faults of {row['label']}")
        for row in house.read(CAUSES).iter_rows(named=True)
    ]
    rows = [
        {"metric_id": metric, "sql": sql, "meaning": meaning}
        for metric, sql, meaning in (*numbers, *causes)
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(METRICS_SQL.names, pl.String))


def _body(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--"))


@dg.asset(
    group_name="publish",
    kinds={"duckdb"},
    deps=[
        *(dg.AssetKey(["lake", name]) for name in FEED_TABLES),
        "sessions",
        "causes_history",
        "fault_causes",
        "causes",
        "cause_rivals",
        "lot_watch",
        "data_limits",
        "contact_shifts",
        "customer_experience",
        "satisfaction_fit",
        "customer_fixes",
        "fix_campaigns",
        "fix_campaign_stages",
        "defects",
        "defect_ages",
        "defect_life",
        "forecast_backtest",
        "unit_risk",
        "unit_risk_capture",
        "unit_holds",
        "actions",
        "action_effects",
        "customer_verdicts",
        "action_ledger",
        "release_limits",
        "action_proposals",
        "recurrences",
        "step_times",
        "step_time_issues",
        "case_genealogy",
        "step_map",
        "reject_causes",
        "step_defects",
        "step_field_faults",
        "step_waste",
    ],
    description="One DuckDB file of commented tables; readers of the old one go on undisturbed.",
)
def warehouse(house: House) -> dg.MaterializeResult[None]:
    tell("publish", "warehouse")
    version = inputs_version(house.workspace)
    house.write(METRICS_SQL, metrics_sql(house))
    engine = house.workspace.settings.engine
    rows = publish(
        house.workspace.database,
        table_files(house),
        spill=house.workspace.spill("publish"),
        memory_limit=engine.memory_limit,
        threads=engine.threads,
    )
    Stamps(house.workspace.parts).set("warehouse", {"all": version})
    return dg.MaterializeResult(metadata=dict(rows))
