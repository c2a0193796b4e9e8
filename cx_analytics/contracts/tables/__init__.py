"""The tables that people query in warehouse/cx.duckdb, column by column, a file a stage.

They hold nothing but data. `docs/tables.md` is generated from them.
"""

from __future__ import annotations

from cx_analytics.contracts.feeds import APP_RELEASES, CELLS, COMPONENTS, CONTACTS, UNITS
from cx_analytics.contracts.model import Table
from cx_analytics.contracts.tables.attribution import (
    CAUSE_RIVALS,
    CAUSES,
    CAUSES_HISTORY,
    CONTACT_SHIFTS,
    DATA_LIMITS,
    FAULT_CAUSES,
    LOT_WATCH,
)
from cx_analytics.contracts.tables.customers import (
    CUSTOMER_EXPERIENCE,
    CUSTOMER_FIXES,
    FIX_CAMPAIGN_STAGES,
    FIX_CAMPAIGNS,
    SATISFACTION_BY_SCORE,
    SATISFACTION_FIT,
    SESSIONS_TABLE,
)
from cx_analytics.contracts.tables.factory import (
    DEFECT_AGES,
    DEFECT_LIFE,
    DEFECTS,
    FORECAST_BACKTEST,
    UNIT_HOLDS,
    UNIT_RISK,
    UNIT_RISK_CAPTURE,
)
from cx_analytics.contracts.tables.loop import (
    ACTION_EFFECTS,
    ACTION_LEDGER,
    ACTION_PROPOSALS,
    ACTIONS,
    CUSTOMER_VERDICTS,
    RECURRENCES,
    RELEASE_LIMITS,
)
from cx_analytics.contracts.tables.running import METRICS_SQL, QUARANTINE, RUNS
from cx_analytics.contracts.tables.supply import (
    CASE_GENEALOGY,
    STEP_MAP,
    STEP_TIME_ISSUES_TABLE,
    STEP_TIMES,
)
from cx_analytics.contracts.tables.waste import (
    REJECT_CAUSES,
    STEP_DEFECTS,
    STEP_FIELD_FAULTS,
    STEP_WASTE,
)

FEED_TABLES: dict[str, Table] = {
    feed.name: feed for feed in (UNITS, COMPONENTS, CELLS, APP_RELEASES, CONTACTS)
}
"""Feeds that are published as they are."""

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        CAUSES,
        FAULT_CAUSES,
        CAUSES_HISTORY,
        CAUSE_RIVALS,
        LOT_WATCH,
        DATA_LIMITS,
        CONTACT_SHIFTS,
        SESSIONS_TABLE,
        CUSTOMER_EXPERIENCE,
        SATISFACTION_FIT,
        SATISFACTION_BY_SCORE,
        CUSTOMER_FIXES,
        FIX_CAMPAIGNS,
        FIX_CAMPAIGN_STAGES,
        DEFECTS,
        DEFECT_AGES,
        DEFECT_LIFE,
        FORECAST_BACKTEST,
        UNIT_RISK,
        UNIT_RISK_CAPTURE,
        UNIT_HOLDS,
        ACTIONS,
        ACTION_EFFECTS,
        CUSTOMER_VERDICTS,
        RECURRENCES,
        ACTION_LEDGER,
        RELEASE_LIMITS,
        ACTION_PROPOSALS,
        STEP_TIMES,
        STEP_TIME_ISSUES_TABLE,
        CASE_GENEALOGY,
        STEP_MAP,
        REJECT_CAUSES,
        STEP_DEFECTS,
        STEP_FIELD_FAULTS,
        STEP_WASTE,
        QUARANTINE,
        RUNS,
        METRICS_SQL,
        *FEED_TABLES.values(),
    )
}
"""Every table of the warehouse, by name."""

__all__ = [
    "FEED_TABLES",
    "TABLES",
    "CAUSES",
    "CAUSES_HISTORY",
    "FAULT_CAUSES",
    "CAUSE_RIVALS",
    "LOT_WATCH",
    "DATA_LIMITS",
    "CONTACT_SHIFTS",
    "SESSIONS_TABLE",
    "CUSTOMER_EXPERIENCE",
    "SATISFACTION_FIT",
    "SATISFACTION_BY_SCORE",
    "CUSTOMER_FIXES",
    "FIX_CAMPAIGNS",
    "FIX_CAMPAIGN_STAGES",
    "DEFECTS",
    "DEFECT_AGES",
    "DEFECT_LIFE",
    "FORECAST_BACKTEST",
    "UNIT_RISK",
    "UNIT_RISK_CAPTURE",
    "UNIT_HOLDS",
    "ACTIONS",
    "ACTION_EFFECTS",
    "CUSTOMER_VERDICTS",
    "RECURRENCES",
    "ACTION_LEDGER",
    "RELEASE_LIMITS",
    "ACTION_PROPOSALS",
    "STEP_TIMES",
    "STEP_TIME_ISSUES_TABLE",
    "CASE_GENEALOGY",
    "STEP_MAP",
    "REJECT_CAUSES",
    "STEP_DEFECTS",
    "STEP_FIELD_FAULTS",
    "STEP_WASTE",
    "QUARANTINE",
    "RUNS",
    "METRICS_SQL",
]
