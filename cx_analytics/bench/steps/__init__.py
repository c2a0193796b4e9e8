"""`bench steps`: what is said about production, against planted plants, and how long it takes.

`waits` holds the causes of waiting against the truth, `many` times the models on millions of
events. Both make the assets of production in workspaces of their own (production.py).
"""

from cx_analytics.bench.steps.many import many_events, many_table
from cx_analytics.bench.steps.waits import waits, waits_table

__all__ = ["many_events", "many_table", "waits", "waits_table"]
