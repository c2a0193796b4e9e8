"""Suites of expectations as frozen data: from a contract, or across the columns of a table.

Belongs here: what is expected, how grave a breach is, and what it means. Stays out: the SQL
that measures it (aggregates.py, sql/quality/) and Great Expectations itself (validation.py).

A breach blocks when it makes what follows wrong (a key twice, a required value missing, rows
that vanished); it warns when the world may really have changed (volume, missing attributes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cx_analytics.contracts.model import Column, Feed, Severity, Table

Source = Literal["aggregates", "sample"]

PARTITION = "partition"
"""Column of an aggregate frame that says what the row is about: a day, a batch, or `all`."""

BETWEEN = "expect_column_values_to_be_between"
NOT_LIKE = "expect_column_values_to_not_match_regex"

TOLERANCE = 1e-9
"""How far a bound may be passed: the rounding of double arithmetic, no more."""

SUM_TOLERANCE = 1e-6
"""How far a sum of shares or points may be off."""

LEAD_TIME_TOLERANCE_S = 0.001
"""How far the seconds of a case may be from its lead time: the rounding of sums, no more."""

VOLUME = (0.25, 4.0)
"""A day's rows over the median of the other days: outside of it something broke."""

NULL_RISE = 0.2
"""How much the null share of an attribute may rise over the median of the other days."""

QUARANTINE_SHARE = 0.05
"""Largest share of a batch that may be rejected without a warning."""

_BLANKS = r"^\s|\s$|^$"
_FLOAT_ID = r"^\d+\.0+$|^\d+(\.\d+)?[eE]\+?\d+$"
_ID_ENDINGS = ("_id", "_lot", "_serial")
_ID_NAMES = ("lot", "gtin")


@dataclass(frozen=True)
class Expectation:
    """One expectation of Great Expectations: its type, on which column, with what arguments.

    `name` is unique in its suite and fit for the name of a Dagster check. `source` says
    whether it looks at the aggregates (one row a day) or at a sample of rows.
    """

    name: str
    kind: str
    column: str
    severity: Severity
    meaning: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    source: Source = "aggregates"


@dataclass(frozen=True)
class Suite:
    """All expectations on one table."""

    name: str
    meaning: str
    expectations: tuple[Expectation, ...]

    def of(self, source: Source) -> tuple[Expectation, ...]:
        """The expectations on the aggregates, or those on the sample."""
        return tuple(one for one in self.expectations if one.source == source)


def suite(table: Table) -> Suite:
    """The suite that follows from a contract; its aggregates come from `aggregate_sql`."""
    expectations = [*_key(table), *_rules(table), *_finite(table)]
    for column in table.columns:
        expectations += [*_required(column), *_bounds(column), *_choices(column)]
        expectations += [*_texts(column)]
    if by_day(table):
        expectations += [_volume(), *_null_rises(table)]
    return Suite(table.name, table.meaning, tuple(expectations))


def by_day(table: Table) -> bool:
    """Whether the table's own columns say to which day a row belongs."""
    return table.day is not None and table.day in table.names


def attributes(table: Table) -> tuple[Column, ...]:
    """The columns whose missing values are watched: words that need not be there."""
    return tuple(c for c in table.columns if c.type == "VARCHAR" and not c.required)


def _none(name: str, column: str, severity: Severity, meaning: str) -> Expectation:
    return _between(name, column, severity, meaning, high=0)


def _between(
    name: str,
    column: str,
    severity: Severity,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
) -> Expectation:
    kwargs = {"min_value": low, "max_value": high}
    given = {key: value for key, value in kwargs.items() if value is not None}
    return Expectation(name, BETWEEN, column, severity, meaning, given)


def _key(table: Table) -> Iterator[Expectation]:
    if table.key:
        words = f"{', '.join(table.key)} names one row"
        yield _none("key_unique", "repeated_keys", "block", words)


def _rules(table: Table) -> Iterator[Expectation]:
    for rule in table.rules if isinstance(table, Feed) else ():
        words = f"No row where {rule.meaning}"
        yield _none(rule.name, f"rule_{rule.name}", rule.severity, words)


def _finite(table: Table) -> Iterator[Expectation]:
    if any(column.type == "DOUBLE" for column in table.columns):
        severity: Severity = "block" if isinstance(table, Feed) else "warn"
        yield _none("numbers_finite", "not_finite", severity, "No number is infinite or NaN")


def _required(column: Column) -> Iterator[Expectation]:
    if column.required:
        words = f"{column.name} is never missing"
        yield _none(f"{column.name}_required", f"nulls_{column.name}", "block", words)


def _bounds(column: Column) -> Iterator[Expectation]:
    if column.low is not None:
        words = f"{column.name} is at least {column.low:g}"
        low = column.low - TOLERANCE
        yield _between(f"{column.name}_low", f"min_{column.name}", "block", words, low=low)
    if column.high is not None:
        words = f"{column.name} is at most {column.high:g}"
        high = column.high + TOLERANCE
        yield _between(f"{column.name}_high", f"max_{column.name}", "block", words, high=high)


