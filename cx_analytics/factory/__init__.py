"""Causes of the device domain as a factory sees them: defects, units at risk, holds.

Belongs here: genealogy, forecasts, risk of single units, proposals of holds and their state.
Stays out: finding causes, deciding on holds, and writing to anybody.
"""

from cx_analytics.factory.backtest import (
    HORIZON_DAYS,
    forecast_backtest,
    tested_days,
    unit_risk_capture,
)
from cx_analytics.factory.defect_table import defects
from cx_analytics.factory.evidence import defect_evidence
from cx_analytics.factory.exposure import FAILED_SHARE, units_at_risk
from cx_analytics.factory.genealogy import defect_conditions, defect_id
from cx_analytics.factory.hold_table import hold_proposals, holds
from cx_analytics.factory.life import defect_life
from cx_analytics.factory.risk import unit_risk

__all__ = [
    "FAILED_SHARE",
    "HORIZON_DAYS",
    "defect_conditions",
    "defect_evidence",
    "defect_id",
    "defect_life",
    "defects",
    "forecast_backtest",
    "hold_proposals",
    "holds",
    "tested_days",
    "unit_risk",
    "unit_risk_capture",
    "units_at_risk",
]
