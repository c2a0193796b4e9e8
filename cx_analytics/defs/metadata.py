"""What Dagster's UI shows of a table: its columns, where they come from, a preview, a picture.

Belongs here: contracts, frames and verdicts as Dagster metadata. Stays out: computing them.

Dagster keeps metadata for ever and `cx erase` cannot reach into it: a preview hides whatever
names a customer, a session or a unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.contracts.model import Column, Feed, Severity, Table
from cx_analytics.contracts.tables import TABLES
from cx_analytics.quality import CheckResult, failed
from cx_analytics.report import data_uri

COLUMN_SCHEMA = "dagster/column_schema"
COLUMN_LINEAGE = "dagster/column_lineage"
ROW_COUNT = "dagster/row_count"

PERSONAL = (
    "customer_id",
    "session_id",
    "contact_id",
    "unit_id",
    "component_serial",
    "case_id",
    "part_id",
    "into_id",
)
"""Columns that name one person or one thing of a person."""

REACHED = "exposed"
"""Column of actions that lists whom an action reached, in the sender's own shape."""

HIDDEN = "(hidden)"
CELL_LENGTH = 80
"""Longer values are cut in a preview."""

_NAMING = re.compile("|".join(PERSONAL))
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~&])")

_READS: dict[str, tuple[str, ...]] = {
    "sessions": ("lake/sessions", "lake/units", "lake/cells"),
    "fault_causes": ("sessions",),
    "cause_rivals": ("causes_history",),
    "lot_watch": ("sessions",),
    "causes": ("causes_history",),
    "customer_experience": ("sessions",),
    "customer_fixes": ("sessions", "fault_causes", "customer_verdicts"),
    "fix_campaigns": ("customer_fixes",),
    "fix_campaign_stages": ("fix_campaigns",),
    "defects": ("causes", "lake/units", "lake/components"),
    "defect_ages": ("defects",),
    "defect_life": ("defects",),
    "forecast_backtest": ("defects",),
    "unit_risk_capture": ("unit_risk",),
    "unit_risk": ("defects", "lake/units"),
    "unit_holds": ("defects", "lake/units"),
    "actions": ("lake/actions",),
    "action_effects": ("actions",),
    "customer_verdicts": ("actions", "sessions"),
    "action_proposals": ("causes", "defects"),
    "release_limits": ("lake/app_releases", "sessions"),
    "recurrences": ("causes_history",),
    "step_times": ("lake/production_events",),
    "step_time_issues": ("step_times",),
    "case_genealogy": ("lake/production_events",),
    "step_map": ("step_times",),
    "reject_causes": ("step_times",),
    "step_defects": ("step_times",),
    "step_field_faults": ("step_times",),
    "step_waste": ("step_times",),
}
"""Assets whose columns a table takes over under the same name."""

