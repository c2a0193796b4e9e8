"""Files of any supported format → typed rows in the lake; duplicates, late rows, quarantine.

The flow, one module a step: find → read (or careful) → judge → rows → merge → commit; `take` holds
a batch together, `manifest` remembers what was taken. `erase` takes a customer out again, and
`suppress` and `withhold` keep him out. `pseudonyms` and `action_ids` replace ids on the way in.
"""

from __future__ import annotations

from cx_analytics.ingest.commit import recover
from cx_analytics.ingest.erase import Removed, erase_customer
from cx_analytics.ingest.find import candidates
from cx_analytics.ingest.intake import demand_settled, ingest, most_in_a_batch, new_text_bytes
from cx_analytics.ingest.manifest import Manifest, has_news, lake_versions
from cx_analytics.ingest.pseudonyms import KEY_BYTES, Pseudonyms, is_pseudonym, under
from cx_analytics.ingest.records import quarantine_files, runs_files
from cx_analytics.ingest.shapes import FeedReport
from cx_analytics.ingest.suppress import Suppressed

__all__ = [
    "KEY_BYTES",
    "FeedReport",
    "Manifest",
    "Pseudonyms",
    "Removed",
    "Suppressed",
    "candidates",
    "demand_settled",
    "erase_customer",
    "has_news",
    "ingest",
    "most_in_a_batch",
    "is_pseudonym",
    "lake_versions",
    "new_text_bytes",
    "quarantine_files",
    "recover",
    "runs_files",
    "under",
]
