"""Published figures, re-measured: findings against the planted truth, and the time of a run.

The flow of `attribution`, file by file: planted (a world) -> fitting or a run that is handed in,
and baselines -> matching, scoring, blame, excess (the figures) -> bars, tables -> document.
`speed` times a run in a process of its own: timed, stopwatch, and raw for the floor beside it.
"""

from cx_analytics.bench.attribution import Result, Trial, attribution
from cx_analytics.bench.fitting import Findings
from cx_analytics.bench.scoring import Score, score

__all__ = ["Findings", "Result", "Score", "Trial", "attribution", "score"]