_MADE_FROM: dict[str, dict[str, tuple[str, ...]]] = {
    "sessions": {
        "faulty": ("lake/sessions.fault_code",),
        "experience_score": (
            "lake/sessions.fault_code",
            "lake/sessions.latency_ms",
            "lake/sessions.mos",
        ),
    },
    "causes_history": {
        "sessions": ("sessions.session_id",),
        "faults": ("sessions.faulty",),
        "customers": ("sessions.customer_id",),
        "units": ("sessions.unit_id",),
        "valid_from": ("sessions.started_at",),
        "valid_to": ("sessions.started_at",),
    },
    "fault_causes": {
        "cause_id": ("causes_history.cause_id",),
        "share": ("sessions.faulty", "causes_history.excess_faults"),
    },
    "data_limits": {
        "values_with_one_customer": ("sessions.customer_id",),
        "sessions": ("sessions.session_id",),
    },
    "customer_experience": {
        "day": ("sessions.started_at",),
        "sessions": ("sessions.session_id",),
        "faults": ("sessions.faulty",),
        "score": ("sessions.experience_score",),
        "top_cause_id": ("fault_causes.cause_id",),
        "lost_to_device": ("fault_causes.share", "causes_history.domain"),
        "lost_to_app": ("fault_causes.share", "causes_history.domain"),
        "lost_to_network": ("fault_causes.share", "causes_history.domain"),
        "lost_to_individual": ("fault_causes.share", "causes_history.kind"),
        "lost_to_background": ("fault_causes.share",),
    },
    "customer_fixes": {"verdict_smallest_effect": ("customer_verdicts.smallest_effect",)},
    "action_effects": {
        "treated_sessions": ("sessions.session_id",),
        "control_sessions": ("sessions.session_id",),
        "estimate": ("sessions.faulty",),
    },
    "customer_verdicts": {
        "sessions_before": ("sessions.session_id",),
        "sessions_after": ("sessions.session_id",),
        "faults_before": ("sessions.faulty",),
        "faults_after": ("sessions.faulty",),
    },
    "defects": {
        "units_made": ("lake/units.unit_id",),
        "units_in_field": ("lake/units.in_service_at",),
        "units_failed": ("sessions.unit_id",),
        "cannot_separate": ("cause_rivals.rival", "cause_rivals.nats_behind"),
    },
    "defect_ages": {
        "cohort_month": ("lake/units.produced_at", "lake/units.in_service_at"),
        "months_in_service": ("lake/units.in_service_at",),
        "units_at_risk": ("sessions.unit_id",),
        "units_failed": ("sessions.unit_id",),
        "faults": ("fault_causes.share",),
    },
    "defect_life": {
        "units_failed": ("fault_causes.share",),
        "shape": ("lake/units.in_service_at", "fault_causes.share"),
        "scale_days": ("lake/units.in_service_at", "fault_causes.share"),
    },
    "forecast_backtest": {
        "as_of": ("causes_history.as_of",),
        "predicted": ("causes_history.excess_faults",),
        "actual": ("fault_causes.share",),
    },
    "unit_risk_capture": {
        "as_of": ("causes_history.as_of",),
        "units": ("unit_risk.unit_id",),
        "failures": ("fault_causes.share",),
    },
    "step_times": {
        "work_s": ("lake/production_events.started_at", "lake/production_events.ended_at"),
        "wait_s": ("lake/production_events.started_at", "lake/production_events.ended_at"),
    },
    "case_genealogy": {
        "part_id": (
            "lake/production_events.case_id",
            "lake/production_events.input_ids",
            "lake/components.component_lot",
            "lake/components.component_serial",
        ),
    },
    "step_map": {
        "from_step": ("step_times.step",),
        "to_step": ("step_times.step",),
        "cases": ("step_times.case_id",),
        "scrap": ("step_times.quantity_rejected",),
        "scrap_made": ("step_defects.made",),
        "field_faults": ("step_field_faults.faults",),
    },
    "reject_causes": {
        "found_at": ("step_times.step",),
        "pieces": ("step_times.quantity_completed", "step_times.quantity_rejected"),
        "rejects": ("step_times.quantity_rejected",),
        "excess_rejects": ("step_times.quantity_rejected",),
        "supplier": ("lake/components.supplier",),
    },
    "step_defects": {
        "booked": ("step_times.quantity_rejected",),
        "made": ("step_times.quantity_rejected",),
        "made_by_causes": ("reject_causes.excess_rejects",),
    },
    "step_field_faults": {
        "sessions": ("sessions.session_id",),
        "faults": ("sessions.faulty", "fault_causes.share"),
    },
    "step_waste": {
        "amount": ("step_times.wait_s", "step_times.rework", "step_defects.made"),
        "detail": ("reject_causes.label",),
    },
}
"""Columns that are made from columns of another name."""


def column_schema(table: Table) -> dg.TableSchema:
    """The contract's columns with types, meanings and what their values must satisfy."""
    return dg.TableSchema(
        columns=[_column(column, table) for column in table.columns],
        constraints=dg.TableConstraints(other=list(_table_rules(table))),
    )


def lineage(table: Table) -> dg.TableColumnLineage:
    """From which columns of which assets each column of a derived table comes."""
    origins = {column.name: list(_origins(table, column.name)) for column in table.columns}
    return dg.TableColumnLineage({name: deps for name, deps in origins.items() if deps})


def preview(frame: pl.DataFrame, rows: int = 10) -> dg.MarkdownMetadataValue:
    """The first rows as a Markdown table; ids of people and their things are hidden."""
    if not frame.width or not frame.height:
        return dg.MetadataValue.md("No rows.")
    head = _line(_escaped(name) for name in frame.columns)
    rule = _line("---" for _ in frame.columns)
    body = [_line(_cell(k, v) for k, v in row.items()) for row in frame.head(rows).to_dicts()]
    return dg.MetadataValue.md("\n".join([head, rule, *body]))


