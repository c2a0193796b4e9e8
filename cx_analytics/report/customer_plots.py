"""Pictures of one customer as HTML: they take the width of the window, and open at once.

Belongs here: where things stand on the axes, and their colours. Stays out: words and tables
(customer_page.py), and pictures of many customers (plots.py).

A picture of the renderer in plots.py shrinks with its text on a telephone and takes a second to
draw; care opens this page while somebody waits. So days and faults are placed in per cent, and
colours follow the reader's theme by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import escape
from itertools import groupby
from typing import Any

from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.report.plots import INDIVIDUALS, OTHERS, SHOWN_CAUSES, Theme, cause_colours

MOST_TICKS = 6
"""Dates below an axis; as many as fit a telephone."""

LAST_TICK, LAST_TICK_NARROW = 94.0, 87.0
"""Per cent of the width beyond which a date would stick out, and so on a telephone."""

_GREY_MARKS = {OTHERS: "other", INDIVIDUALS: "own", BACKGROUND: "none"}

_STYLE = """
.chart{position:relative;margin:.6rem 0 0;padding-left:2.2rem}
.plot{position:relative;height:11rem;border-bottom:1px solid var(--soft)}
.plot svg{position:absolute;inset:0;width:100%;height:100%}
.grid{position:absolute;left:0;right:0;border-top:1px solid var(--line)}
.grid span{position:absolute;right:100%;top:-.75em;padding-right:.5rem;font-size:.8rem;
color:var(--soft)}
.band{fill:var(--soft);opacity:.3}
.trend{fill:none;stroke:var(--ink);stroke-width:1.5;vector-effect:non-scaling-stroke}
.dot{position:absolute;width:.6rem;height:.6rem;margin:-.3rem;border-radius:50%;
background:var(--c);box-shadow:0 0 0 1px var(--paper)}
.plot .dot{width:.4rem;height:.4rem;margin:-.2rem;background:var(--ink)}
.dot.none,.chip.none{background:none;border:2px solid var(--c);box-shadow:none}
.lane{font-size:.9rem;margin-top:.5rem}
.track{position:relative;height:1.1rem;border-bottom:1px solid var(--line)}
.track .dot{top:.55rem}
.chip{display:inline-block;width:.75rem;height:.75rem;border-radius:50%;background:var(--c);
margin-right:.4rem;vertical-align:-.05rem}
.ticks{position:relative;height:1.5rem;font-size:.8rem;color:var(--soft)}
.ticks span{position:absolute;top:.15rem;white-space:nowrap}
@media(max-width:40rem){.ticks .late{display:none}}
.bars{display:grid;grid-template-columns:max-content 1fr max-content;gap:.35rem .8rem;
align-items:center;font-variant-numeric:tabular-nums;max-width:40rem}
.bars i{display:block;height:.9rem;border-radius:.2rem;background:var(--link)}
.bars i.soft{background:var(--soft);opacity:.6}.bars b{text-align:right}
"""


@dataclass(frozen=True)
class Fault:
    """A fault for the picture.

    Attributes
    ----------
    cause : its main cause in words.
    kind : shared, individual, or background.
    words : what the pointer shows on it.
    """

    at: datetime
    cause: str
    kind: str
    words: str


@dataclass(frozen=True)
class Span:
    """The days that all pictures of a page have below them, both ends included."""

    first: date
    last: date

    def place(self, at: datetime) -> float:
        """Where a time stands, in per cent of the width."""
        start = datetime.combine(self.first, time())
        return 100 * (at - start) / timedelta(days=self.days)

    def noon(self, day: date) -> float:
        """Where the middle of a day stands, in per cent of the width."""
        return self.place(datetime.combine(day, time(12)))

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1


def plot_style() -> str:
    """The rules of these pictures, with the colours of both themes."""
    dark = f"@media(prefers-color-scheme:dark){{:root{{{_colours('dark')}}}}}"
    named = [f"c{at}" for at in range(SHOWN_CAUSES)]
    marks = "".join(f".{mark}{{--c:var(--{mark})}}" for mark in (*named, *_GREY_MARKS.values()))
    return f":root{{{_colours('light')}}}{dark}{marks}{_STYLE}"


def _colours(theme: Theme) -> str:
    named, greys = cause_colours(theme)
    pairs = [(f"c{at}", colour) for at, colour in enumerate(named)]
    pairs += [(mark, greys[word]) for word, mark in _GREY_MARKS.items()]
    return "".join(f"--{mark}:{colour};" for mark, colour in pairs)


def score_chart(days: Sequence[Mapping[str, Any]], span: Span) -> str:
    """The experience score of each day with its interval; days in a row are joined by a line.

    Parameters
    ----------
    days : day, score, score_low, score_high (0-100; the interval may be missing), by day.
    """
    grid = "".join(
        f'<div class="grid" style="top:{100 - at}%"><span>{at}</span></div>' for at in (100, 50, 0)
    )
    bands = "".join(_band(row, span) for row in days)
    lines = "".join(_trend(rows, span) for rows in _in_a_row(days))
    dots = "".join(_score_dot(row, span) for row in days)
    drawing = (
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f"{bands}{lines}</svg>"
    )
    return f'<div class="chart"><div class="plot">{grid}{drawing}{dots}</div>{_ticks(span)}</div>'


def _band(row: Mapping[str, Any], span: Span) -> str:
    low, high = row["score_low"], row["score_high"]
    if low is None or high is None:
        return ""
    width = 70 / span.days
    left = span.noon(row["day"]) - width / 2
    return (
        f'<rect class="band" x="{left:.2f}" y="{100 - high:.2f}" width="{width:.2f}" '
        f'height="{max(high - low, 0):.2f}"/>'
    )


def _trend(rows: Sequence[Mapping[str, Any]], span: Span) -> str:
    points = " ".join(f"{span.noon(row['day']):.2f},{100 - row['score']:.2f}" for row in rows)
    return f'<polyline class="trend" points="{points}"/>'


def _in_a_row(days: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Runs of days without a gap, of two days or more."""
    numbered = enumerate(days)
    runs = groupby(numbered, key=lambda pair: pair[1]["day"].toordinal() - pair[0])
    rows = [[row for _, row in run] for _, run in runs]
    return [run for run in rows if len(run) > 1]


