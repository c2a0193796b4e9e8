"""Who can show that a fixed cause is back: on which versions, on units made since when.

Belongs here: from a cause, the actions against it and the trusted list of releases to the
sessions that are watched. Stays out: counting them, and the evidence (watch.py, detector.py).

A fault on an old build, or on a unit of the old lot, says nothing about whether a repair holds.

- Conditions that outlive their repair (cells, regions, models, apps) are watched as they stand.
- An app version: sessions on versions that the trusted list released at or after the fix. The
  fix is the version that an action names, else the newest released when the action began, else
  the first release after the cause's version (so after its rollout was stopped, which mends
  nothing). A version that no release names orders nothing.
- A firmware, system or software version has no trusted list: only one that an action names.
- A lot, line, site or supplier: units made since a process change, or since a hold was released;
  of a lot its line and site, of a component's lot its supplier, never the lot itself.
- Any other version or revision: nobody. Better no row than a false alarm.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cx_analytics.contracts.words import conditions_of, label

MOST_CONDITIONS = 3
"""As many conditions as the models `loop/watched_…` take, beside the one that was repaired."""

NAMED_BY = {
    "firmware_version": "firmware_update",
    "os_version": "firmware_update",
    "software_release": "cell_repair",
}
"""Versions without a trusted list, and the kind of action that may name the repaired one."""

_REPAIRED = ("version", "revision", "release", "lot", "supplier")
_OF_PRODUCTION = ("lot", "supplier")


@dataclass(frozen=True)
class Exposed:
    """Sessions that could show a cause again, from `since` on.

    Attributes
    ----------
    held : conditions that they meet as they stand.
    versions : (app, version) that they run, one of these; None = any.
    made_since : their unit was finished at or after this; None = any unit.
    lot : ((condition, value)) of the old lot, whose line and site or supplier the unit shares.
    """

    since: datetime
    held: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[tuple[str, str], ...] | None = None
    made_since: datetime | None = None
    lot: tuple[str, str] | None = None


def outlives_repair(key: str) -> bool:
    """Whether a condition still describes the same sessions once its cause is repaired.

    >>> [outlives_repair(key) for key in ("cell_id", "app_version", "modem_lot", "line")]
    [True, False, False, False]
    """
    return key.rpartition("_")[2] not in _REPAIRED and not _of_production(key)


def exposed_of(
    cause: Mapping[str, Any],
    actions: Sequence[Mapping[str, Any]],
    releases: Sequence[Mapping[str, Any]],
    *,
    ended: bool,
) -> Exposed | None:
    """The exposed sessions of a cause, or None when nobody is.

    Parameters
    ----------
    cause : a row of `causes_history`.
    actions : rows of `actions`, with `released_at` for a hold that was released.
    releases : rows of `app_releases`.
    ended : whether the cause acts no more; else only an action says that it is repaired.
    """
    conditions = dict(cause["conditions"])
    against = [one for one in actions if _is_against(one, cause)]
    found = [
        _after_release(conditions, against, releases, ended),
        _after_naming(conditions, against),
        _made_after(conditions, against),
    ]
    latest = max((one for one in found if one), key=lambda one: one.since, default=None)
    if latest is None and cause["valid_to"] is not None and all(map(outlives_repair, conditions)):
        latest = Exposed(cause["valid_to"], conditions)
    return latest if latest is not None and len(latest.held) <= MOST_CONDITIONS else None


def _is_against(action: Mapping[str, Any], cause: Mapping[str, Any]) -> bool:
    if action["cause_id"]:
        return bool(action["cause_id"] == cause["cause_id"])
    return label(conditions_of(action["conditions"])) == label(dict(cause["conditions"]))


def _after_release(
    conditions: Mapping[str, str],
    against: Sequence[Mapping[str, Any]],
    releases: Sequence[Mapping[str, Any]],
    ended: bool,
) -> Exposed | None:
    """Sessions on releases from the fix on, of each app that the cause's version can be of."""
    version = conditions.get("app_version")
    if version is None:
        return None
    updates = _sorted(one for one in against if one["kind"] == "app_update")
    stopped = any(one["kind"] == "rollout_stop" for one in against)
    if not (updates or stopped or ended):
        return None
    apps = [conditions["app_name"]] if "app_name" in conditions else None
    since, found = updates[-1]["effective_from"] if updates else None, []
    for app in sorted({row["app_name"] for row in releases if not apps or row["app_name"] in apps}):
        mine = sorted((r for r in releases if r["app_name"] == app), key=_released)
        fix = _fix_of(version, updates, mine)
        if fix is not None:
            later = [one for one in mine if _released(one) >= _released(fix)]
            found += [(app, r["app_version"]) for r in later if r["app_version"] != version]
            since = max(since or _released(fix), _released(fix))
    held = {key: value for key, value in conditions.items() if key != "app_version"}
    return Exposed(since, held, versions=tuple(found)) if found and since else None


