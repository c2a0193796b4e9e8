"""What could be done against open causes, as proposals: stop a rollout, change a step, hold a lot.

Belongs here: the table `action_proposals`. Stays out: deciding (ledger.py, automatic.py), and
which lots qualify for a hold (factory).

- A version of an app or firmware that makes faults: stop its rollout.
- The newest release of an app that crashes on more user-days than the guard rails allow, and more
  than the release before it: stop its rollout, too, where no cause says so already.
- A line, a site, a station, a step or a supplier that makes bad units: change the process there.

What is proposed reaches as far as the cause does (one version on one model), so that its blast
radius is that of the cause. A cause qualifies as a hold does: open, sure enough, and seen on
enough units or customers. The chance that the cause is none is one minus its probability, which
is calibrated; that of a release is told by releases.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.settings import Rails
from cx_analytics.contracts.tables import ACTION_PROPOSALS
from cx_analytics.contracts.words import conditions_of, label
from cx_analytics.loop.entry import Proposal
from cx_analytics.loop.rails import obstacle

UNDO = {
    "stop_rollout": "go on with the rollout",
    "change_process": "set the process as it was",
    "hold": "release the units",
}
"""What taking a proposal back means."""

_PROPOSAL = {
    "lot_hold": "hold",
    "process_change": "change_process",
    "rollout_stop": "stop_rollout",
}
"""What an action of a kind is here."""

_VERSIONS = {"app_version": ("app", "interaction"), "firmware_version": ("device", "interaction")}
_PRODUCTION = ("line", "site", "station", "step", "supplier")
"""Attributes of where and how a unit was made, alone or of a component (`modem_supplier`)."""


def proposals(
    causes: pl.DataFrame,
    defects: pl.DataFrame,
    holds: pl.DataFrame,
    rails: Rails,
    made: int,
    releases: pl.DataFrame | None = None,
) -> list[tuple[Proposal, int | None]]:
    """Proposals, each with the sample that its claim rests on.

    Parameters
    ----------
    causes, defects : the tables.
    holds : rows of `unit_holds` that the factory proposes today.
    rails : below their minima nothing is proposed.
    made : units made in all, for the share of production.
    releases : the table `release_limits`.
    """
    behind = {row["defect_id"]: row for row in defects.iter_rows(named=True)}
    by_cause = {row["cause_id"]: row for row in behind.values()}
    found = [
        _hold(row, behind[row["defect_id"]], made)
        for row in holds.iter_rows(named=True)
        if row["defect_id"] in behind
    ]
    for cause in causes.sort("cause_id").iter_rows(named=True):
        if _qualifies(cause, rails):
            found += _against(cause, by_cause.get(cause["cause_id"]), made)
    if releases is not None:
        stopped = [conditions_of(one.subject) for one, _ in found if one.kind == "rollout_stop"]
        found += _over_limit(releases.filter(~_among(stopped)), rails, made)
    return found


def _among(stopped: Iterable[Mapping[str, str]]) -> pl.Expr:
    """Whether a release is one of those that are stopped already; apps may share version names."""
    named = [
        pl.all_horizontal(
            pl.col(key) == one[key] for key in ("app_name", "app_version") if key in one
        )
        for one in stopped
        if "app_version" in one
    ]
    return pl.any_horizontal(pl.lit(False), *named)


def _over_limit(
    releases: pl.DataFrame, rails: Rails, made: int
) -> Iterable[tuple[Proposal, int | None]]:
    """Stop the newest release of each app where it is surely over the limit; all of it first."""
    newest = releases.filter(pl.col("released_at") == pl.col("released_at").max().over("app_name"))
    sure = newest.filter(
        pl.col("customers") >= rails.minimum_units,
        pl.col("chance_wrong") <= 1 - rails.minimum_probability,
    ).sort("app_name", "app_version", "device_model", nulls_last=False)
    whole = set()
    for row in sure.iter_rows(named=True):
        release = (row["app_name"], row["app_version"])
        if release not in whole:
            yield _stop_release(row, made), row["customers"]
        if row["device_model"] is None:
            whole.add(release)


def _stop_release(row: Mapping[str, Any], made: int) -> Proposal:
    named = ("app_name", "app_version", "device_model")
    conditions = {key: row[key] for key in named if row[key] is not None}
    return Proposal(
        "rollout_stop",
        label(conditions),
        reason=f"stop the rollout; {_crashes(row)}",
        units=row["units"],
        production_share=_share(row["units"], made),
        probability=1 - row["chance_wrong"],
    )


def _crashes(row: Mapping[str, Any]) -> str:
    """The sample, the share and the limit of a release, and the release before, in words."""
    words = (
        f"crashes on {row['crash_share']:.2%} of {row['user_days']:,} user-days "
        f"({row['low']:.2%} to {row['high']:.2%}) of {row['customers']:,} customers in "
        f"{row['stage_days']} days; the limit is {row['limit_share']:.2%}"
    )
    if row["ratio"] is None:
        return f"{words}; the release before is not in the data"
    interval = f"{row['ratio_low']:.1f} to {row['ratio_high']:.1f}"
    return f"{words}; {row['ratio']:.1f} times {row['previous_version']} then ({interval})"


def _qualifies(cause: Mapping[str, Any], rails: Rails) -> bool:
    seen_on = max(cause["units"] or 0, cause["customers"] or 0)
    return (
        cause["kind"] == "shared"
        and cause["status"] != "fixed"
        and (cause["probability"] or 0.0) >= rails.minimum_probability
        and seen_on >= rails.minimum_units
    )


def _against(
    cause: Mapping[str, Any], defect: Mapping[str, Any] | None, made: int
) -> Iterable[tuple[Proposal, int | None]]:
    conditions = dict(cause["conditions"])
    for key, domains in _VERSIONS.items():
        if key in conditions and cause["domain"] in domains:
            yield _stop(cause, made), max(cause["units"] or 0, cause["customers"] or 0)
            return
    if cause["domain"] in ("device", "interaction") and any(map(_is_production, conditions)):
        made_so, seen = cause["units"], cause["units"]
        if defect is not None:
            made_so, seen = defect["units_made"], defect["units_in_field"]
        yield _change(cause, defect["defect_id"] if defect else None, made_so, made), seen


def _is_production(key: str) -> bool:
    return key.rpartition("_")[2] in _PRODUCTION


def _stop(cause: Mapping[str, Any], made: int) -> Proposal:
    return Proposal(
        "rollout_stop",
        cause["label"],
        cause_id=cause["cause_id"],
        reason=f"stop the rollout; {_reason(cause)}",
        units=cause["units"],
        production_share=_share(cause["units"], made),
        probability=cause["probability"],
    )


def _change(
    cause: Mapping[str, Any], defect_id: str | None, units: int | None, made: int
) -> Proposal:
    return Proposal(
        "process_change",
        cause["label"],
        cause_id=cause["cause_id"],
        defect_id=defect_id,
        reason=_reason(cause),
        units=units,
        production_share=_share(units, made),
        probability=cause["probability"],
    )


def _hold(
    hold: Mapping[str, Any], defect: Mapping[str, Any], made: int
) -> tuple[Proposal, int | None]:
    attribute = f"{hold['component']}_lot" if hold["component"] else "lot"
    proposal = Proposal(
        "lot_hold",
        f"{attribute}={hold['lot']}",
        cause_id=defect["cause_id"],
        defect_id=defect["defect_id"],
        reason=hold["reason"],
        units=hold["units"],
        production_share=_share(hold["units"], made),
        probability=defect["probability"],
    )
    return proposal, defect["units_in_field"]


def _share(units: int | None, made: int) -> float | None:
    return min(units / made, 1.0) if units and made else None


def _reason(cause: Mapping[str, Any]) -> str:
    interval = f"{cause['rate_ratio_low'] or 0:.1f} to {cause['rate_ratio_high'] or 0:.1f}"
    return (
        f"{cause['label']}: {cause['rate_ratio'] or 0:.1f} times the faults ({interval}), "
        f"{cause['faults']} faults in {cause['sessions']} sessions, "
        f"{cause['customers']} customers"
    )


def proposals_table(found: Iterable[tuple[Proposal, int | None]], rails: Rails) -> pl.DataFrame:
    """The table `action_proposals`: what could be done, and what the guard rails say to it."""
    rows = [
        {
            "action_id": proposal.action_id,
            "proposal": _PROPOSAL[proposal.kind],
            "kind": proposal.kind,
            "subject": proposal.subject,
            "cause_id": proposal.cause_id,
            "defect_id": proposal.defect_id,
            "reason": proposal.reason,
            "sample": sample,
            "chance_wrong": 1 - (proposal.probability or 0.0),
            "units": proposal.units,
            "production_share": proposal.production_share,
            "obstacle": obstacle(proposal, rails, sample),
            "undo": UNDO[_PROPOSAL[proposal.kind]],
        }
        for proposal, sample in found
    ]
    return frame_of(sorted(rows, key=lambda row: str(row["action_id"])), ACTION_PROPOSALS)
