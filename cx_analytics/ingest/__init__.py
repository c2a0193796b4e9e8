"""Files of any supported format → typed rows in the lake; duplicates, late rows, quarantine.

The flow, one module a step: find → read (or careful) → judge → merge → commit; `take` holds a
batch together, `manifest` remembers what was taken. `erase` takes a customer out again, and
`suppress` and `withhold` keep him out.
"""

from __future__ import annotations

from cx_analytics.ingest.commit import recover
from cx_analytics.ingest.erase import Removed, erase_customer
from cx_analytics.ingest.find import candidates
from cx_analytics.ingest.intake import ingest
from cx_analytics.ingest.manifest import has_news, lake_versions
from cx_analytics.ingest.records import quarantine_files, runs_files
from cx_analytics.ingest.shapes import FeedReport
from cx_analytics.ingest.suppress import Suppressed

__all__ = [
    "FeedReport",
    "Removed",
    "Suppressed",
    "candidates",
    "erase_customer",
    "has_news",
    "ingest",
    "lake_versions",
    "quarantine_files",
    "recover",
    "runs_files",
]
