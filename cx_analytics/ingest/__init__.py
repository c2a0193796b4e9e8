"""Files of any supported format → typed rows in the lake; duplicates, late rows, quarantine.

The flow, one module a step: find → read (or careful) → judge → merge → commit; `take` holds a
batch together, `manifest` remembers what was taken.
"""

from __future__ import annotations

from cx_analytics.ingest.commit import recover
from cx_analytics.ingest.intake import ingest
from cx_analytics.ingest.manifest import has_news, lake_versions
from cx_analytics.ingest.records import quarantine_files, runs_files
from cx_analytics.ingest.shapes import FeedReport

__all__ = [
    "FeedReport",
    "has_news",
    "ingest",
    "lake_versions",
    "quarantine_files",
    "recover",
    "runs_files",
]
