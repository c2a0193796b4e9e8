"""Tables of the running of it: rejected rows, runs, and the SQL of each metric."""

from __future__ import annotations

from cx_analytics.contracts.model import Table
from cx_analytics.contracts.tables.columns import count, text, time

QUARANTINE = Table(
    "quarantine",
    "ingest",
    "Rejected rows and files, with the reason.",
    "file, line, rule",
    (
        text("feed", "The feed", required=True),
        text("file", "File, relative to the workspace", required=True),
        count("line", "Line or record in the file; null for the file as a whole", "line"),
        text("rule", "The rule that was broken", required=True),
        text("reason", "What was wrong, in words", required=True),
        text("record", "The row as it came, shortened"),
        text("batch", "The batch that met it", required=True),
    ),
)
RUNS = Table(
    "runs",
    "ingest",
    "What was taken in when: rows in = kept + duplicates + quarantined.",
    "batch, feed",
    (
        text("batch", "Identity of the batch", required=True),
        text("feed", "The feed", required=True),
        time("started_at", "When it was taken in", required=True),
        count("files", "Files read", "files", required=True),
        count("rows_in", "Rows met", "rows", required=True),
        count("kept", "Rows that are new in the lake", "rows", required=True),
        count("duplicates", "Rows whose id was known (the latest arrival wins)", "rows"),
        count("quarantined", "Rows rejected", "rows", required=True),
        text("days", "Days that the batch re-opened, as a JSON list"),
        text("drift", "Columns that no contract names, as a JSON list"),
    ),
    key=("batch", "feed"),
)
METRICS_SQL = Table(
    "metrics_sql",
    "publish",
    "The SQL behind every published number.",
    "metric_id",
    (
        text("metric_id", "Identity of the number", required=True),
        text("sql", "Query that gives it again", required=True),
        text("meaning", "What it says", required=True),
    ),
    key=("metric_id",),
)
