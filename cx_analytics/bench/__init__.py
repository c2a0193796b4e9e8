"""Published figures, re-measured: findings against the planted truth.

The flow of `attribution`, file by file: planted (a world) -> fitting or a run that is handed in,
and baselines -> matching, scoring, blame, excess (the figures) -> bars, tables -> document.
"""

from cx_analytics.bench.attribution import Result, Trial, attribution
from cx_analytics.bench.fitting import Findings
from cx_analytics.bench.scoring import Score, score

__all__ = ["Findings", "Result", "Score", "Trial", "attribution", "score"]
