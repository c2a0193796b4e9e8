"""Plain words for what a table says in codes: causes, shares, confidence.

Belongs here: wording that several answers share. Stays out: reading and layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cx_analytics.contracts.words import BACKGROUND, conditions_of, confidence_word
from cx_analytics.contracts.words import in_words as in_words
from cx_analytics.contracts.words import label as joined

_DOMAIN_WORDS = {
    "device": "a device issue",
    "app": "an app issue",
    "network": "a network issue",
    "interaction": "an issue of several parts together",
    "customer": "this customer's own issue",
}

_STATUS_WORDS = {
    "new": "newly found",
    "active": "known and open",
    "fixed": "fixed",
    "recurred": "came back after a fix",
}

_ACTION_WORDS = {
    "app_update": "app update",
    "firmware_update": "firmware update",
    "cell_repair": "repair of the cell",
    "unit_replacement": "replacement of the unit",
}

_VERDICT_WORDS = {
    "worked": "the fix worked",
    "did_not": "the fix did not help",
    "harmed": "it got worse after the fix",
    "too_early": "it is too early to say whether the fix worked",
}


def own_words(label: str | None) -> str:
    """A cause's label for the customer whom it touches: their id is nothing to be told.

    >>> own_words("customer_id=C1"), own_words("cell_id=7 & customer_id=C1")
    ('this customer, everywhere', 'this customer at cell id 7')
    >>> own_words("app_version=5.2.0"), own_words(None)
    ('app version 5.2.0', 'not explained')
    """
    conditions = conditions_of(label)
    if "customer_id" not in conditions:
        return in_words(label)
    rest = {name: value for name, value in conditions.items() if name != "customer_id"}
    return f"this customer at {in_words(joined(rest))}" if rest else "this customer, everywhere"


def domain_words(domain: str | None) -> str:
    """Who owns the repair, in words.

    >>> domain_words("app")
    'an app issue'
    """
    return _DOMAIN_WORDS.get(domain or "", "not explained")


def status_words(status: str | None) -> str:
    """Where a cause stands, in words.

    >>> status_words("active"), status_words(None)
    ('known and open', '-')
    """
    return _STATUS_WORDS.get(status or "", "-")


def known_words(row: Mapping[str, Any]) -> str:
    """Where a cause stands, and its window by the day.

    >>> from datetime import datetime
    >>> known_words({"status": "active", "valid_from": datetime(2026, 1, 2, 5), "valid_to": None})
    'known and open, since 2026-01-02'
    >>> known_words({"status": None, "valid_from": None, "valid_to": None})
    '-'
    """
    ends = (("since", row["valid_from"]), ("until", row["valid_to"]))
    window = " ".join(f"{word} {end:%Y-%m-%d}" for word, end in ends if end is not None)
    return ", ".join(filter(None, (status_words(row["status"]), window)))


def action_words(kind: str) -> str:
    """What was done, in words.

    >>> action_words("app_update"), action_words("other")
    ('app update', 'action')
    """
    return _ACTION_WORDS.get(kind, "action")


def verdict_words(verdict: str | None) -> str:
    """Whether a fix helped, in words; nothing when no fix was tried.

    >>> verdict_words("did_not"), verdict_words(None)
    ('the fix did not help', '')
    """
    return _VERDICT_WORDS.get(verdict or "", "")


def confidence(row: Mapping[str, Any]) -> str:
    """How sure a cause is, as a word: "not explained" for the background.

    >>> confidence({"cause_id": "background"}), confidence({"cause_id": "c", "probability": 0.99})
    ('not explained', 'confirmed')
    """
    if row.get("cause_id") == BACKGROUND or row.get("probability") is None:
        return "not explained"
    return confidence_word(row["probability"])


def counted(count: int, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "fault"), counted(2000, "fault")
    ('1 fault', '2,000 faults')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
