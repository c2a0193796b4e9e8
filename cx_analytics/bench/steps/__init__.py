"""`bench steps` and `bench events`: what is said about production, and how long it takes.

`waits` holds the causes of waiting against the truth of planted plants, `makers` who is blamed for
rejects; `many` times the tables on millions of events. All make the assets of production in
workspaces of their own (production.py).
"""

from cx_analytics.bench.steps.makers import makers, makers_table
from cx_analytics.bench.steps.many import many_events, many_table
from cx_analytics.bench.steps.waits import waits, waits_table

__all__ = ["makers", "makers_table", "many_events", "many_table", "waits", "waits_table"]
