"""What changed, in one line: new causes, what came back, effects that are known, holds that end.

Belongs here: wording. Stays out: what counts as a change (sql/answers/changes.sql), layout.
"""

from __future__ import annotations

from collections.abc import Sequence

from cx_analytics.cli.phrases import counted, in_words
from cx_analytics.cli.reader import Reader, Row

SOON_DAYS = 3
"""The end of a hold is told so many days before."""

MOST_NAMED = 3
"""So many are named in a line; of more, only how many there are."""

_WORDS = {
    "recurred": ("cause is back", "causes are back"),
    "new": ("new cause", "new causes"),
    "reopen_proposed": ("action to look at again", "actions to look at again"),
    "effect_known": ("effect known", "effects known"),
    "hold_ends": ("hold ends soon", "holds end soon"),
}
"""Kinds of changes, the most urgent first."""


def changes(reader: Reader) -> list[Row]:
    """What changed as of the last day."""
    return reader.rows("changes", soon_days=SOON_DAYS)


def digest(found: Sequence[Row], open_causes: int) -> str:
    """The line; without a change it says so.

    >>> digest([], 0), digest([], 2)
    ('nothing to act on', 'nothing new; 2 open causes as before')
    >>> row = {"change": "new", "id": "c1", "what": "lot=L1", "detail": None}
    >>> digest([row], 1)
    '1 new cause (lot L1)'
    """
    if not found:
        open_words = counted(open_causes, "open cause")
        return f"nothing new; {open_words} as before" if open_causes else "nothing to act on"
    parts = []
    for change, words in _WORDS.items():
        mine = [row for row in found if row["change"] == change]
        if mine:
            parts.append(f"{len(mine):,} {words[len(mine) > 1]} ({_named(mine)})")
    return ", ".join(parts)


def _named(rows: Sequence[Row]) -> str:
    named = [_one(row) for row in rows[:MOST_NAMED]]
    more = len(rows) - len(named)
    return "; ".join([*named, *([f"{more} more"] if more else [])])


def _one(row: Row) -> str:
    what = in_words(row["what"]) if row["what"] else row["id"]
    if row["change"] == "effect_known":
        return f"{row['id']} on {what}: {row['detail'].replace('_', ' ')}"
    if row["change"] == "reopen_proposed":
        return f"{row['id']} on {what}"
    return f"{what} on {row['detail']}" if row["change"] == "hold_ends" else what
