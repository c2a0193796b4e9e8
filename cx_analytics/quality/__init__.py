"""Whether the data keep their contracts: suites, the SQL that feeds them, and their verdicts.

Everything that touches every row is SQL that ends in one row a day (aggregates.py); Great
Expectations judges those rows and a seeded sample (validation.py) by suites that follow from
the contracts (suites.py), and its verdicts become pages for people (docs.py). What keeps a
bad row out of the lake is not here but in ingest; these checks prove that it did.
"""

from cx_analytics.quality.aggregates import aggregate_sql, as_present, judged, sample_sql
from cx_analytics.quality.suites import (
    INTAKE,
    LEAD_TIMES,
    REASONS,
    SHARES,
    SUPPLY,
    WASTE,
    Expectation,
    Suite,
    suite,
)
from cx_analytics.quality.validation import CheckResult, enforce, failed, validate

__all__ = [
    "INTAKE",
    "LEAD_TIMES",
    "REASONS",
    "SHARES",
    "SUPPLY",
    "WASTE",
    "CheckResult",
    "Expectation",
    "Suite",
    "aggregate_sql",
    "as_present",
    "enforce",
    "failed",
    "judged",
    "sample_sql",
    "suite",
    "validate",
]
