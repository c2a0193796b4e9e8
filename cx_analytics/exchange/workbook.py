"""The spreadsheet of a pack: summary, serials, sister lots.

Belongs here: XLSX. Stays out: what the numbers mean.
Every text is written as a string, never as a formula or link, and one that could become a
formula on its way through CSV is neutralised. Equal input gives equal bytes: the time of the
file is the time of the message.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.exchange.safe import cell

MOST_ROWS = 100_000
"""Rows a sheet shows; the CSV beside it holds all."""


def workbook(
    summary: Sequence[tuple[str, Any]],
    sheets: Mapping[str, pl.DataFrame],
    *,
    at: datetime,
) -> bytes:
    """An XLSX file: a sheet `summary` of names and values, then one sheet a frame."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"created": at, "title": "Defect message"})
    bold = book.add_format({"bold": True})
    page = book.add_worksheet("summary")
    page.set_column(0, 1, 32)
    for row, (name, value) in enumerate(summary):
        page.write_string(row, 0, cell(name), bold)
        _put(page, row, 1, value)
    for title, frame in sheets.items():
        _fill(book.add_worksheet(title), frame, bold)
    book.close()
    return target.getvalue()


def _fill(page: Any, frame: pl.DataFrame, bold: Any) -> None:
    page.freeze_panes(1, 0)
    page.set_column(0, max(frame.width - 1, 0), 18)
    for column, name in enumerate(frame.columns):
        page.write_string(0, column, cell(name), bold)
    for row, values in enumerate(frame.head(MOST_ROWS).iter_rows(), start=1):
        for column, value in enumerate(values):
            _put(page, row, column, value)
    if frame.height > MOST_ROWS:
        page.write_string(MOST_ROWS + 1, 0, f"{frame.height - MOST_ROWS} more in the CSV file")


def _put(page: Any, row: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        page.write_string(row, column, "yes" if value else "no")
    elif isinstance(value, int | float):
        page.write_number(row, column, value)
    elif isinstance(value, datetime):
        page.write_string(row, column, value.isoformat(sep=" ", timespec="seconds"))
    else:
        page.write_string(row, column, cell(str(value)))
