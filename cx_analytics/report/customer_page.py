"""The page of one customer, for care: why, what to do, and how it went. One file, no requests.

Belongs here: HTML from rows and sentences. Stays out: what is said (the command that asks says
the same on a terminal), and the pictures (customer_plots.py).

Every value is escaped. A customer is an id; no name, number or position is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from cx_analytics.contracts.pages import html_page, section, stack, tiles
from cx_analytics.report.customer_plots import (
    Fault,
    Span,
    fault_lanes,
    loss_bars,
    plot_style,
    score_chart,
)

LOSSES = {
    "device": "device",
    "app": "app",
    "network": "network",
    "individual": "individual causes",
    "background": "not explained",
}
"""What the score is lost to, in the order of the page."""

_STYLE = """
.alert{border-left:.3rem solid var(--bad);background:var(--panel);padding:.6rem .9rem;
margin:1rem 0;border-radius:.2rem}
.alert p{margin:.15rem 0}.alert b{color:var(--bad)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1rem;background:var(--panel);
border-radius:.5rem;padding:.9rem;margin:1.2rem 0}
dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
@media(max-width:34rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}
h3{font-size:1rem;margin:1.4rem 0 0}
"""


@dataclass(frozen=True)
class TextTable:
    """A table whose cells are text that is ready to be shown."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class CustomerView:
    """What the page shows.

    Attributes
    ----------
    product : name of the product.
    standing : score, sessions, faults, first_day, last_day and `lost_to_<reason>` of all days.
    calibration : how far the score can be trusted, in a sentence.
    alerts : sentences that must be seen first.
    answer : sentences that begin with their subject: "Cause: …", "Do: …", "Do not: …".
    days : day, score, score_low and score_high of each day that has a session.
    faults : the faults of the picture; all of them, or the last ones.
    """

    customer_id: str
    product: str
    standing: Mapping[str, Any]
    calibration: str = ""
    alerts: Sequence[str] = ()
    answer: Sequence[str] = ()
    days: Sequence[Mapping[str, Any]] = ()
    faults: Sequence[Fault] = ()
    causes: TextTable = field(default_factory=lambda: TextTable((), ()))
    last_faults: TextTable = field(default_factory=lambda: TextTable((), ()))


def customer_page(view: CustomerView) -> str:
    """The page of a customer as HTML."""
    parts = [
        _head(view),
        _alerts(view.alerts),
        _answer(view.answer),
        _figures(view.standing),
        _causes(view.causes),
        _over_time(view),
        _lost(view.standing),
        _last_faults(view.last_faults),
    ]
    style = _STYLE + plot_style()
    return html_page(f"Customer {view.customer_id}", "\n".join(filter(None, parts)), style=style)


def _head(view: CustomerView) -> str:
    first, last = view.standing["first_day"], view.standing["last_day"]
    days = f"{view.product} · {first.isoformat()} to {last.isoformat()} (UTC)"
    return f'<h1>Customer {escape(view.customer_id)}</h1><p class="soft">{escape(days)}</p>'


def _alerts(alerts: Sequence[str]) -> str:
    lines = "".join(f"<p><b>{escape(a)}:</b> {escape(b)}</p>" for a, b in map(_parted, alerts))
    return f'<div class="alert" role="alert">{lines}</div>' if lines else ""


def _answer(sentences: Sequence[str]) -> str:
    pairs = (
        f"<dt>{escape(a)}</dt><dd>{escape(b[:1].upper() + b[1:])}</dd>"
        for a, b in map(_parted, sentences)
    )
    return f"<dl>{''.join(pairs)}</dl>" if sentences else ""


def _parted(sentence: str) -> tuple[str, str]:
    """A sentence as its subject and what is said of it.

    >>> _parted("Do: replace it.")
    ('Do', 'replace it.')
    """
    subject, _, rest = sentence.partition(": ")
    return subject, rest


def _figures(standing: Mapping[str, Any]) -> str:
    return tiles(
        [
            (f"{standing['score']:.1f}", "experience of 100"),
            *((_count(standing[of]), _noun(of, standing[of])) for of in ("faults", "sessions")),
        ]
    )


def _count(value: int) -> str:
    return f"{value:,}".replace(",", "\u202f")


def _noun(plural: str, count: int) -> str:
    return plural.removesuffix("s") if count == 1 else plural


def _causes(causes: TextTable) -> str:
    empty = "There was no fault."
    return section("Causes", stack(causes.columns, causes.rows, empty=empty))


def _over_time(view: CustomerView) -> str:
    span = Span(view.standing["first_day"], view.standing["last_day"])
    parts = ["<h3>Experience score, with its 90 % interval</h3>", score_chart(view.days, span)]
    if view.calibration:
        parts.append(f'<p class="soft">{escape(view.calibration)}</p>')
    if view.faults:
        parts += [f"<h3>{_faults_title(view)}</h3>", fault_lanes(view.faults, span)]
    return section("Over time", *parts)


def _faults_title(view: CustomerView) -> str:
    shown, all_faults = len(view.faults), view.standing["faults"]
    which = f"The last {_count(shown)} of {_count(all_faults)} faults" if shown < all_faults else ""
    return f"{which or 'Faults'} by main cause"


def _lost(standing: Mapping[str, Any]) -> str:
    """The points lost, rounded so that they still add up to what is missing of 100."""
    points = [max(standing[f"lost_to_{reason}"] or 0.0, 0.0) for reason in LOSSES]
    shown = [f"{tenth / 10:.1f}" for tenth in add_up(points, 100 - standing["score"])]
    sums = f"{100 - standing['score']:.1f} = 100 − {100 - (100 - standing['score']):.1f}"
    words = f'<p class="soft">Points, each day by its sessions. In all {escape(sums)}.</p>'
    bars = loss_bars(list(zip(LOSSES.values(), shown, points, strict=True)))
    return section("What the score was lost to", words, bars)


def add_up(parts: Sequence[float], total: float) -> list[int]:
    """The parts in whole tenths whose sum is the rounded total; the largest remainders go up.

    >>> add_up([0.14, 0.14, 0.14], 0.42)
    [2, 1, 1]
    """
    tenths = [int(10 * part) for part in parts]
    rest = round(10 * total) - sum(tenths)
    by_remainder = sorted(range(len(parts)), key=lambda at: tenths[at] - 10 * parts[at])
    for at in by_remainder[: max(rest, 0)]:
        tenths[at] += 1
    return tenths


def _last_faults(faults: TextTable) -> str:
    if not faults.rows:
        return ""
    return section("Last faults", stack(faults.columns, faults.rows, empty=""))
