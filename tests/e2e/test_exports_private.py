"""A whole run on hostile ids: nothing under exports/ says who or where, and no id does harm.

Every file is read as its format has it: the parts of a workbook and of a ZIP unpacked, the text of
a PDF drawn out of its pages. The schemas of EPCIS and B2MML are asked about what the run made.
"""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.pipeline import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("unjudged", "unrecorded"),
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
]

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "data"
START = datetime(2026, 1, 1)
HOSTILE = (
    "../../escaped-unit",
    '=HYPERLINK("http://x","y")',
    "@SUM(A1)",
    "</ID><ID>",
    'a\nb,"c',
    "ü/ß 1",
)
LOTS = ("=L-BAD/../x", "L-2", "L-3", "L-4")
LATITUDE, LONGITUDE = 52.520817, 13.409412


def unit_of(place: int) -> str:
    return (
        HOSTILE[place // 4] if place % 4 == 0 and place // 4 < len(HOSTILE) else f"SN-{place:04d}"
    )


def landed(root: Path) -> None:
    """200 customers with a unit each; units of the first lot fail on a third of their sessions."""
    chance = random.Random(5)
    sessions = [
        {
            "session_id": f"session-{number:06d}",
            "customer_id": f"customer-{number % 200:04d}",
            "unit_id": unit_of(number % 200),
            "started_at": START + timedelta(minutes=chance.randrange(3 * 24 * 60)),
            "duration_s": 60.0,
            "device_model": "X",
            "cell_id": f"cell-{number % 7}",
            "app_name": "shop",
            "app_version": "1.0",
            "fault_code": "drop" if chance.random() < (0.3, *[0.02] * 3)[number % 4] else None,
        }
        for number in range(3000)
    ]
    units = [
        {
            "unit_id": unit_of(place),
            "device_model": "X",
            "lot": LOTS[place % 4],
            "site": "S1",
            "line": "3",
            "gtin": "4006381333931" if place % 2 else None,
            "produced_at": START - timedelta(days=40),
            "in_service_at": START - timedelta(days=20) if place % 5 else None,
        }
        for place in range(220)
    ]
    cells = [
        {"cell_id": f"cell-{n}", "latitude": LATITUDE, "longitude": LONGITUDE} for n in range(7)
    ]
    for feed, rows in (("sessions", sessions), ("units", units), ("cells", cells)):
        (root / "landing" / feed).mkdir(parents=True)
        frame = pl.DataFrame(rows, infer_schema_length=None)
        frame.write_parquet(root / "landing" / feed / f"{feed}.parquet")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, unjudged: None, unrecorded: None) -> Path:
    """The finished workspace, with its packs also sent to folders, as they are and as ZIP."""
    root = tmp_path_factory.mktemp("private") / "ws"
    landed(root)
    (root / "cx.toml").write_text("[product]\nrest_s = 0\n")
    run(root)
    assert status_of(["export", str(root), "--to", str(root.parent / "sent")]) == 0
    assert status_of(["export", str(root), "--to", str(root.parent / "zipped"), "--zip"]) == 0
    return root


def texts(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """What a file says, whatever its format; a picture says nothing."""
    if name.endswith((".zip", ".xlsx")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.namelist():
                yield from texts(f"{name}/{part}", archive.read(part))
    elif name.endswith(".pdf"):
        pdfium = pytest.importorskip("pypdfium2")
        document = pdfium.PdfDocument(content)
        for number in range(len(document)):
            yield f"{name}, page {number + 1}", document[number].get_textpage().get_text_range()
        yield f"{name}, raw", content.decode("latin-1")
    elif not name.endswith(".png"):
        yield name, content.decode("utf-8")


def everything(root: Path) -> dict[str, str]:
    folders = (root / "exports", root.parent / "sent", root.parent / "zipped")
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        said: text
        for path in files
        for said, text in texts(str(path.relative_to(root.parent)), path.read_bytes())
    }


def test_no_customer_session_cell_or_position_is_in_any_format(root: Path) -> None:
    told = everything(root)
    endings = {
        name.split("/")[3].rpartition(".")[2].split(",")[0] for name in told if "exports" in name
    }
    assert endings == {"pdf", "xlsx", "csv", "json", "xml", "txt"}
    with duckdb.connect(str(root / "warehouse" / "cx.duckdb"), read_only=True) as warehouse:
        ids = warehouse.sql(
            "SELECT DISTINCT unnest([customer_id, session_id, cell_id]) FROM sessions"
        ).fetchall()
    secrets = {name for (name,) in ids} | {"52.52", "13.40", "customer-", "session-", "cell-"}
    assert len(secrets) > 3000
    for name, text in told.items():
        # The few prefixes find all ids; a plain search of each in each page is too slow.
        assert not [
            one for one in ("customer-", "session-", "cell-", "52.52", "13.40") if one in text
        ], name
    assert not [one for one in secrets if one in "\n".join(told.values())]


def test_the_units_are_there_and_no_id_is_a_formula_or_a_path(root: Path) -> None:
    (pack,) = (root / "exports").iterdir()
    assert pack.name.startswith("d-")
    serials = (pack / "serials.csv").read_text()
    assert "../../escaped-unit" in serials
    assert '\'=HYPERLINK(""http://x"",""y"")' in serials
    book = openpyxl.load_workbook(pack / "8d.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not [cell for cell in cells if str(cell.value).startswith("=")]
    made = {path.name for path in root.parent.iterdir()}
    assert made == {"ws", "sent", "zipped"}
    assert not [path for path in root.parent.parent.rglob("escaped-unit") if path.is_file()]


def test_what_the_run_made_is_valid(root: Path) -> None:
    if not (SCHEMAS / "epcis2_schema").is_dir():
        pytest.skip("the schemas are not shipped: put them into ../shared/data")
    import jsonschema
    import xmlschema

    (pack,) = (root / "exports").iterdir()
    schema = json.loads((SCHEMAS / "epcis2_schema" / "EPCIS-JSON-Schema.json").read_text())
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    assert {"uri", "date-time"} <= set(checker.checkers)
    validator = jsonschema.Draft7Validator(schema, format_checker=checker)
    document = json.loads((pack / "epcis.json").read_text())
    assert [error.message for error in validator.iter_errors(document)] == []
    (held, *_) = document["epcisBody"]["eventList"]
    assert (held["bizStep"], held["disposition"]) == ("holding", "non_sellable_other")
    b2mml = xmlschema.XMLSchema(SCHEMAS / "b2mml_schema" / "B2MML-Material.xsd")
    b2mml.validate((pack / "b2mml.xml").read_text())
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        b2mml.validate((pack / "b2mml.xml").read_text().replace("Restricted", "Quarantined"))
