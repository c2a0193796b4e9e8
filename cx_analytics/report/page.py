"""The page of a run: what came in, what was found, what to look at next. One file, no requests.

Belongs here: HTML from frames. Stays out: the numbers and the pictures (plots.py).

Every value is escaped. Individual causes are counted, not named: a page is handed around, and
who is in it cannot be erased from a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

import polars as pl

from cx_analytics.contracts.pages import html_page, items, section, table, tiles
from cx_analytics.contracts.words import confidence_word
from cx_analytics.report.numbers import evidence_part, page_numbers
from cx_analytics.report.plots import data_uri

Cell = Callable[[Mapping[str, Any]], str]
"""How a row becomes the text of one cell, not yet escaped."""

MOST_LIMITS = 6
"""Limits of the data on the page; the table has them all."""


@dataclass(frozen=True)
class Picture:
    """A picture for the page: what it shows in words, and its bytes for both themes."""

    words: str
    light: bytes
    dark: bytes


def summary_page(
    *,
    name: str,
    as_of: date | None,
    intake: pl.DataFrame,
    causes: pl.DataFrame,
    defects: pl.DataFrame,
    limits: pl.DataFrame | None = None,
    pictures: Sequence[Picture] = (),
    links: Mapping[str, str] | None = None,
) -> str:
    """The page of a workspace after a run, as HTML.

    Parameters
    ----------
    name : the product's name.
    as_of : the last day processed; None before any.
    intake : rows by feed, as the model report/rows_taken_in gives it.
    causes, defects : the tables of these names.
    limits : the table data_limits.
    pictures : in the order in which they are shown.
    links : words → address relative to the page, such as {"Quality": "quality/index.html"}.
    """
    shared = causes.filter(pl.col("kind") == "shared")
    parts = [
        _head(name, as_of),
        _tiles(intake),
        section("Causes", _causes(shared), _individuals(causes.height - shared.height)),
        *(_figure(picture) for picture in pictures),
        section("Defects for the factory", _defects(defects)),
        _limits(limits),
        section("Rows taken in", _intake(intake)),
        _links(links or {}),
        evidence_part(page_numbers(intake, causes, defects, as_of)),
    ]
    return html_page(name, "\n".join(filter(None, parts)))


def _head(name: str, as_of: date | None) -> str:
    when = f"As of {as_of.isoformat()} (UTC)" if as_of else "Nothing processed yet"
    return f'<h1>{escape(name)}</h1><p class="soft">{when}</p>'


def _tiles(intake: pl.DataFrame) -> str:
    return tiles(
        [
            (_count(int(intake[column].sum() or 0)), words)
            for column, words in (
                ("rows_in", "rows in"),
                ("kept", "kept"),
                ("duplicates", "duplicates"),
                ("quarantined", "quarantined"),
            )
        ]
    )


def _causes(causes: pl.DataFrame) -> str:
    columns: dict[str, Cell] = {
        "Cause": lambda row: row["label"],
        "Domain": lambda row: row["domain"],
        "When": lambda row: _window(row["valid_from"], row["valid_to"]),
        "Status": lambda row: f"{row['status']}, {confidence_word(row['probability'])}",
    }
    numbers: dict[str, Cell] = {
        "Faults": lambda row: _count(row["faults"]),
        "By the cause (90 %)": lambda row: _interval(
            row["excess_faults"], row["excess_low"], row["excess_high"]
        ),
        "Rate ratio (90 %)": lambda row: _interval(
            row["rate_ratio"], row["rate_ratio_low"], row["rate_ratio_high"]
        ),
    }
    ordered = causes.sort("excess_faults", descending=True, nulls_last=True)
    return _table(ordered, columns, numbers, "No cause found: nothing to act on.")


def _defects(defects: pl.DataFrame) -> str:
    columns: dict[str, Cell] = {
        "Defect": lambda row: row["defect_id"],
        "Where": _where,
        "Disposition": lambda row: row["recommended_disposition"] or "–",
    }
    numbers: dict[str, Cell] = {
        "Units in the field": lambda row: _count(row["units_in_field"]),
        "Failed": lambda row: _count(row["units_failed"]),
        "Faults in 90 days (90 %)": lambda row: _interval(
            row["forecast_faults_90d"], row["forecast_low"], row["forecast_high"]
        ),
    }
    ordered = defects.sort("excess_faults", descending=True, nulls_last=True)
    return _table(ordered, columns, numbers, "No defect: nothing to tell the factory.")


def _where(row: Mapping[str, Any]) -> str:
    named = ("component", "supplier", "component_lot", "lot", "line", "site")
    places = [f"{key.replace('_', ' ')} {row[key]}" for key in named if row.get(key)]
    return ", ".join(places) or "–"


def _limits(limits: pl.DataFrame | None) -> str:
    """What these data cannot say, the most misleading first; nothing when they can say it all."""
    if limits is None or limits.is_empty():
        return ""
    said = limits.sort("rank")["statement"].to_list()
    more = len(said) - MOST_LIMITS
    rest = f'<p class="soft">And {_count(more)} more: see data_limits.</p>' if more > 0 else ""
    return section("What these data cannot say", items(said[:MOST_LIMITS]), rest)


def _intake(intake: pl.DataFrame) -> str:
    numbers: dict[str, Cell] = {
        "Rows in": lambda row: _count(row["rows_in"]),
        "Kept": lambda row: _count(row["kept"]),
        "Duplicates": lambda row: _count(row["duplicates"]),
        "Quarantined": lambda row: _count(row["quarantined"]),
    }
    return _table(intake, {"Feed": lambda row: row["feed"]}, numbers, "Nothing has come in.")


def _individuals(count: int) -> str:
    if not count:
        return ""
    words = "one customer or unit" if count == 1 else "single customers or units"
    return f'<p class="soft">And {_count(count)} of {words}: see “cx customer”.</p>'


def _table(
    frame: pl.DataFrame, columns: Mapping[str, Cell], numbers: Mapping[str, Cell], empty: str
) -> str:
    cells = (*columns.values(), *numbers.values())
    rows = [[cell(row) for cell in cells] for row in frame.iter_rows(named=True)]
    return table(list(columns), list(numbers), rows, empty=empty)


def _figure(picture: Picture) -> str:
    """The picture of the reader's theme, so that a dark page holds no white sheet."""
    return (
        '<figure><picture><source media="(prefers-color-scheme: dark)" '
        f'srcset="{data_uri(picture.dark)}">'
        f'<img src="{data_uri(picture.light)}" alt="{escape(picture.words)}"></picture></figure>'
    )


def _links(links: Mapping[str, str]) -> str:
    items = (f'<li><a href="{escape(to)}">{escape(words)}</a></li>' for words, to in links.items())
    return section("See also", f"<ul>{''.join(items)}</ul>") if links else ""


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}".replace(",", "\u202f")


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    ends = f" ({_short(low)} to {_short(high)})" if None not in (low, high) else ""
    return _short(value) + ends


def _short(value: float | None) -> str:
    """Three digits, or whole from a hundred on.

    >>> [_short(x) for x in (1.234, 56.78, 12345.6)]
    ['1.23', '56.8', '12\\u202f346']
    """
    if value is None:
        return "–"
    return _count(round(value)) if abs(value) >= 100 else f"{value:.3g}"


def _window(start: datetime | None, end: datetime | None) -> str:
    """A half-open window in words.

    >>> _window(datetime(2026, 1, 2, 5), None)
    'since 2026-01-02 05:00'
    """
    since = f"since {start:%Y-%m-%d %H:%M}" if start else ""
    until = f"until {end:%Y-%m-%d %H:%M}" if end else ""
    return " ".join(filter(None, (since, until))) or "always"
