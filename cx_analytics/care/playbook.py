"""The playbook: which fix answers which cause, as rules that the user owns.

Belongs here: the shapes of rules and of a staged roll-out, asking which rules fit a cause.
Stays out: reading TOML (playbook_toml.py), how many faults a fix avoids (gain.py) and which
customer gets it (fixes.py).

    [[rules]]                                   rules are asked in order: the first that fits wins
    name = "newer app"
    when = { kind = "shared", keys = ["app_version"], state = ["open"] }
    needs = "newer_version"
    then = { fix_code = "update_app", fix = "Update to {target_version}.", friction = 0.05 }

A rule fits when everything in `when` holds: `domain` and `kind` of the cause, all of `keys` and
one of `any_keys` among its conditions (`*` stands for any text), `state` of the cause for this
customer, and one of the patterns that the customer shows (patterns.py).
It is taken when, besides, the evidence it `needs` is there, the probability of the cause and the
faults avoided reach its minima, and the fix avoids at least as much as its friction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

STATES = ("open", "ended", "left")
"""A cause is open, has ended for all, or was left by the customer (updated, moved, exchanged)."""

PATTERNS = ("one_unit", "one_cell", "one_app", "old_app", "sole_unit")
"""What unexplained faults may have in common: one unit, cell or app of several that the customer
uses, or an app that is behind its latest release; and a customer who has used no other unit."""

NEEDS = ("", "newer_version", "better_firmware", "better_os")
"""Evidence that a rule may ask for: a later version with a lower adjusted rate on this model."""

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
    "latest_version",
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
    pattern: tuple[str, ...] = ()

    def fits(self, domain: str, kind: str, keys: Collection[str], state: str) -> bool:
        """Whether a cause with these conditions' keys, in this state, is meant.

        `pattern` is asked of the customer, not of the cause: not here.

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
    `cost` what it costs the company for each customer, in money. `avoid` says what not to try, and
    why. `staged` fixes are given to few customers first when many profit from them.
    """

    fix_code: str
    fix: str
    avoid: str = ""
    removes: float = 0.0
    friction: float = 0.0
    cost: float = 0.0
    staged: bool = False


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
class Rollout:
    """How a fix for many is given out, and when that is stopped.

    `canaries` customers come first, then `shares` of all, each stage holding those before. A fix
    for fewer than `minimum_customers`, or one that avoids fewer than `minimum_avoided` faults in
    30 days, is no campaign. A stage is to be stopped when its fault rate is shown to be above the
    one expected without the fix: `chance_of_false_stop` is the chance of stopping a fix that does
    nothing, `chance_of_stop` that of stopping one that multiplies the rate by `harm`.
    """

    canaries: float = 10
    shares: tuple[float, ...] = (0.05, 0.25, 0.5, 1.0)
    minimum_customers: float = 20
    minimum_avoided: float = 1.0
    harm: float = 2.0
    chance_of_false_stop: float = 0.05
    chance_of_stop: float = 0.8


@dataclass(frozen=True)
class Playbook:
    """Rules in the order in which they are asked; the last one answers everything."""

    rules: tuple[Rule, ...]
    rollout: Rollout = Rollout()

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