def _choices(column: Column) -> Iterator[Expectation]:
    if column.choices:
        words = f"{column.name} is one of {', '.join(column.choices)}"
        yield _none(f"{column.name}_choices", f"unknown_{column.name}", "block", words)


def _texts(column: Column) -> Iterator[Expectation]:
    """On the sample: words with blanks around them, and ids that went through a float."""
    if column.type != "VARCHAR" or column.choices:
        return
    words = f"{column.name} has no blanks around it: they make two words of one"
    yield _unlike(f"{column.name}_trimmed", column, words, _BLANKS)
    if column.name.endswith(_ID_ENDINGS) or column.name in _ID_NAMES:
        words = f"{column.name} was never a float: that loses digits and leading zeros"
        yield _unlike(f"{column.name}_no_float", column, words, _FLOAT_ID)


def _unlike(name: str, column: Column, meaning: str, regex: str) -> Expectation:
    return Expectation(name, NOT_LIKE, column.name, "warn", meaning, {"regex": regex}, "sample")


def _volume() -> Expectation:
    low, high = VOLUME
    words = f"A day has {low:g} to {high:g} times the rows that other days have (median)"
    return _between("volume", "volume_ratio", "warn", words, low=low, high=high)


def _null_rises(table: Table) -> Iterator[Expectation]:
    for column in attributes(table):
        words = f"{column.name} is not missing {NULL_RISE:.0%} more often than on other days"
        name = f"null_rise_{column.name}"
        yield _between(name, name, "warn", words, high=NULL_RISE)


INTAKE = Suite(
    "intake",
    "Each batch accounts for every row that it met (aggregates: quality/intake).",
    (
        _between(
            "rows_accounted",
            "unaccounted_rows",
            "block",
            "Rows in = kept + duplicates + quarantined",
            low=0,
            high=0,
        ),
        _between(
            "quarantine_share",
            "quarantine_share",
            "warn",
            f"At most {QUARANTINE_SHARE:.0%} of the rows are rejected",
            high=QUARANTINE_SHARE,
        ),
        _none("no_drift", "drift_columns", "warn", "No column that no contract names"),
    ),
)
"""Over `runs`: nothing vanishes, little is rejected, nothing unknown comes in."""

SHARES = Suite(
    "shares",
    "The shares of a fault add up to 1 (aggregates: quality/shares).",
    (
        _between(
            "shares_add_up",
            "largest_deviation",
            "block",
            "The shares of each fault add up to 1",
            high=SUM_TOLERANCE,
        ),
    ),
)
"""Over `fault_causes`."""

REASONS = Suite(
    "reasons",
    "Every session is in an index, whose loss has reasons that add up (quality/reasons).",
    (
        _between(
            "reasons_add_up",
            "largest_deviation",
            "block",
            "The reasons of each customer and day add up to 100 - score",
            high=SUM_TOLERANCE,
        ),
        _none(
            "faults_within_sessions",
            "faults_beyond_sessions",
            "block",
            "A customer has no more faults than sessions",
        ),
        _none(
            "sessions_counted",
            "uncounted_sessions",
            "block",
            "Each session of a day is in the index of its customer, once",
        ),
        _none(
            "faults_counted",
            "uncounted_faults",
            "block",
            "Each fault of a day is in the index of its customer, once",
        ),
        _none(
            "score_within_interval",
            "scores_outside",
            "block",
            "The interval of an index holds the index",
        ),
    ),
)
"""Over `customer_experience` and the `sessions` that it is made of."""

SUPPLY = Suite(
    "supply",
    "Rejects that are traced back are those that were booked (aggregates: quality/supply).",
    (
        _between(
            "supply_adds_up",
            "largest_deviation",
            "block",
            "Rejects made, by causes and by the background, add up to those booked",
            high=SUM_TOLERANCE,
        ),
        _between(
            "inspections_make_none",
            "made_by_inspections",
            "block",
            "No inspection is said to have made what it found",
            high=0,
        ),
    ),
)
"""Over `step_defects` and `reject_causes`."""

WASTE = Suite(
    "waste",
    "The wastes are all there is to waste (aggregates: quality/waste).",
    (
        _between(
            "wastes_add_up",
            "largest_deviation",
            "block",
            "Waiting, rework, rejects and faults of the wastes add up to those there are",
            high=SUM_TOLERANCE,
        ),
    ),
)
"""Over `step_waste` and the `step_times` and `step_field_faults` that it is made of."""

LEAD_TIMES = Suite(
    "lead_times",
    "Work and wait of each case are its lead time (aggregates: quality/lead_times).",
    (
        _between(
            "lead_times_reconcile",
            "largest_deviation_s",
            "block",
            "Work and wait of each case add up to its last end minus its first start",
            high=LEAD_TIME_TOLERANCE_S,
        ),
        _between(
            "waits_reconcile",
            "largest_part_deviation_s",
            "block",
            "The causes of each wait add up to it",
            high=LEAD_TIME_TOLERANCE_S,
        ),
    ),
)
"""Over `step_times`."""
