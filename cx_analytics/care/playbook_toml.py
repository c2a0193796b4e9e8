"""The playbook from its TOML: every word checked, the first that is off named.

Belongs here: reading and refusing. Stays out: what rules mean (playbook.py).
"""

from __future__ import annotations

import math
import string
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields
from importlib import resources
from typing import Any

from cx_analytics.care.playbook import (
    NEEDS,
    PATTERNS,
    PLACES,
    STATES,
    Fix,
    Playbook,
    Predicate,
    Rollout,
    Rule,
)
from cx_analytics.contracts.errors import SettingsError, did_you_mean
from cx_analytics.contracts.words import BACKGROUND, CAUSE_KINDS, DOMAINS

_WANTED = {
    "float": "a number of 0 or more",
    "bool": "true or false",
    "tuple[float, ...]": "numbers of 0 or more in brackets",
}


def default_playbook() -> Playbook:
    """The playbook that comes with the package: phones, modems and connected products."""
    source = resources.files("cx_analytics.care") / "playbook.toml"
    return parse_playbook(source.read_text(encoding="utf-8"), where="the shipped playbook.toml")


def parse_playbook(text: str, *, where: str = "playbook.toml") -> Playbook:
    """A playbook from its TOML; SettingsError names the first thing that is off."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"this is no valid TOML: {error}", where=where, todo="mend that line"
        ) from error
    _refuse_unknown(raw, ("rules", "rollout"), where)
    entries = raw.get("rules", [])
    if not isinstance(entries, list) or not entries:
        raise SettingsError("there are no rules", where=where, todo="write [[rules]]")
    rules = tuple(_rule(entry, f"{where}, rule {i}") for i, entry in enumerate(entries, 1))
    if not rules[-1].is_last_resort:
        raise SettingsError(
            "the last rule does not answer everything",
            where=where,
            todo="end with a rule without when, needs, minima and friction",
        )
    return Playbook(rules, _rollout(raw.get("rollout", {}), f"{where}, [rollout]"))


def _rollout(entry: Any, where: str) -> Rollout:
    values = _table(entry, where)
    if "shares" in values:
        values["shares"] = _listed(values["shares"])
    rollout: Rollout = _built(Rollout, values, where)
    shares = rollout.shares
    if not shares or list(shares) != sorted(set(shares)) or not 0 < shares[0] <= shares[-1] == 1:
        raise SettingsError(
            f"the shares {list(shares)} are no stages", where=where, todo="rise from above 0 to 1"
        )
    if not 0 < rollout.chance_of_false_stop < rollout.chance_of_stop < 1 < rollout.harm:
        raise SettingsError(
            "no stage could be stopped so",
            where=where,
            todo="give 0 < chance_of_false_stop < chance_of_stop < 1 < harm",
        )
    return rollout


def _rule(entry: Any, where: str) -> Rule:
    values = _table(entry, where)
    name = values.get("name")
    place = f"{where} ({name})" if isinstance(name, str) else where
    when = _table(values.pop("when", {}), place)
    then = _table(values.pop("then", {}), place)
    rule: Rule = _built(
        Rule,
        {
            **values,
            "when": _built(Predicate, {key: _listed(value) for key, value in when.items()}, place),
            "then": _built(Fix, then, place),
        },
        place,
    )
    _check(rule, place)
    return rule


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(
            f"{value!r} is no table", where=where, todo="write a table: { key = value }"
        )
    return dict(value)


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else (value,)


def _built(kind: type[Any], values: Mapping[str, Any], where: str) -> Any:
    """A dataclass from TOML values: no unknown key, none missing, each of its type."""
    types = {field.name: str(field.type) for field in fields(kind)}
    _refuse_unknown(values, types, where)
    checked = {key: _typed(key, value, types[key], where) for key, value in values.items()}
    try:
        return kind(**checked)
    except TypeError:
        missing = [key for key in ("name", "fix_code", "fix") if key in types and key not in values]
        raise SettingsError(
            f"{', '.join(missing)} is missing", where=where, todo="write it down"
        ) from None


def _typed(key: str, value: Any, kind: str, where: str) -> Any:
    if kind == "float" and _is_number(value):
        return float(value)
    is_texts = isinstance(value, tuple) and all(isinstance(text, str) for text in value)
    right = {
        "str": isinstance(value, str),
        "float": False,
        "bool": isinstance(value, bool),
        "tuple[str, ...]": is_texts,
        "tuple[float, ...]": isinstance(value, tuple) and all(map(_is_number, value)),
    }
    if not right.get(kind, True):
        wanted = _WANTED.get(kind, "text in quotes")
        raise SettingsError(f"{key} = {value!r} cannot be used", where=where, todo=f"give {wanted}")
    return value


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value >= 0


def _refuse_unknown(values: Mapping[str, Any], possible: Collection[str], where: str) -> None:
    for key in values:
        if key not in possible:
            raise SettingsError(
                f"there is no setting {key!r}", where=where, todo=did_you_mean(key, possible)
            )


def _check(rule: Rule, where: str) -> None:
    for words, possible in (
        (rule.when.domain, (*DOMAINS, BACKGROUND)),
        (rule.when.kind, CAUSE_KINDS),
        (rule.when.state, STATES),
        (rule.when.pattern, PATTERNS),
        ((rule.needs,), NEEDS),
    ):
        for word in words:
            if word not in possible:
                raise SettingsError(
                    f"{word!r} is no such word", where=where, todo=did_you_mean(word, possible)
                )
    for share in (rule.then.removes, rule.minimum_probability):
        if share > 1:
            raise SettingsError(f"{share} is no share", where=where, todo="give 0 to 1")
    for text in (rule.then.fix, rule.then.avoid):
        _check_places(text, where)


def _check_places(text: str, where: str) -> None:
    """Only names in braces: a format string could otherwise reach into objects."""
    try:
        places = [place for _, place, *_ in string.Formatter().parse(text) if place is not None]
    except ValueError as error:
        raise SettingsError(f"{text!r}: {error}", where=where, todo="mend the braces") from error
    for place in places:
        if place not in PLACES:
            raise SettingsError(
                f"{{{place}}} cannot be filled in", where=where, todo=did_you_mean(place, PLACES)
            )
