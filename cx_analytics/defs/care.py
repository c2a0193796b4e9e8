"""Group care: each customer's experience and what it was lost to, and the fix that helps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial

import dagster as dg
import polars as pl

from cx_analytics import care
from cx_analytics.contracts.attributes import Domain
from cx_analytics.contracts.feeds import APP_RELEASES, CONTACTS
from cx_analytics.contracts.tables import (
    CAUSES,
    CUSTOMER_EXPERIENCE,
    CUSTOMER_FIXES,
    CUSTOMER_VERDICTS,
    FAULT_CAUSES,
    FIX_CAMPAIGN_STAGES,
    FIX_CAMPAIGNS,
    SATISFACTION_BY_SCORE,
    SATISFACTION_FIT,
    SESSIONS_TABLE,
)
from cx_analytics.defs.experience import CUSTOMER_DAYS
from cx_analytics.defs.ingest import lake_key
from cx_analytics.defs.metadata import plot
from cx_analytics.defs.partitions import FRESH_DAILY
from cx_analytics.defs.plan import lately, stale_experience, window_of
from cx_analytics.defs.progress import each_day, tell
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import facts, materialized, table_asset
from cx_analytics.engine.stamps import Stamps
from cx_analytics.report import experience_over_time, png, satisfaction_by_score


@table_asset(CUSTOMER_EXPERIENCE, group="care", deps=["fault_causes", "causes"], fresh=FRESH_DAILY)
def customer_experience(house: House) -> dg.MaterializeResult[None]:
    stale = stale_experience(house.workspace)
    if stale:
        write_experience(house, stale)
    by_day = experience_of_days(house)
    return dg.MaterializeResult(
        metadata={
            **facts(CUSTOMER_EXPERIENCE, house.parts.rows(CUSTOMER_EXPERIENCE.name)),
            "picture": plot(png(experience_over_time(by_day)), "experience index by day"),
        }
    )


def experience_of_days(house: House) -> pl.DataFrame:
    """The mean experience of the customers of each day that is shown."""
    days = lately(house.parts.days(CUSTOMER_EXPERIENCE.name))
    rows = house.parts.paths(CUSTOMER_EXPERIENCE.name, days)
    house.view("customer_experience", rows, CUSTOMER_EXPERIENCE)
    return house.duck.model("report/experience_by_day")


def write_experience(house: House, stale: dict[date, str]) -> None:
    """Score the customer days whose shares have changed."""
    days = house.parts.days("sessions")
    reach = timedelta(days=house.workspace.settings.window_days)
    needed = [day for day in days if min(stale) - reach <= day <= max(stale)]
    index = care.ExperienceIndex(
        days=[day for day in needed if house.parts.has(CUSTOMER_DAYS, day)],
        customer_days=partial(rows_of_day, house),
        customer_causes=customer_causes(house, needed),
        causes=house.read(CAUSES),
        domain_of=domain_of(house),
        window_days=house.workspace.settings.window_days,
    )
    for day in each_day("care", stale):
        if day in index.days:
            house.write(CUSTOMER_EXPERIENCE, index.of(day), day)
        else:
            house.parts.drop(CUSTOMER_EXPERIENCE.name, day)
    Stamps(house.parts.root).set(
        CUSTOMER_EXPERIENCE.name, {day.isoformat(): version for day, version in stale.items()}
    )


def rows_of_day(house: House, day: date) -> pl.DataFrame:
    """Customers of a day that has some."""
    rows = house.parts.read(CUSTOMER_DAYS, [day])
    assert rows is not None
    return rows


def customer_causes(house: House, days: Sequence[date]) -> pl.DataFrame:
    """Faults and losses of each customer, day and cause."""
    house.view("sessions", house.parts.paths("sessions", days), SESSIONS_TABLE)
    house.view("fault_causes", house.parts.paths("fault_causes", days), FAULT_CAUSES)
    return house.duck.model("care/customer_causes")


def domain_of(house: House) -> dict[str, Domain]:
    """Attribute → domain, for the attributes that the sessions have."""
    paths = house.parts.paths("sessions")
    columns = {name for path in paths[-1:] for name in pl.read_parquet_schema(path)}
    found = house.workspace.settings.attributes_in(sorted(columns))
    return {attribute.name: attribute.domain for attribute in found}


@table_asset(SATISFACTION_FIT, group="care", deps=["customer_experience", lake_key("contacts")])
def satisfaction_fit(house: House) -> dg.MaterializeResult[None]:
    tell("care", "satisfaction")
    house.view("contact", house.lake.paths(CONTACTS.name), CONTACTS)
    rows = house.parts.paths(CUSTOMER_EXPERIENCE.name)
    house.view("customer_experience", rows, CUSTOMER_EXPERIENCE)
    pairs = house.duck.model("care/satisfaction_pairs", reach_days=care.REACH_DAYS)
    told = care.calibrate(pairs)
    house.write(SATISFACTION_BY_SCORE, told.by_score)
    fit = house.write(SATISFACTION_FIT, told.fit)
    picture = plot(png(satisfaction_by_score(told.by_score)), "stated satisfaction by index")
    return materialized(SATISFACTION_FIT, fit, picture=picture)


@table_asset(
    CUSTOMER_FIXES,
    group="care",
    deps=["fault_causes", "causes", "customer_verdicts", lake_key("app_releases")],
)
def customer_fixes(house: House) -> dg.MaterializeResult[None]:
    tell("care", "fixes")
    window = window_of(house.workspace)
    if not window:
        fixes = house.write(CUSTOMER_FIXES, house.read(CUSTOMER_FIXES).clear())
    else:
        fixes = house.write(CUSTOMER_FIXES, fixes_of(house, window))
    return materialized(CUSTOMER_FIXES, fixes)


def fixes_of(house: House, window: Sequence[date]) -> pl.DataFrame:
    """The fixes from the evidence of a window of days."""
    by_cause = customer_causes(house, window)
    causes = house.read(CAUSES)
    house.view("causes", house.parts.paths(CAUSES.name), CAUSES)
    house.duck.register("individual_cause", care.individual_causes(causes))
    evidence = care.CareEvidence(
        causes=causes,
        customer_causes=by_cause,
        usage=usage_of(house, window),
        exposure=house.duck.frame(care.exposure_sql(causes)),
        habits=house.duck.model("care/fault_habits"),
        version_counts=house.duck.model("care/version_counts"),
        unit_versions=house.duck.model("care/unit_versions"),
        version_moves=house.duck.model("care/version_moves"),
        releases=house.feed(APP_RELEASES),
    )
    fixes = care.customer_fixes(
        evidence,
        playbook_of(house),
        window_start=datetime.combine(window[0], time()),
        as_of=end_of(window),
    )
    return care.with_verdicts(fixes, house.read(CUSTOMER_VERDICTS))


@table_asset(FIX_CAMPAIGNS, group="care", deps=["customer_fixes", "causes", "sessions"])
def fix_campaigns(house: House) -> dg.MaterializeResult[None]:
    tell("care", "campaigns")
    window = window_of(house.workspace)
    fixes = house.read(CUSTOMER_FIXES)
    if not window:
        campaigns = house.read(FIX_CAMPAIGNS).clear()
    else:
        house.view("sessions", house.parts.paths("sessions", window), SESSIONS_TABLE)
        campaigns = care.fix_campaigns(
            fixes,
            usage_of(house, window),
            house.read(CAUSES),
            playbook_of(house),
            window_days=len(window),
        )
    return materialized(FIX_CAMPAIGNS, house.write(FIX_CAMPAIGNS, campaigns))


@table_asset(FIX_CAMPAIGN_STAGES, group="care", deps=["fix_campaigns"])
def fix_campaign_stages(house: House) -> dg.MaterializeResult[None]:
    stages = care.campaign_stages(house.read(FIX_CAMPAIGNS), playbook_of(house))
    return materialized(FIX_CAMPAIGN_STAGES, house.write(FIX_CAMPAIGN_STAGES, stages))


def usage_of(house: House, window: Sequence[date]) -> pl.DataFrame:
    """What the customers with a fault use, from the view `sessions` of the window."""
    return house.duck.model("care/customer_usage", lately=end_of(window) - care.LATE)


def end_of(window: Sequence[date]) -> datetime:
    """The first moment after a window of days."""
    return datetime.combine(window[-1] + timedelta(days=1), time())


def playbook_of(house: House) -> care.Playbook:
    """The workspace's own playbook.toml, or the one that comes with the package."""
    file = house.workspace.root / "playbook.toml"
    if file.is_file():
        return care.parse_playbook(file.read_text(encoding="utf-8"), where=str(file))
    return care.default_playbook()
