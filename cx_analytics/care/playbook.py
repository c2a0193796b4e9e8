"""The playbook: which fix answers which cause, as rules that the user owns.

Belongs here: the shape of a rule, reading TOML into it, asking which rules fit a cause.
Stays out: how many faults a fix avoids (gain.py) and which customer gets it (fixes.py).

    [[rules]]                                   rules are asked in order: the first that fits wins
    name = "newer app"
    when = { kind = "shared", keys = ["app_version"], state = ["open"] }
    needs = "newer_version"
    then = { fix_code = "update_app", fix = "Update to {target_version}.", friction = 0.05 }

A rule fits when everything in `when` holds: `domain` and `kind` of the cause, all of `keys` and
one of `any_keys` among its conditions (`*` stands for any text), `state` of the cause for this
customer.
It is taken when, besides, the evidence it `needs` is there, the probability of the cause and the
faults avoided reach its minima, and the fix avoids at least as much as its friction.
"""

from __future__ import annotations

import math
import string
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from importlib import resources
from typing import Any

from cx_analytics.contracts.errors import SettingsError, did_you_mean
from cx_analytics.contracts.words import BACKGROUND, CAUSE_KINDS, DOMAINS

STATES = ("open", "ended", "left")
"""A cause is open, has ended for all, or was left by the customer (updated, moved, exchanged)."""

NEEDS = ("", "newer_version")
"""Evidence that a rule may ask for: a released version that is probably better on this model."""

PLACES = (
    "label",
    "status",
    "since",
    "until",
    "app_name",
    "app_version",
    "device_model",
    "firmware_version",
    "target_version",
)
"""What a text may hold in braces."""


@dataclass(frozen=True)
class Predicate:
    """What a cause must be like; what is empty asks for nothing."""

    domain: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    any_keys: tuple[str, ...] = ()
    state: tuple[str, ...] = ()

    def fits(self, domain: str, kind: str, keys: Collection[str], state: str) -> bool:
        """Whether a cause with these conditions' keys, in this state, is meant.

        >>> lot = Predicate(any_keys=("lot", "*_lot"))
        >>> lot.fits("device", "shared", ["modem_lot"], "open")
        True
        >>> lot.fits("network", "shared", ["cell_id"], "open")
        False
        """
        return (
            (not self.domain or domain in self.domain)
            and (not self.kind or kind in self.kind)
            and (not self.state or state in self.state)
            and all(_is_among(pattern, keys) for pattern in self.keys)
            and (not self.any_keys or any(_is_among(pattern, keys) for pattern in self.any_keys))
        )


@dataclass(frozen=True)
class Fix:
    """What to do and what it takes.

    `removes` is the share of the cause's faults that the fix takes away (0 for a mere answer),
    `friction` what it asks of the customer, in faults a month that it must avoid to be worth it,
    `cost` what it costs the company, in money. `avoid` says what not to try, and why.
    """

    fix_code: str
    fix: str
    avoid: str = ""
    removes: float = 0.0
    friction: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True)
class Rule:
    """When which fix is the answer."""

    name: str
    when: Predicate
    then: Fix
    needs: str = ""
    minimum_probability: float = 0.0
    minimum_avoided: float = 0.0

    @property
    def is_last_resort(self) -> bool:
        """Whether the rule answers everything."""
        free = self.when == Predicate() and not self.needs
        return free and self.minimum_probability == self.minimum_avoided == self.then.friction == 0


@dataclass(frozen=True)
class Playbook:
    """Rules in the order in which they are asked; the last one answers everything."""

    rules: tuple[Rule, ...]

    def fitting(
        self, domain: str, kind: str, keys: Collection[str], state: str
    ) -> list[tuple[int, Rule]]:
        """The rules whose predicate holds, each with its place, first the one asked first."""
        return [
            (place, rule)
            for place, rule in enumerate(self.rules)
            if rule.when.fits(domain, kind, keys, state)
        ]


def _is_among(pattern: str, keys: Collection[str]) -> bool:
    return any(fnmatchcase(key, pattern) for key in keys)


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
    _refuse_unknown(raw, ("rules",), where)
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
    return Playbook(rules)


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
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "float" and is_number and math.isfinite(value) and value >= 0:
        return float(value)
    is_texts = isinstance(value, tuple) and all(isinstance(text, str) for text in value)
    right = {"str": isinstance(value, str), "float": False, "tuple[str, ...]": is_texts}
    if not right.get(kind, True):
        wanted = {"float": "a number of 0 or more"}.get(kind, "text in quotes")
        raise SettingsError(f"{key} = {value!r} cannot be used", where=where, todo=f"give {wanted}")
    return value


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
