"""Names, durations and amounts as they stand on the map, where there is little room."""

from __future__ import annotations

LETTERS = 21
"""Letters of a step's name on one line; it may take two."""


def name_lines(name: str) -> list[str]:
    """A step's name on one line or two, broken at a word where there is one.

    >>> name_lines("Turn & Mill. & Screw Assembling")
    ['Turn & Mill. & Screw', 'Assembling']
    """
    if len(name) <= LETTERS:
        return [name]
    cut = max((name.rfind(mark, 0, LETTERS + 1) for mark in " _-"), default=-1)
    cut = cut if cut > LETTERS // 3 else LETTERS
    rest = name[cut:].strip()
    return [name[:cut].strip(), rest if len(rest) <= LETTERS else rest[: LETTERS - 1] + "…"]


def cause_words(cause: str) -> str:
    """A wait's cause in words.

    >>> cause_words("resource_unavailable"), cause_words("setup")
    ('resource unavailable', 'set-up')
    """
    return "set-up" if cause == "setup" else cause.replace("_", " ")


def span(seconds: float) -> str:
    """A duration in the unit that reads best.

    >>> span(0), span(90), span(7200), span(400000), span(4e7)
    ('0', '2 min', '2.0 h', '4.6 d', '463 d')
    """
    if seconds < 1:
        return "0"
    if seconds < 5400:
        return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds / 3600:.1f} h"
    days = seconds / 86400
    return f"{days:.1f} d" if days < 100 else f"{days:,.0f} d".replace(",", "\u202f")


def money(amount: float) -> str:
    """An amount that fits on a step.

    >>> money(950), money(263651), money(4.2e6)
    ('950', '264k', '4.2M')
    """
    if abs(amount) < 1000:
        return f"{amount:.0f}"
    return f"{amount / 1000:.0f}k" if abs(amount) < 999_500 else f"{amount / 1e6:.1f}M"
