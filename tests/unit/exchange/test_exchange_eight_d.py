"""The 8D report: D0 to D4 filled, D5 to D8 open; the same file in every process."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import zipfile
import zlib
from datetime import date, datetime
from typing import Any

import openpyxl
import polars as pl
import pytest

from cx_analytics.exchange.eight_d import EightD, Picture, eight_d
from cx_analytics.exchange.paper import paper
from cx_analytics.exchange.pdf import UnreadablePage, join
from cx_analytics.exchange.workbook import workbook

AT, EXPIRES, AS_OF = datetime(2026, 2, 1), datetime(2026, 2, 15), date(2026, 1, 31)
DEFECT: dict[str, Any] = {
    "defect_id": "d-0123456789",
    "conditions": {"modem_lot": "=M7 <&>\nПривет"},
    "site": None,
    "line": None,
    "supplier": "Acme",
    "component": "modem",
    "component_lot": None,
    "lot": None,
    "units_made": 12345,
    "units_in_field": 8,
    "units_failed": 2,
    "rate_ratio": 3.0,
    "low": 2.0,
    "high": 4.0,
    "excess_faults": 20.0,
    "forecast_faults_90d": 60.0,
    "forecast_low": 40.0,
    "forecast_high": 85.0,
    "recommended_disposition": "needs_replacement",
    "probability": 0.97,
}
UNITS = pl.DataFrame({"unit_id": ["U1", "U2", "U3"], "in_field": [True, False, False]})
SISTERS = pl.DataFrame(
    {
        "attribute": ["modem_lot"] * 3,
        "value": ["M7", "M1", "M2"],
        "suspect": [True, False, False],
        "sessions": [100, 1000, 0],
        "faults": [20, 10, 0],
        "faults_per_1000_sessions": [200.0, 10.0, None],
    }
)
DAYS = pl.DataFrame(
    {
        "day": [date(2026, 1, 29), date(2026, 1, 30), date(2026, 1, 31), date(2026, 1, 31)],
        "suspect": [True, True, True, False],
        "sessions": [30, 30, 40, 1000],
        "faults": [0, 5, 15, 10],
    }
)


def report(**given: Any) -> EightD:
    pictures = given.pop("pictures", ())
    return eight_d(
        DEFECT | given,
        UNITS,
        SISTERS,
        DAYS,
        at=AT,
        expires_at=EXPIRES,
        as_of=AS_OF,
        pictures=pictures,
    )


def said(code: str, **given: Any) -> dict[str, str]:
    (found,) = (one for one in report(**given).disciplines if one.code == code)
    return dict(found.rows)


def test_d0_to_d4_are_filled_and_the_rest_is_open() -> None:
    disciplines = report().disciplines
    assert [one.code for one in disciplines] == [f"D{number}" for number in range(9)]
    assert [one.filled for one in disciplines] == [True] * 5 + [False] * 4
    assert all(one.asked for one in disciplines[3:])


def test_the_problem_is_described_by_what_is_and_what_is_not() -> None:
    told = said("D2")
    assert told["What is affected"] == "Units with modem lot =M7 <&> Привет"
    assert told["What is not"] == (
        "1 sister by modem lot, of the same models: 10 faults per 1000 sessions together"
    )
    assert told["When"] == "Faults on 2 of 3 days of use, 2026-01-30 to 2026-01-31"
    assert told["How often"] == "3 times as often as others (90 % interval 2 to 4)"
    assert told["How many"] == "12 345 units made, 8 in the field, 2 of these failed"


def test_containment_is_proposed_never_claimed() -> None:
    told = said("D3")
    assert told["Proposed"] == "Hold 2 units that have not left (serials.csv, epcis.json)"
    assert told["State"] == "Proposed, until 2026-02-15 00:00 UTC; nothing is held without you"
    assert said("D3", recommended_disposition=None) == {"Proposed": "Nothing to hold yet"}
    assert said("D3", conditions={"line": "3"})["Lots"] == "No single lot to block"


def test_what_the_field_cannot_know_is_said() -> None:
    told = said("D4")
    assert told["How sure"] == "confirmed (probability 0.97)"
    assert told["Not known"].startswith("The physical mechanism")
    bare = said("D4", rate_ratio=None, low=None, high=None)
    assert bare["Rate ratio"] == "more often than others; by how much is not known"


def test_an_open_discipline_is_a_marked_sheet_with_empty_cells() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(report(), {}, at=AT)))
    assert book["D5"]["A2"].value == "For the factory to fill in: open"
    assert [book["D5"].cell(row, 2).value for row in (4, 5, 6)] == [None] * 3
    assert book["D2"]["B4"].value == "Units with modem lot =M7 <&> Привет"
    assert book.properties.created == AT


def drawn() -> Picture:
    from cx_analytics.report import defect_by_day, png, svg

    spec = defect_by_day(DAYS)
    return Picture("Faults by day", svg(spec), png(spec))


def test_pictures_stand_in_the_sheet_of_the_problem() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook(report(pictures=[drawn()]), {}, at=AT))) as book:
        assert [name for name in book.namelist() if "media" in name] == ["xl/media/image1.png"]
        assert {info.date_time for info in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def inflated(pdf: bytes) -> bytes:
    """The streams of a PDF that are plain Flate, one after the other."""
    parts = []
    for stream in re.findall(rb"stream\r?\n(.*?)\nendstream", pdf, flags=re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


def test_the_pdf_has_its_pages_fonts_and_a_true_cross_reference_table() -> None:
    pdf = paper(report(pictures=[drawn()]), at=AT)
    assert pdf.startswith(b"%PDF-1.7")
    pages = re.findall(rb"/Type /Page\b", pdf)
    assert b"/Count %d " % len(pages) in pdf
    assert len(pages) == 3
    assert b"/CreationDate (D:20260201000000Z)" in pdf
    assert b"LiberationSans" in pdf
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF", pdf)[1])  # type: ignore[index]
    size = int(re.match(rb"xref\n0 (\d+)\n", pdf[start:])[1])  # type: ignore[index]
    entries = re.findall(rb"(\d{10}) 00000 n ", pdf[start:])
    assert len(entries) == size - 1
    for number, offset in enumerate(entries, 1):
        assert pdf[int(offset) :].startswith(b"%d 0 obj" % number)
    referred = {int(one) for one in re.findall(rb"\b(\d+) 0 R", pdf)}
    assert referred <= set(range(1, size))
    assert b"BT" in inflated(pdf)


_IN_ANOTHER_PROCESS = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
import test_exchange_eight_d as t
print(hashlib.sha256(t.paper(t.report(pictures=[t.drawn()]), at=t.AT)).hexdigest())
"""


def test_equal_reports_give_equal_bytes_in_every_process() -> None:
    """The renderer walks through its resources in another order in each process."""
    from pathlib import Path

    import cx_analytics

    house = Path(cx_analytics.__file__).parents[1]
    here = Path(__file__).parent
    found = {
        subprocess.run(
            [sys.executable, "-c", _IN_ANOTHER_PROCESS, str(here)],
            capture_output=True,
            text=True,
            check=True,
            cwd=house,
        ).stdout.strip()
        for _ in range(2)
    }
    own = hashlib.sha256(paper(report(pictures=[drawn()]), at=AT)).hexdigest()
    assert found == {own}


@pytest.mark.parametrize("page", [b"", b"%PDF-1.7\nstartxref\n5\n%%EOF", b"no pdf"])
def test_a_page_that_cannot_be_read_is_refused(page: bytes) -> None:
    with pytest.raises(UnreadablePage, match="cross-reference"):
        join([page], title="x", at=AT)