def plot(picture: bytes, words: str) -> dg.MarkdownMetadataValue:
    """A PNG or SVG for the UI, with what it shows in words."""
    return dg.MetadataValue.md(f"![{_escaped(words)}]({data_uri(picture)})")


def counts(rows: int, **more: int) -> dict[str, dg.IntMetadataValue]:
    """The row count that Dagster draws over time, and further counts by name."""
    numbers = {ROW_COUNT: rows, **more}
    return {name: dg.MetadataValue.int(int(value)) for name, value in numbers.items()}


def check_result(
    results: Sequence[CheckResult],
    severity: Severity,
    *,
    name: str | None = None,
    docs: Path | None = None,
) -> dg.AssetCheckResult:
    """The verdicts of one severity as a Dagster check: ERROR for what blocks, else WARN.

    Parameters
    ----------
    name : the check's name, where an asset has several.
    docs : the page that tells more.
    """
    judged = [result for result in results if result.severity == severity]
    breaches = failed(judged, severity)
    metadata: dict[str, Any] = {"expectations": len(judged), "breaches": len(breaches)}
    if breaches:
        metadata["breached"] = preview(_breaches(breaches), rows=len(breaches))
    if docs is not None:
        metadata["page"] = dg.MetadataValue.path(docs)
    level = dg.AssetCheckSeverity.ERROR if severity == "block" else dg.AssetCheckSeverity.WARN
    words = "; ".join(breach.meaning for breach in breaches) or "As expected"
    return dg.AssetCheckResult(
        passed=not breaches, check_name=name, severity=level, metadata=metadata, description=words
    )


def _breaches(breaches: Sequence[CheckResult]) -> pl.DataFrame:
    rows = [{"expected": breach.meaning, "observed": breach.observed} for breach in breaches]
    return pl.DataFrame(rows, schema={"expected": pl.String, "observed": pl.String})


def _column(column: Column, table: Table) -> dg.TableColumn:
    return dg.TableColumn(
        name=column.name,
        type=column.type,
        description=_meaning(column),
        constraints=dg.TableColumnConstraints(
            nullable=not column.required,
            unique=table.key == (column.name,),
            other=list(_limits(column)),
        ),
    )


def _meaning(column: Column) -> str:
    """The column's comment but for its choices: they are shown as a constraint."""
    return f"{column.meaning} [{column.unit}]" if column.unit else column.meaning


def _limits(column: Column) -> Iterator[str]:
    if column.low is not None:
        yield f"≥ {column.low:g}"
    if column.high is not None:
        yield f"≤ {column.high:g}"
    if column.choices:
        yield "one of " + ", ".join(column.choices)


def _table_rules(table: Table) -> Iterator[str]:
    if table.key:
        yield f"unique: {', '.join(table.key)}"
    for rule in table.rules if isinstance(table, Feed) else ():
        yield f"never: {rule.meaning}"


def _origins(table: Table, column: str) -> Iterator[dg.TableColumnDep]:
    """The column of the same name in the first asset that has it, and what it is made from.

    Later assets add theirs too, unless it is what they are joined by.
    """
    found = False
    for source in _READS.get(table.name, ()):
        contract = _contract(source)
        if column in contract.names and not (found and column in contract.key):
            found = True
            yield _dep(source, column)
    for origin in _MADE_FROM.get(table.name, {}).get(column, ()):
        yield _dep(*origin.rsplit(".", 1))


def _dep(source: str, column: str) -> dg.TableColumnDep:
    return dg.TableColumnDep(asset_key=dg.AssetKey(source.split("/")), column_name=column)


def _contract(source: str) -> Table:
    layer, _, name = source.rpartition("/")
    return FEEDS[name] if layer else TABLES[name]


def _line(cells: Iterator[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(name: str, value: Any) -> str:
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    if name in (*PERSONAL, REACHED) or (
        _NAMING.search(text) and name not in ("expected", "observed")
    ):
        return _escaped(HIDDEN) if text else ""
    return _escaped(text if len(text) <= CELL_LENGTH else text[: CELL_LENGTH - 1] + "…")


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no new line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