def _score_dot(row: Mapping[str, Any], span: Span) -> str:
    low, high = row["score_low"], row["score_high"]
    ends = "" if low is None or high is None else f" ({low:.0f} to {high:.0f})"
    words = f"{row['day'].isoformat()}: {row['score']:.0f}{ends}"
    place = f"left:{span.noon(row['day']):.2f}%;top:{100 - row['score']:.2f}%"
    return f'<span class="dot" style="{place}" title="{escape(words)}"></span>'


def fault_lanes(faults: Sequence[Fault], span: Span) -> str:
    """Faults in time, a lane for each main cause, which is the legend as well."""
    lanes = "".join(
        _lane(cause, mark, [one for one in faults if one.cause == cause], span)
        for cause, mark in _marks(faults).items()
    )
    return f'<div class="chart">{lanes}{_ticks(span)}</div>' if lanes else ""


def _marks(faults: Sequence[Fault]) -> dict[str, str]:
    """The colour of each cause: shared ones by their faults, then greys for all others."""
    counts: dict[tuple[str, str], int] = {}
    for fault in faults:
        counts[fault.kind, fault.cause] = counts.get((fault.kind, fault.cause), 0) + 1
    ranked = sorted(counts, key=lambda key: (-counts[key], key))
    shared = [cause for kind, cause in ranked if kind == "shared"]
    marks = {cause: f"c{at}" for at, cause in enumerate(shared[:SHOWN_CAUSES])}
    marks |= dict.fromkeys(shared[SHOWN_CAUSES:], _GREY_MARKS[OTHERS])
    for wanted, mark in (("individual", INDIVIDUALS), (BACKGROUND, BACKGROUND)):
        marks |= {cause: _GREY_MARKS[mark] for kind, cause in ranked if kind == wanted}
    return marks


def _lane(cause: str, mark: str, faults: Sequence[Fault], span: Span) -> str:
    count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
    dots = "".join(
        f'<span class="dot {mark}" style="left:{span.place(one.at):.2f}%" '
        f'title="{escape(one.words)}"></span>'
        for one in faults
    )
    return (
        f'<div class="lane"><span class="chip {mark}"></span>{escape(cause)} '
        f'<span class="soft">· {count}</span><div class="track">{dots}</div></div>'
    )


def _ticks(span: Span) -> str:
    step = -(-span.days // MOST_TICKS)
    days = [span.first + timedelta(days=at) for at in range(0, span.days, step)]
    places = [(day, span.place(datetime.combine(day, time()))) for day in days]
    each = (
        f'<span{_late(place)} style="left:{place:.2f}%">{day:%d %b}</span>'
        for day, place in places
        if place <= LAST_TICK
    )
    return f'<div class="ticks">{"".join(each)}</div>'


def _late(place: float) -> str:
    return ' class="late"' if place > LAST_TICK_NARROW else ""


def loss_bars(parts: Sequence[tuple[str, str, float]]) -> str:
    """What each reason cost, as bars on one scale.

    Parameters
    ----------
    parts : (words, figure as it is shown, points); the last is not explained, drawn in grey.
    """
    most = max((points for *_, points in parts), default=0.0) or 1.0
    rows = (
        f'<span>{escape(words)}</span><i class="{"soft" if at == len(parts) - 1 else ""}" '
        f'style="width:{100 * max(points, 0.0) / most:.1f}%"></i><b>{escape(figure)}</b>'
        for at, (words, figure, points) in enumerate(parts)
    )
    return f'<div class="bars">{"".join(rows)}</div>'
