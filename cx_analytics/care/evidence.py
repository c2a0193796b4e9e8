"""What fixes are chosen from: the small tables that the SQL models of care make of the sessions.

Belongs here: their names and meaning. Stays out: making them (sql/care, exposure.py), using them.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class CareEvidence:
    """All of the same window of days.

    Attributes
    ----------
    causes : the table `causes`.
    customer_causes : rows of the model `care/customer_causes`.
    usage : the model `care/customer_usage`.
    exposure : the rows of `exposure_sql(causes)`.
    habits : the model `care/fault_habits`.
    version_counts : the model `care/version_counts`.
    unit_versions : the model `care/unit_versions`.
    version_moves : the model `care/version_moves`.
    releases : the feed `app_releases` (may be empty).
    """

    causes: pl.DataFrame
    customer_causes: pl.DataFrame
    usage: pl.DataFrame
    exposure: pl.DataFrame
    habits: pl.DataFrame
    version_counts: pl.DataFrame
    unit_versions: pl.DataFrame
    version_moves: pl.DataFrame
    releases: pl.DataFrame