def _fix_of(
    version: str, updates: Sequence[Mapping[str, Any]], mine: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The release of one app that is the fix; `mine` are its releases, oldest first."""
    trusted = {row["app_version"]: row for row in mine}
    for update in reversed(updates):
        for named in (*_versions_named(update, "app_version"), *_texts_in(update["exposed"])):
            if named in trusted and named != version:
                return trusted[named]
    if version not in trusted:
        return None
    later = [row for row in mine if _released(row) > _released(trusted[version])]
    out = [row for row in later if updates and _released(row) <= updates[-1]["effective_from"]]
    return next(iter(out[-1:] or later[:1]), None)


def _after_naming(
    conditions: Mapping[str, str], against: Sequence[Mapping[str, Any]]
) -> Exposed | None:
    """Sessions on the version that the last update names."""
    for action in reversed(_sorted(against)):
        for key, kind in NAMED_BY.items():
            named = [v for v in _versions_named(action, key) if v != conditions.get(key)]
            if key in conditions and action["kind"] == kind and named:
                return Exposed(action["effective_from"], {**conditions, key: named[0]})
    return None


def _made_after(
    conditions: Mapping[str, str], against: Sequence[Mapping[str, Any]]
) -> Exposed | None:
    """Sessions of units made since the last change of production."""
    changes = [at for one in against if (at := _changed_at(one)) is not None]
    if not changes or not any(_of_production(key) for key in conditions):
        return None
    made = Exposed(max(changes), dict(conditions), made_since=max(changes))
    lots = [key for key in sorted(conditions) if key.rpartition("_")[2] == "lot"]
    if not lots:
        return made
    held = {key: value for key, value in conditions.items() if key not in lots}
    return replace(made, held=held, lot=(lots[0], conditions[lots[0]])) if len(lots) == 1 else None


def _of_production(key: str) -> bool:
    return key in ("line", "site") or key.rpartition("_")[2] in _OF_PRODUCTION


def _changed_at(action: Mapping[str, Any]) -> datetime | None:
    """Since when production is another: from a change on, or from the release of a hold."""
    begins: datetime = action["effective_from"]
    if action["kind"] == "process_change":
        return begins
    if action["kind"] == "lot_hold" and action["status"] in ("released", "closed"):
        return action.get("released_at") or begins
    return None


def _versions_named(action: Mapping[str, Any], key: str) -> list[str]:
    """Versions that an action names in its conditions, or as such in what it reached."""
    said = conditions_of(action["conditions"]).get(key)
    listed = [one.get(key) for one in _items(action["exposed"]) if isinstance(one, dict)]
    return [text for text in (said, *listed) if isinstance(text, str)]


def _texts_in(exposed: str | None) -> list[str]:
    return [one for one in _items(exposed) if isinstance(one, str)]


def _items(exposed: str | None) -> list[Any]:
    try:
        given = json.loads(exposed) if exposed else None
    except ValueError:
        return []
    return given if isinstance(given, list) else [given]


def _released(row: Mapping[str, Any]) -> datetime:
    at: datetime = row["released_at"]
    return at


def _sorted(actions: Any) -> list[Mapping[str, Any]]:
    return sorted(actions, key=lambda one: (one["effective_from"], one["action_id"]))
