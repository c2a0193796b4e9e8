"""The part of the answer for the supply chain that is waste: what makes rejects, what costs most.

Belongs here: warehouse rows → sentences and tables. Stays out: SQL (sql/answers/), layout.
"""

from __future__ import annotations

from cx_analytics.cli.phrases import confidence
from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.screen import Sheet, number, percent
from cx_analytics.contracts.words import WASTES

WASTES_SHOWN = 5
"""Wastes that are printed; all of them are in --json."""

_NAMES = {"field_faults": "field faults"}


def waste(reader: Reader, step: str | None) -> tuple[dict[str, list[Row]], tuple[Sheet, ...]]:
    """What makes rejects and what is wasted: rows by name, and the sheets that have any."""
    makers = reader.rows("reject_makers", step=step)
    wastes = reader.rows("wastes", step=step)
    sheets = (_maker_sheet(makers), _waste_sheet(wastes))
    rows = {"reject_causes": makers, "wastes": wastes}
    return rows, tuple(sheet for sheet in sheets if sheet.rows)


def _maker_sheet(makers: list[Row]) -> Sheet:
    cells = tuple(
        (
            row["label"],
            f"{number(row['excess_rejects'])} of {number(row['rejects'])}",
            f"{number(row['excess_low'])}–{number(row['excess_high'])}",
            f"× {number(row['rate_ratio'], 1)}",
            confidence(row),
            row["found_at"],
            row["rivals"] or "-",
        )
        for row in makers
    )
    columns = ("made by", "rejects", "90 %", "rate", "how sure", "found at", "or else")
    return Sheet("What makes the rejects", columns, cells)


def _waste_sheet(wastes: list[Row]) -> Sheet:
    """The dearest wastes; without rates in cx.toml nothing is dear."""
    total = sum(row["cost"] or 0.0 for row in wastes)
    cells = tuple(
        (
            row["step"] or "(material)",
            _NAMES.get(row["waste"], str(row["waste"])),
            row["detail"] or "-",
            f"{number(row['amount'])} {row['unit']}",
            number(row["cost"]),
            f"{number(row['cost_low'])}–{number(row['cost_high'])}",
            percent(row["cost"] / total),
            _saving(row),
        )
        for row in wastes
        if row["cost"]
    )
    columns = ("step", "waste", "by", "amount", "cost", "90 %", "share", "can be saved")
    title = f"What is wasted, the dearest first, in money ({', '.join(_shown())})"
    return Sheet(title, columns, cells[:WASTES_SHOWN])


def _shown() -> list[str]:
    return [_NAMES.get(one, one) for one in WASTES]


def _saving(row: Row) -> str:
    if row["saving"] is None:
        return "-"
    low, high = number(row["saving_low"]), number(row["saving_high"])
    return f"{number(row['saving'])} ({low}–{high})"
