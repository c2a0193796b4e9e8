"""Published figures, re-measured: findings against the planted truth.

`attribution` plants worlds, runs a pipeline that is handed in, and prints the table; `score` is
the pure function behind it.
"""

from cx_analytics.bench.attribution import Findings, Result, attribution, table
from cx_analytics.bench.scoring import Score, score

__all__ = ["Findings", "Result", "Score", "attribution", "score", "table"]
