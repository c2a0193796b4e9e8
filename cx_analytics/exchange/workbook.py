"""The 8D report as a spreadsheet: a sheet a discipline, then serials, sister lots, evidence.

Belongs here: XLSX (ECMA-376). Stays out: what is said (eight_d.py).
Every text is written as a string, never as a formula or link, and one that could become a
formula on its way through CSV is neutralised. Equal input gives equal bytes: the time of the
file is the time of the message.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.exchange.eight_d import FACTORY, Discipline, EightD, Picture
from cx_analytics.exchange.safe import cell

MOST_ROWS = 100_000
"""Rows a sheet shows; the CSV beside it holds all."""

PICTURE_ROWS = 24
"""Rows that a picture covers at the height of a row as it is."""

_WIDE = {"sql": 70, "meaning": 46, "metric_id": 40}
_LABEL_WIDTH, _TEXT_WIDTH = 28, 90
_BLUE, _YELLOW, _LINE = "#0072B2", "#FFF8DC", "#C6CCD3"


def workbook(report: EightD, sheets: Mapping[str, pl.DataFrame], *, at: datetime) -> bytes:
    """An XLSX file: D0 to D8, then one sheet a frame."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    title = f"8D report {report.case_id}"
    book.set_properties({"created": at, "title": title, "author": "cx-analytics"})
    formats = _formats(book)
    for discipline in report.disciplines:
        page = book.add_worksheet(discipline.code)
        _print_on(page, f"{title}, as of {report.as_of}")
        end = _discipline(page, discipline, formats)
        if discipline.code == "D2":
            _pictures(page, report.pictures, end + 1)
    for name, frame in sheets.items():
        page = book.add_worksheet(name)
        _print_on(page, title, wide=True)
        _fill(page, frame, formats)
    book.close()
    return target.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    wrapped = {"text_wrap": True, "valign": "top", "border": 1, "border_color": _LINE}
    return {
        "title": book.add_format({"bold": True, "font_size": 14, "font_color": _BLUE}),
        "state": book.add_format({"italic": True}),
        "label": book.add_format({**wrapped, "bold": True}),
        "text": book.add_format(wrapped),
        "open": book.add_format({**wrapped, "bg_color": _YELLOW}),
        "head": book.add_format({"bold": True, "bottom": 2, "bottom_color": _BLUE}),
    }


def _print_on(page: Any, footer: str, *, wide: bool = False) -> None:
    """A4, one page wide, so that it prints as it looks."""
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    # An ampersand is a control code in a footer (ECMA-376 part 1, 18.3.1.46).
    page.set_footer("&L" + footer.replace("&", "&&") + "&R&P / &N")
    if wide:
        page.set_landscape()


def _discipline(page: Any, discipline: Discipline, formats: Mapping[str, Any]) -> int:
    """The sheet of a discipline; the first row below it."""
    page.set_column(0, 0, _LABEL_WIDTH)
    page.set_column(1, 1, _TEXT_WIDTH)
    page.write_string(0, 0, f"{discipline.code}  {discipline.title}", formats["title"])
    state = "Filled from the evidence of the field" if discipline.filled else f"{FACTORY}: open"
    page.write_string(1, 0, state, formats["state"])
    row = 3
    for label, text in discipline.rows:
        page.write_string(row, 0, cell(label), formats["label"])
        page.write_string(row, 1, cell(text), formats["text"])
        row += 1
    for question in discipline.asked:
        page.set_row(row, 32)
        page.write_string(row, 0, cell(question), formats["label"])
        page.write_blank(row, 1, None, formats["open"])
        row += 1
    return row


def _pictures(page: Any, pictures: tuple[Picture, ...], row: int) -> None:
    for picture in pictures:
        options = {
            "image_data": io.BytesIO(picture.png),
            "description": picture.words,
            "x_scale": 0.5,
            "y_scale": 0.5,
        }
        page.insert_image(row, 0, "picture.png", options)
        row += PICTURE_ROWS


def _fill(page: Any, frame: pl.DataFrame, formats: Mapping[str, Any]) -> None:
    page.freeze_panes(1, 0)
    for column, name in enumerate(frame.columns):
        page.set_column(column, column, _WIDE.get(name, 18))
        page.write_string(0, column, cell(name), formats["head"])
    for row, values in enumerate(frame.head(MOST_ROWS).iter_rows(), start=1):
        for column, value in enumerate(values):
            _put(page, row, column, value)
    if frame.height:
        page.autofilter(0, 0, min(frame.height, MOST_ROWS), frame.width - 1)
    if frame.height > MOST_ROWS:
        page.write_string(MOST_ROWS + 1, 0, f"{frame.height - MOST_ROWS} more in the CSV file")


def _put(page: Any, row: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        page.write_string(row, column, "yes" if value else "no")
    elif isinstance(value, int | float):
        # A spreadsheet has no infinity and no NaN (ECMA-376 part 1, 18.17.2.2).
        if math.isfinite(value):
            page.write_number(row, column, value)
    elif isinstance(value, datetime):
        page.write_string(row, column, value.isoformat(sep=" ", timespec="seconds"))
    else:
        page.write_string(row, column, cell(str(value)))
