"""Causes of the device domain as a factory sees them: defects, units at risk, holds.

Belongs here: genealogy, forecasts, risk of single units, proposals of holds and their state.
Stays out: finding causes, deciding on holds, and writing to anybody.
"""

from cx_analytics.factory.defect_table import defects
from cx_analytics.factory.evidence import defect_evidence
from cx_analytics.factory.exposure import units_at_risk
from cx_analytics.factory.genealogy import defect_conditions, defect_id
from cx_analytics.factory.hold_table import hold_proposals, holds
from cx_analytics.factory.risk import unit_risk

__all__ = [
    "defect_conditions",
    "defect_evidence",
    "defect_id",
    "defects",
    "hold_proposals",
    "holds",
    "unit_risk",
    "units_at_risk",
]
