"""Why: counts -> candidates -> causes -> shares, with confidence.

`find_causes` (which conditions cause faults?), file by file: aggregate (SQL counts per day) ->
counts (arrays) -> candidates, pairs, incidents (what is worth counting) -> wanted, exposure,
coded, tallies, asked (the question and its answer) -> cells -> windows, noise, scoring, assess,
individuals (what a candidate is worth) -> search, merging, refine (which set) on hazard and
background (the model) -> responsibility (whose share), probability (how sure), identity, report;
lot_watch between fits. `localize` (what carries a deviation from a forecast?) is in cuboids/, and
its use on contacts in contacts/; limits/ says what the sessions cannot answer.
"""

from cx_analytics.attribute.aggregate import (
    CELL_COUNTS,
    FAULT_ROWS,
    STRATUM_COUNTS,
    VALUE_COUNTS,
    day_aggregates,
    missing_cells,
)
from cx_analytics.attribute.counts import Counts
from cx_analytics.attribute.cuboids import localize
from cx_analytics.attribute.exposure import CellCounter, cell_exposure
from cx_analytics.attribute.fit import find_causes, fit_days
from cx_analytics.attribute.report import Findings
from cx_analytics.attribute.wanted import wanted_cells

__all__ = [
    "CELL_COUNTS",
    "FAULT_ROWS",
    "STRATUM_COUNTS",
    "VALUE_COUNTS",
    "CellCounter",
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
