"""Asset checks: Great Expectations' verdicts on what was made; blocking ones stop the rest.

Belongs here: which relation a suite judges, and when. Stays out: what is good or bad (quality).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl

from cx_analytics import quality
from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.contracts.model import Severity, Table
from cx_analytics.contracts.tables import (
    CUSTOMER_EXPERIENCE,
    FAULT_CAUSES,
    REJECT_CAUSES,
    RUNS,
    SESSIONS_TABLE,
    STEP_DEFECTS,
    STEP_FIELD_FAULTS,
    STEP_TIMES,
    STEP_WASTE,
)
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.limits import measured
from cx_analytics.defs.metadata import check_result
from cx_analytics.defs.plan import window_of
from cx_analytics.defs.progress import tell
from cx_analytics.defs.resources import House
from cx_analytics.engine.files import read_json, write_json
from cx_analytics.engine.stamps import Stamps, digest
from cx_analytics.ingest import lake_versions, runs_files
from cx_analytics.quality import CheckResult, Suite

SAMPLE_ROWS, SAMPLE_SEED = 5000, 20260101
"""What a suite looks at row by row: a sample that is the same for the same data."""

CONTRACT, USUAL = "contract", "usual"
"""The two checks of an asset: what must hold (blocks), what is watched (warns)."""

SEVERITIES: Mapping[str, Severity] = {CONTRACT: "block", USUAL: "warn"}

Judge = Callable[[House], Sequence[CheckResult]]


def checks_of(asset: dg.AssetKey, judge: Judge, page: str) -> dg.AssetChecksDefinition:
    """The blocking and the warning check of an asset, judged in one go."""

    @dg.multi_asset_check(
        name=f"{asset.path[-1]}_{'lake' if len(asset.path) > 1 else 'table'}_quality",
        specs=[
            dg.AssetCheckSpec(
                CONTRACT, asset=asset, blocking=True, description="What the contract demands."
            ),
            dg.AssetCheckSpec(USUAL, asset=asset, description="What is usual for this table."),
        ],
        can_subset=True,
    )
    def judged(house: House) -> Iterator[dg.AssetCheckResult]:
        tell("quality", asset.path[-1])
        results = judge(house)
        docs = docs_folder(house) / f"{page}.html"
        asked = dg.AssetCheckExecutionContext.get().selected_asset_check_keys
        for name, severity in SEVERITIES.items():
            if name in {key.name for key in asked}:
                yield check_result(results, severity, name=name, docs=docs)

    return judged


def docs_folder(house: House) -> Path:
    """Where the Data Docs lie."""
    return house.workspace.reports / "quality"


def judge_files(
    house: House, table: Table, files: Sequence[Path], days: Collection[date] | None = None
) -> Sequence[CheckResult]:
    """A table in Parquet files against the suite of its contract."""
    if not files:
        return ()
    engine = house.engine if table is SESSIONS_TABLE else house.duck
    engine.view("judged", files)
    narrowed = quality.as_present(table, engine.schema("SELECT * FROM judged"))
    aggregates = engine.frame(quality.aggregate_sql(narrowed, "judged"))
    sample = engine.frame(quality.sample_sql(narrowed, SAMPLE_ROWS, SAMPLE_SEED, "judged"))
    suite = quality.suite(narrowed)
    return quality.validate(suite, aggregates, sample, days=days, docs=docs_folder(house))


def judge_model(house: House, suite: Suite, model: str) -> Sequence[CheckResult]:
    """A suite on the rows of its own SQL model."""
    aggregates: pl.DataFrame = house.duck.model(model)
    return quality.validate(suite, aggregates, docs=docs_folder(house))


def _feed_judge(feed: str) -> Judge:
    return lambda house: judge_once(
        house, feed, lambda: judge_files(house, FEEDS[feed], house.lake.paths(feed))
    )


def judge_once(
    house: House, feed: str, judge: Callable[[], Sequence[CheckResult]]
) -> Sequence[CheckResult]:
    """The verdicts on a feed; those of last time while nothing of it has changed."""
    kept = house.parts.root / "quality" / f"{feed}.json"
    version = digest(*sorted(lake_versions(house.workspace.root).get(feed, {}).items()))
    known = read_json(kept, {})
    if known.get("version") == version:
        return [
            CheckResult(**{**one, "failing": tuple(one["failing"])}) for one in known["results"]
        ]
    results = judge()
    write_json(kept, {"version": version, "results": [asdict(one) for one in results]})
    return results


def _intake(house: House) -> Sequence[CheckResult]:
    house.view("runs", runs_files(house.workspace.root), RUNS)
    return judge_model(house, quality.INTAKE, "quality/intake")


def _sessions(house: House) -> Sequence[CheckResult]:
    days = window_of(house.workspace)
    return judge_files(house, SESSIONS_TABLE, house.parts.paths("sessions", days), days)


def _shares(house: House) -> Sequence[CheckResult]:
    return judge_days(house, quality.SHARES, "quality/shares", (FAULT_CAUSES,))


def _reasons(house: House) -> Sequence[CheckResult]:
    tables = (CUSTOMER_EXPERIENCE, SESSIONS_TABLE)
    return judge_days(house, quality.REASONS, "quality/reasons", tables)


def judge_days(
    house: House, suite: Suite, model: str, tables: Sequence[Table]
) -> Sequence[CheckResult]:
    """A suite on the days of the window, and on older ones that were not found good before.

    A day's verdict holds for as long as the day is made of the same.
    """
    window, versions = window_of(house.workspace), versions_of(house, tables)
    stamps = Stamps(house.parts.root)
    good = stamps.of(f"judged {model}")
    due = [day for day in versions if day in window or good.get(str(day)) != versions[day]]
    for table in tables:
        house.view(table.name, house.parts.paths(table.name, due), table)
    results = judge_model(house, suite, model)
    if not quality.failed(results, "block"):
        stamps.set(f"judged {model}", {str(day): versions[day] for day in due})
    return results


def versions_of(house: House, tables: Sequence[Table]) -> dict[date, str]:
    """The days that tables have together, each with the stamps of all of them."""
    stamps = Stamps(house.parts.root)
    made = [stamps.of(table.name) for table in tables]
    days = sorted({day for table in tables for day in house.parts.days(table.name)})
    return {day: digest(*(one.get(str(day)) for one in made)) for day in days}


def _supply(house: House) -> Sequence[CheckResult]:
    tables = {"step_times": STEP_TIMES, "step_defects": STEP_DEFECTS}
    house.views(tables | {"reject_causes": REJECT_CAUSES}, house.parts)
    return judge_model(house, quality.SUPPLY, "quality/supply")


def _waste(house: House) -> Sequence[CheckResult]:
    tables = {"step_times": STEP_TIMES, "step_field_faults": STEP_FIELD_FAULTS}
    house.views(tables | {"step_waste": STEP_WASTE}, house.parts)
    return judge_model(house, quality.WASTE, "quality/waste")


def _lead_times(house: House) -> Sequence[CheckResult]:
    house.views({"step_times": STEP_TIMES}, house.parts)
    return judge_model(house, quality.LEAD_TIMES, "quality/lead_times")


def all_checks() -> list[dg.AssetChecksDefinition]:
    """Every check, in the order of the stages."""
    feeds = [name for name in FEEDS if name != "sessions"]
    return [
        *(checks_of(lake_key(name), _feed_judge(name), name) for name in feeds),
        checks_of(dg.AssetKey("references"), _intake, "intake"),
        checks_of(dg.AssetKey("sessions"), _sessions, "sessions"),
        measured,
        checks_of(dg.AssetKey("fault_causes"), _shares, "shares"),
        checks_of(dg.AssetKey("customer_experience"), _reasons, "reasons"),
        checks_of(dg.AssetKey("step_defects"), _supply, "supply"),
        checks_of(dg.AssetKey("step_waste"), _waste, "waste"),
        checks_of(dg.AssetKey("step_times"), _lead_times, "lead_times"),
    ]
