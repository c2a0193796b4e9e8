"""The versions that a customer could go to, one column for each need of the playbook.

Belongs here: joining what the evidence on versions says to customers and causes. Stays out: that
evidence (versions.py, unit_versions.py) and whether a rule asks for it (fixes.py).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cx_analytics.care.evidence import CareEvidence
from cx_analytics.care.unit_versions import better_unit_versions
from cx_analytics.care.versions import better_versions, only_app

_ATTRIBUTE_OF = {"better_firmware": "firmware_version", "better_os": "os_version"}


def with_targets(pairs: pl.DataFrame, evidence: CareEvidence, as_of: datetime) -> pl.DataFrame:
    """The pairs with columns newer_version, better_firmware and better_os; null = none known."""
    has_ended = (pl.col("valid_to") <= as_of).fill_null(False) | (pl.col("status") == "fixed")
    open_causes = evidence.causes.filter(~has_ended)
    only = pl.lit(only_app(evidence.releases), dtype=pl.String)
    apps = better_versions(open_causes, evidence.version_counts, evidence.releases, as_of=as_of)
    pairs = _joined(
        pairs.with_columns(pl.col("app_name").fill_null(only)),
        apps,
        ["cause_id", "app_name", "device_model"],
        "newer_version",
    )
    for need, attribute in _ATTRIBUTE_OF.items():
        found = better_unit_versions(
            open_causes, evidence.unit_versions, evidence.version_moves, attribute
        )
        pairs = _joined(pairs, found, ["cause_id", "device_model"], need)
    return pairs


def _joined(pairs: pl.DataFrame, targets: pl.DataFrame, keys: list[str], need: str) -> pl.DataFrame:
    return pairs.join(
        targets.select(*keys, pl.col("target_version").alias(need)),
        on=keys,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
