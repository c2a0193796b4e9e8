"""Why: counts -> candidates -> causes -> shares, with confidence.

The flow, file by file: aggregate (SQL counts per day) -> counts (arrays) -> candidates and
incidents (what is worth counting) -> cells -> scoring, assess, individuals (what a candidate
is worth) -> search (which set) on hazard and background (the model) -> identity, report.
"""

from cx_analytics.attribute.aggregate import (
    CELL_COUNTS,
    FAULT_ROWS,
    STRATUM_COUNTS,
    VALUE_COUNTS,
    cell_exposure,
    day_aggregates,
    missing_cells,
)
from cx_analytics.attribute.counts import Counts
from cx_analytics.attribute.cuboids import localize
from cx_analytics.attribute.fit import find_causes, fit_days
from cx_analytics.attribute.report import Findings
from cx_analytics.attribute.wanted import wanted_cells

__all__ = [
    "CELL_COUNTS",
    "FAULT_ROWS",
    "STRATUM_COUNTS",
    "VALUE_COUNTS",
    "Counts",
    "Findings",
    "cell_exposure",
    "day_aggregates",
    "find_causes",
    "fit_days",
    "localize",
    "missing_cells",
    "wanted_cells",
]
