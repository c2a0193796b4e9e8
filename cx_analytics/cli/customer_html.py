"""`cx customer --html`: the answer about one customer as a page in a file.

Belongs here: rows → what the page shows, and the file. Stays out: HTML (report/customer_page.py)
and what is said of a customer (answer_customer.py).
"""

from __future__ import annotations

from pathlib import Path

from cx_analytics.cli import answer_customer, page_file
from cx_analytics.cli.answer_customer import Customer
from cx_analytics.cli.phrases import own_words
from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.screen import Sheet, percent, when
from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.report.customer_page import CustomerView, TextTable, customer_page
from cx_analytics.report.customer_plots import Fault

SHOWN_FAULTS = 1000
"""Faults that the picture holds at most, the latest."""

LISTED_FAULTS = 20
"""Faults that the table of the page lists."""


def find_and_write(reader: Reader, customer_id: str, target: Path) -> Customer:
    """Read a customer and write the page in one piece; InputRefused where that cannot be."""
    page_file.check(target)
    one = answer_customer.find(reader, customer_id, most_faults=SHOWN_FAULTS)
    page_file.write(target, customer_page(view_of(reader, one)))
    return one


def view_of(reader: Reader, one: Customer) -> CustomerView:
    """What the page shows of a customer."""
    listed = one.faults[:LISTED_FAULTS]
    return CustomerView(
        customer_id=one.customer_id,
        product=reader.workspace.settings.name,
        standing=one.standing,
        calibration=answer_customer.calibration_sentence(one),
        alerts=answer_customer.alerts(one),
        answer=[
            answer_customer.cause_sentence(one),
            *answer_customer.advice(one),
            *answer_customer.verdicts(one),
        ],
        days=reader.rows("customer_days", customer_id=one.customer_id),
        faults=[_fault(row) for row in one.faults],
        causes=_table(answer_customer.reason_sheet(one.reasons)),
        last_faults=_table(answer_customer.fault_sheet(listed)),
    )


def _fault(row: Row) -> Fault:
    """A fault of the picture; a cause that is no longer in the table is not explained."""
    cause = own_words(row["label"])
    words = f"{when(row['started_at'])} {row['fault_code']}: {cause} ({percent(row['share'])})"
    return Fault(row["started_at"], cause, row["kind"] or BACKGROUND, words)


def _table(sheet: Sheet) -> TextTable:
    return TextTable([column.capitalize() for column in sheet.columns], sheet.rows)
