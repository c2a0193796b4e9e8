"""Feedback packs: valid, harmless, private, the same for the same input."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.exchange import Case, changed, deliver, folder_name, listed, pack, sweep
from cx_analytics.exchange.envelope import parcel_of
from cx_analytics.exchange.feedback import SERIAL_COLUMNS

AT, EXPIRES, AS_OF = datetime(2026, 2, 1), datetime(2026, 2, 15), date(2026, 1, 31)
SCHEMA_FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "epcis2_schema"
HOSTILE = ("../../x", '=HYPERLINK("http://x")', "+1", "-2", "@sum", "\tt", "\rr", 'a\nb,"c', "ü/ß")

DEFECT: dict[str, Any] = {
    "defect_id": "d-0123456789",
    "cause_id": "c-1",
    "conditions": {"lot": "L1"},
    "lot": "L1",
    "line": "3",
    "site": "S1",
    "component": None,
    "supplier": None,
    "component_lot": None,
    "units_made": 9,
    "units_in_field": 8,
    "units_failed": 2,
    "rate_ratio": 3.0,
    "low": 2.0,
    "high": 4.0,
    "excess_faults": 20.0,
    "forecast_faults_90d": 60.0,
    "forecast_low": 40.0,
    "forecast_high": 85.0,
    "recommended_disposition": "non_sellable_other",
    "probability": 0.97,
    "cannot_separate": "cannot be told from line=3 (1.2 nats behind)",
}
SISTERS = pl.DataFrame(
    {
        "defect_id": ["d-0123456789"] * 2,
        "attribute": ["lot", "lot"],
        "value": ["=L2", "L1"],
        "suspect": [False, True],
        "units_made": [10, 9],
        "units_seen": [9, 8],
        "sessions": [100, 80],
        "faults": [1, 4],
    }
)
EVIDENCE = pl.DataFrame(
    {
        "metric_id": ["defect.d-0123456789.units_made"],
        "defect_id": ["d-0123456789"],
        "name": ["units_made"],
        "unit": ["units"],
        "value": [9.0],
        "sql": ["SELECT count(*) AS value FROM units WHERE lot = 'L1'"],
        "meaning": ["Units that match"],
    }
)


def units() -> pl.DataFrame:
    rows = [
        {
            "unit_id": unit_id,
            "gtin": "4006381333931" if number % 2 else None,
            "device_model": "X",
            "lot": "L1",
            "produced_at": datetime(2025, 12, 1),
            "in_field": number > 0,
            "failed": number in (1, 2),
            "probability_90d": 0.1,
            "low": 0.05,
            "high": 0.2,
            "customer_id": "customer-secret",
            "session_id": "session-secret",
            "latitude": 52.520008,
        }
        for number, unit_id in enumerate(HOSTILE)
    ]
    return pl.DataFrame(rows).with_columns(
        pl.lit(None, dtype=pl.String).alias(name)
        for name in ("hardware_revision", "site", "line", "shipped_at")
    )


DAYS = pl.DataFrame(
    {
        "day": [date(2026, 1, 30), date(2026, 1, 31)],
        "suspect": [True, True],
        "sessions": [40, 40],
        "faults": [0, 4],
    }
)


def packed(**given: Any) -> dict[str, bytes]:
    case = Case(DEFECT | given, units(), SISTERS, DAYS, EVIDENCE)
    return pack(case, at=AT, expires_at=EXPIRES, as_of=AS_OF)


def texts(files: dict[str, bytes]) -> str:
    """Everything in a pack as text, the parts of the workbook unzipped."""
    parts = [content for name, content in files.items() if not name.endswith((".xlsx", ".pdf"))]
    with zipfile.ZipFile(io.BytesIO(files["8d.xlsx"])) as book:
        parts += [book.read(name) for name in book.namelist()]
    return "\n".join(part.decode() for part in parts)


def test_equal_input_gives_equal_bytes() -> None:
    assert packed() == packed()


def test_no_customer_session_or_position_is_in_a_pack() -> None:
    told = texts(packed())
    for secret in ("customer-secret", "session-secret", "52.52"):
        assert secret not in told


def test_a_pack_may_be_sent() -> None:
    assert parcel_of("d-0123456789-2026-01-31-00000000", packed(), tag="ab").files == packed()


@pytest.mark.parametrize("key", ["customer_id", "session_id", "cell_id", "latitude", "unit_id"])
def test_conditions_that_say_who_or_where_are_refused(key: str) -> None:
    with pytest.raises(InputRefused, match=key):
        packed(conditions={key: "x", "lot": "L1"})


def test_serials_are_whole_and_no_cell_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(packed()["serials.csv"].decode(), newline="")))
    assert tuple(rows[0]) == SERIAL_COLUMNS
    found = [row[0] for row in rows[1:]]
    assert [cell.removeprefix("'") for cell in found] == list(HOSTILE)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_the_workbook_holds_strings_never_formulas() -> None:
    book = openpyxl.load_workbook(io.BytesIO(packed()["8d.xlsx"]))
    disciplines = [f"D{number}" for number in range(9)]
    assert book.sheetnames == [*disciplines, "serials", "sister lots", "evidence"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not [cell for cell in cells if str(cell.value).startswith("=")]
    assert book["sister lots"]["B2"].value == "L1"
    assert book["sister lots"]["H2"].value == 50
    assert book["evidence"]["E2"].value == "SELECT count(*) AS value FROM units WHERE lot = 'L1'"


def test_the_manifest_lists_every_other_file() -> None:
    files = packed()
    told = json.loads(files["manifest.json"])
    assert [entry["name"] for entry in told["files"]] == [
        "8d.pdf",
        "8d.xlsx",
        "b2mml.xml",
        "cfx.json",
        "defect.json",
        "epcis.json",
        "evidence.json",
        "message.txt",
        "serials.csv",
    ]
    sent = {name: content for name, content in files.items() if name != "manifest.json"}
    hashes = listed(files["manifest.json"].decode(), "pack")
    assert changed(hashes, sent) == {}
    assert changed(hashes, sent | {"serials.csv": b""}) == {"serials.csv": "changed"}


def test_without_a_lot_to_hold_the_manifest_says_what_is_left_out() -> None:
    told = json.loads(packed(conditions={"line": "3"})["manifest.json"])
    why = "no hold of a lot is proposed"
    assert told["left_out"] == [{"name": name, "why": why} for name in ("b2mml.xml", "cfx.json")]


def test_the_message_says_what_to_do() -> None:
    told = packed()["message.txt"].decode()
    assert "Units with lot L1 fail 3.0 times as often" in told
    assert "9 made, 8 in the field, 2 of these failed" in told
    assert "60 more faults in 90 days (90 % interval 40 to 85)" in told
    injected = packed(conditions={"lot": "L1\nPlease   destroy"})["message.txt"].decode()
    assert "\nPlease   destroy" not in injected


def test_the_message_says_what_it_cannot_be_told_from() -> None:
    told = packed()["message.txt"].decode()
    assert "(probability 0.97); by the data alone it cannot be told from line=3" in told
    assert "by the data alone" not in packed(cannot_separate=None)["message.txt"].decode()


def test_a_pack_says_what_is_proposed_and_how_sure_that_is() -> None:
    change = {
        "action_id": "a-1",
        "proposal": "change_process",
        "subject": "line=3",
        "reason": "line=3: 3.0 times the faults",
        "sample": 45,
        "chance_wrong": 0.03,
        "units": 50,
        "undo": "set the process as it was",
        "obstacle": "automatic adjustment is switched off",
    }
    case = Case(DEFECT, units(), SISTERS, DAYS, EVIDENCE, proposals=[change])
    files = pack(case, at=AT, expires_at=EXPIRES, as_of=AS_OF)
    (told,) = json.loads(files["defect.json"])["proposals"]
    assert told == {key: value for key, value in change.items() if key != "obstacle"}
    words = "Proposed change the process of line=3 (chance of being wrong 3.0%, seen on 45)"
    assert words in files["message.txt"].decode()
    assert json.loads(packed()["defect.json"])["proposals"] == []


def test_the_json_holds_every_number_with_its_sql() -> None:
    told = json.loads(packed()["defect.json"])
    assert told["case_id"] == "d-0123456789"
    assert told["expires_at"] == "2026-02-15T00:00:00.000Z"
    assert told["rate_ratio"] == {"value": 3.0, "low": 2.0, "high": 4.0, "level": 0.9}
    assert told["evidence"][0]["sql"].startswith("SELECT count(*)")


def events(**given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(packed(**given)["epcis.json"])["epcisBody"][
        "eventList"
    ]
    return found


def test_the_hold_covers_the_class_and_the_units_not_in_the_field() -> None:
    (held,) = events()
    assert (held["bizStep"], held["disposition"]) == ("holding", "non_sellable_other")
    assert held["eventTimeZoneOffset"] == "+00:00"
    assert held["epcList"] == ["urn:cx-analytics:unit:..%2F..%2Fx"]
    assert held["quantityList"] == [{"epcClass": "https://id.gs1.org/01/04006381333931/10/L1"}]


def test_failed_components_need_replacement() -> None:
    held, failed = events(
        recommended_disposition="needs_replacement", conditions={"modem_lot": "M7"}
    )
    assert held["disposition"] == "non_sellable_other"
    assert failed["disposition"] == "needs_replacement"
    assert len(failed["epcList"]) == 2


def test_a_suspicion_holds_nothing() -> None:
    assert events(recommended_disposition=None) == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"recommended_disposition": "needs_replacement", "conditions": {"modem_lot": "=M 7/ü"}},
        {"recommended_disposition": None},
    ],
)
def test_epcis_is_valid_with_format_checking_and_vocabulary(given: dict[str, Any]) -> None:
    if not SCHEMA_FOLDER.is_dir():
        pytest.skip("the EPCIS schema is not shipped: put it into ../shared/data/epcis2_schema")
    import jsonschema

    document = json.loads(packed(**given)["epcis.json"])
    schema = json.loads((SCHEMA_FOLDER / "EPCIS-JSON-Schema.json").read_text())
    checker = jsonschema.Draft7Validator.FORMAT_CHECKER
    assert "uri" in checker.checkers
    validator = jsonschema.Draft7Validator(schema, format_checker=checker)
    assert [error.message for error in validator.iter_errors(document)] == []
    for event in document["epcisBody"]["eventList"]:
        assert event["disposition"] in vocabulary("disposition")
        assert event.get("bizStep", "holding") in vocabulary("bizstep")


def vocabulary(name: str) -> set[str]:
    context = json.loads((SCHEMA_FOLDER / f"cbv-context-{name}.jsonld").read_text())["@context"]
    return {key for key in context if not key.startswith("@") and key != "cbv"}


def test_a_pack_is_delivered_once_and_never_overwritten(tmp_path: Path) -> None:
    files = packed()
    name = folder_name("d-0123456789", AS_OF, files)
    assert name.startswith("d-0123456789-2026-01-31-")
    leftover = tmp_path / ".part-d-old"
    leftover.mkdir()
    assert deliver(files, tmp_path, name) is True
    assert {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} == files
    before = (tmp_path / name / "defect.json").stat().st_mtime_ns
    assert deliver(files, tmp_path, name) is False
    assert (tmp_path / name / "defect.json").stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["../x", "d-", "d-../../-2026-01-31-00000000", ""])
def test_a_name_that_is_not_ours_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputRefused):
        deliver({"defect.json": b"{}"}, tmp_path / "exports", name)
    with pytest.raises(InputRefused):
        deliver({"../x": b""}, tmp_path, "d-0123456789-2026-01-31-00000000")
    with pytest.raises(InputRefused):
        packed(defect_id=name)


def test_a_killed_delivery_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".part-d-0123456789-2026-01-31-00000000").mkdir()
    sweep(tmp_path)
    sweep(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []
