"""Running a suite with Great Expectations: one validation for all days of a run.

Belongs here: the only door to Great Expectations. Stays out: what is expected (suites.py).

Great Expectations counts an exception of its own as a failed expectation; here it raises, or
a broken check would look like bad data. It takes ten seconds to import and some ten
milliseconds an expectation, however few the rows: hence one validation, and imports inside.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from cx_analytics.contracts.errors import CheckFailed
from cx_analytics.contracts.model import Severity
from cx_analytics.quality.aggregates import judged
from cx_analytics.quality.docs import write_page
from cx_analytics.quality.suites import PARTITION, Expectation, Source, Suite

SHOWN = 10
"""How many failing partitions an observation spells out."""


@dataclass(frozen=True)
class CheckResult:
    """What became of one expectation.

    `failing` names the partitions (days, batches) that break it; empty on the sample, where
    rows have none. `observed` says what was seen, without any value of a row.
    """

    name: str
    passed: bool
    severity: Severity
    failing: tuple[str, ...]
    observed: str
    meaning: str


def validate(
    suite: Suite,
    aggregates: pl.DataFrame,
    sample: pl.DataFrame | None = None,
    *,
    days: Collection[date] | None = None,
    docs: Path | None = None,
) -> tuple[CheckResult, ...]:
    """Judge a table by its suite.

    Parameters
    ----------
    aggregates : one row a day, as `aggregate_sql` or the suite's own SQL model gives it. Rows
        beyond `days` are the history that volume and missing values are compared with.
    sample : rows as `sample_sql` gives them; None skips what needs rows.
    days : the days to judge; None: all. A day without a row counts as a day without rows.
    docs : folder to write the suite's page and the index into; None writes nothing.

    Raises
    ------
    RuntimeError : Great Expectations could not evaluate an expectation (no verdict on data).
    """
    frame = judged(suite, aggregates, days)
    outcomes = _run(suite, "aggregates", frame)
    if sample is not None and sample.height:
        outcomes += _run(suite, "sample", sample)
    results = tuple(_result(one, outcome) for one, outcome in outcomes)
    if docs is not None:
        write_page(docs, suite, results, [outcome for _, outcome in outcomes])
    return results


def failed(results: Iterable[CheckResult], severity: Severity) -> tuple[CheckResult, ...]:
    """The results of a severity that did not pass."""
    return tuple(r for r in results if not r.passed and r.severity == severity)


def enforce(results: Iterable[CheckResult], table: str) -> None:
    """Raise CheckFailed when a blocking expectation did not pass."""
    breaches = failed(results, "block")
    if breaches:
        words = "; ".join(f"{breach.meaning} ({breach.observed})" for breach in breaches)
        todo = "see reports/quality, mend the input and run again"
        raise CheckFailed(f"the data break {len(breaches)} rules: {words}", where=table, todo=todo)


def _run(suite: Suite, source: Source, frame: pl.DataFrame) -> list[tuple[Expectation, Any]]:
    """Each expectation of the source with Great Expectations' result of it."""
    expectations = {one.name: one for one in suite.of(source)}
    if not expectations or not frame.height:
        return []
    outcome = _validation(suite.name, expectations.values(), frame, _format(source))
    by_name = {result.expectation_config.meta["name"]: result for result in outcome.results}
    for name, result in by_name.items():
        _raise_if_broken(suite.name, name, result.exception_info)
    return [(one, by_name[name]) for name, one in expectations.items()]


def _format(source: Source) -> dict[str, Any]:
    """Of aggregates everything is told; of rows only counts, since values may be personal."""
    if source == "sample":
        return {"result_format": "SUMMARY", "partial_unexpected_count": 0}
    return {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": [PARTITION],
        "include_unexpected_rows": False,
    }


def _validation(
    name: str,
    expectations: Iterable[Expectation],
    frame: pl.DataFrame,
    result_format: Mapping[str, Any],
) -> Any:
    with _great_expectations() as gx:
        context = gx.get_context(mode="ephemeral")
        _silence(context)
        asset = context.data_sources.add_pandas("frames").add_dataframe_asset(name)
        batches = asset.add_batch_definition_whole_dataframe("whole")
        objects = [_configuration(one).to_domain_obj() for one in expectations]
        suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=objects))
        definition = gx.ValidationDefinition(name=name, data=batches, suite=suite)
        definition = context.validation_definitions.add(definition)
        return definition.run(
            batch_parameters={"dataframe": frame.to_pandas()}, result_format=dict(result_format)
        )


CONNECT = ("pyspark.sql.connect.dataframe", "pyspark.sql.connect.session")
"""Modules of Spark that Great Expectations tries to import and does not need."""


@contextmanager
def _great_expectations() -> Iterator[Any]:
    """The library, with its own deprecations kept from whoever runs with warnings as errors."""
    # It reads this once, when it is imported: without it, it calls home.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings(), _absent(CONNECT):
        warnings.simplefilter("ignore")
        import great_expectations as gx

        yield gx


@contextmanager
def _absent(names: Iterable[str]) -> Iterator[None]:
    """Modules that cannot be imported meanwhile, unless they are already there.

    Where gRPC is missing and Python has no main file (`python -c`), pyspark takes it for a test of
    its own and ends the process when its Connect client is imported.
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _silence(context: Any) -> None:
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context.variables.progress_bars = ProgressBarsConfig(globally=False)


def _configuration(one: Expectation) -> Any:
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )

    return ExpectationConfiguration(
        type=one.kind,
        kwargs={"column": one.column, **one.kwargs},
        meta={"name": one.name},
        # The renderer pastes descriptions into its pages as they are.
        description=escape(one.meaning),
        severity="critical" if one.severity == "block" else "warning",
    )


def _raise_if_broken(suite: str, name: str, info: Any) -> None:
    for part in _parts(info):
        if part.get("raised_exception"):
            raise RuntimeError(
                f"the check {suite}.{name} itself is broken: {part.get('exception_message')}"
            )


def _parts(info: Any) -> Iterator[Mapping[str, Any]]:
    """Exception info comes flat, or as one entry a metric."""
    if isinstance(info, Mapping):
        if "raised_exception" in info:
            yield info
        else:
            for value in info.values():
                yield from _parts(value)


def _result(one: Expectation, outcome: Any) -> CheckResult:
    seen: Mapping[str, Any] = outcome.result
    passed = bool(outcome.success)
    if one.source == "sample":
        failing: tuple[str, ...] = ()
        words = f"{seen.get('unexpected_count', 0)} of {seen.get('element_count', 0)} sampled rows"
    else:
        rows = sorted((str(row[PARTITION]), row[one.column]) for row in _unexpected(seen))
        failing = tuple(partition for partition, _ in rows)
        words = "; ".join(f"{partition}: {_number(value)}" for partition, value in rows[:SHOWN])
        words += f"; and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    observed = words if not passed else "as expected"
    return CheckResult(one.name, passed, one.severity, failing, observed, one.meaning)


def _unexpected(seen: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(seen.get("unexpected_index_list") or [])


def _number(value: Any) -> str:
    return f"{float(value):.6g}"
