"""With pseudonyms asked for, no byte that a run leaves behind holds an id as it came."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from cx_analytics.cli import actions, answer_customer, answer_factory, customer_html
from cx_analytics.cli.app import status_of
from cx_analytics.cli.erase import demand_nothing_left, erase
from cx_analytics.cli.reader import Reader
from cx_analytics.cli.screen import Answer
from cx_analytics.contracts.errors import CxError, InputRefused, NotFound, SettingsError
from cx_analytics.pipeline import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("unjudged"),
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
    pytest.mark.filterwarnings("ignore::dagster_shared.utils.warnings.BetaWarning"),
]

RAW = re.compile(r"c-\d{6}(?![0-9a-f])|SN\d{7}|[A-Z]{2}-\d{4}-\d{8}|zq-raw")
"""Ids of customers, units and components in the planted world, and those that are added here."""

SETTING = '[privacy]\npseudonyms = ["customer_id", "unit_id", "component_serial"]\n'
PSEUDONYM = re.compile(r"p-[0-9a-f]{20}")
NOW, AT = datetime(2026, 2, 1, 12), "2026-01-03T10:00:00Z"
WHO, UNIT = "c-000004", "SN0100076"

NASTY: dict[str, str] = {
    "sessions/bad.ndjson": '{"session_id": "b", "customer_id": "zq-raw-1", "started_at": "never"}\n'
    '{"session_id": "t", "customer_id": "zq-raw-1", "sta\n["zq-raw-1"]\n',
    "sessions/bad.csv": "session_id,customer_id,started_at\nx,zq-raw-1,2026-01-03,zq-raw-2\n",
    "sessions/headless.csv": "zq-raw-1,zq-raw-2\n1,2\n",
    "cells/wrong_door.ndjson": '{"customer_id": "zq-raw-1", "unit_id": "zq-raw-2"}\n',
    "production_events/flat.ndjson": json.dumps(
        {"case_id": "zq-raw-3", "step": "s", "started_at": AT, "ended_at": AT}
    ),
    "production_events/e.json": json.dumps(
        {
            "type": "ObjectEvent",
            "eventTime": AT,
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "bizStep": "inspecting",
            "epcList": ["urn:epc:id:sgtin:4012345.011111.zq-raw-4"],
        }
    ),
    "actions/a.ndjson": json.dumps(
        {
            "action_id": "n",
            "kind": "unit_replacement",
            "effective_from": AT,
            "conditions": f"unit_id={UNIT} & device_model=X",
            "exposed": json.dumps({"customers": {WHO: AT}, "units": [UNIT], "note": "zq-raw-5"}),
        }
    ),
}


@pytest.fixture(scope="module")
def hidden(new_workspace: Callable[..., Path]) -> Path:
    """A workspace under pseudonyms after a run; left as it is by every test."""
    root = new_workspace()
    with (root / "cx.toml").open("a") as file:
        file.write(SETTING)
    for name, text in NASTY.items():
        (root / "landing" / name).write_text(text)
    run(root)
    return root


@pytest.fixture
def copy(hidden: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(hidden, tmp_path / "w", copy_function=shutil.copy2))


def texts_of(path: Path) -> str:
    """All that a file says: its bytes, and the values of tables, which are packed."""
    said = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path, hive_partitioning=False)
        said += "\n".join(str(row) for row in frame.iter_rows())
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as house:
            for (name,) in house.sql("SELECT table_name FROM duckdb_tables()").fetchall():
                said += "\n".join(map(str, house.sql(f'SELECT * FROM "{name}"').fetchall()))
    return said


def naming(root: Path) -> dict[str, str]:
    """Files outside landing/ that hold an id as it came, with the first such id."""
    files = [path for path in root.rglob("*") if path.is_file()]
    own = [path for path in files if path.relative_to(root).parts[0] != "landing"]
    found = {str(one.relative_to(root)): RAW.search(texts_of(one)) for one in own}
    return {name: match[0] for name, match in found.items() if match}


def test_no_file_holds_a_raw_id(hidden: Path) -> None:
    folders = {path.name for path in hidden.iterdir()}
    assert {"lake", "warehouse", "quarantine", "reports", "dagster", "keys"} <= folders
    assert naming(hidden) == {}
    landed = (path for path in (hidden / "landing").rglob("*") if path.is_file())
    assert any(RAW.search(texts_of(path)) for path in landed)


def test_tables_join_as_ever(hidden: Path) -> None:
    with Reader(hidden) as reader:
        sql = "SELECT count(*), count(site) FROM sessions WHERE unit_id IS NOT NULL"
        sessions, known = reader.connection.sql(sql).fetchall()[0]
        records = reader.connection.sql("SELECT DISTINCT record FROM quarantine").fetchall()
    assert sessions > 1000
    assert known > 0.5 * sessions
    assert records == [(None,)]


def test_the_key_is_for_its_owner(hidden: Path) -> None:
    assert (hidden / "keys" / "pseudonym.key").stat().st_mode & 0o777 == 0o600


def customer(reader: Reader, identity: str) -> Answer:
    return answer_customer.answer(answer_customer.find(reader, identity))


def test_people_ask_by_either_id(hidden: Path) -> None:
    with Reader(hidden) as reader:
        told = customer(reader, WHO)
    name = told.data["customer_id"]
    assert PSEUDONYM.fullmatch(name)
    with Reader(hidden) as reader:
        assert customer(reader, name).data == told.data
        unit = answer_factory.unit(reader, UNIT)
        assert PSEUDONYM.fullmatch(unit.data["unit_id"])
        assert answer_factory.unit(reader, unit.data["unit_id"]).data == unit.data
    assert not RAW.search(str(told) + str(unit))


def test_a_page_shows_the_pseudonym(hidden: Path, tmp_path: Path) -> None:
    with Reader(hidden) as reader:
        customer_html.find_and_write(reader, WHO, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert PSEUDONYM.search(page)
    assert not RAW.search(page)


def test_an_unknown_id_is_answered_without_others(hidden: Path) -> None:
    with Reader(hidden) as reader, pytest.raises(NotFound) as caught:
        customer(reader, "c-999999")
    assert PSEUDONYM.findall(str(caught.value)) == [reader.known_as("customer_id", "c-999999")]
    assert not RAW.search(str(caught.value))


def test_a_proposal_enters_the_ledger_under_the_pseudonym(copy: Path) -> None:
    actions.proposed(
        copy, f"unit_id={UNIT}", kind="unit_replacement", actor="Ada", reason=None, now=NOW
    )
    run(copy)
    assert naming(copy) == {}


@pytest.mark.parametrize("by", ["raw", "pseudonym"])
def test_erased_by_either_id_and_not_brought_back(copy: Path, by: str) -> None:
    with Reader(copy) as reader:
        name = reader.known_as("customer_id", WHO)
    given = WHO if by == "raw" else name
    answer = erase(copy, given, now=NOW, progress=lambda *_: None)
    demand_nothing_left(answer)
    assert answer.data["state"] == "finished"
    assert answer.data["remains"] == []
    assert bool(answer.data["at_the_source"]) is (by == "raw")
    assert ("give the customer's own id" in str(answer.sentences)) is (by == "pseudonym")
    assert not any(name in texts_of(path) for path in copy.rglob("*") if path.is_file())
    late = {"session_id": "late", "customer_id": WHO, "started_at": AT}
    (copy / "landing" / "sessions" / "late.ndjson").write_text(json.dumps(late))
    assert run(copy).quarantined == 1
    assert not any(name in texts_of(path) for path in copy.rglob("*") if path.is_file())
    assert status_of(["erase", str(copy), WHO]) == 0
    assert naming(copy) == {}


def refused(root: Path, kind: type[CxError]) -> Any:
    with pytest.raises(kind) as caught:
        run(root)
    return caught.value


def test_a_lost_key_is_said_and_brought_back(copy: Path) -> None:
    key = copy / "keys" / "pseudonym.key"
    kept = key.read_text()
    with Reader(copy) as reader:
        name = reader.known_as("customer_id", WHO)
    key.unlink()
    with Reader(copy) as reader:
        assert customer(reader, name).data["customer_id"] == name
        with pytest.raises(InputRefused, match="the key of the pseudonyms is gone"):
            customer(reader, WHO)
    assert "the key of the pseudonyms is gone" in refused(copy, InputRefused).what
    assert not key.exists()
    key.write_text("00" * 32)
    assert "another key" in refused(copy, SettingsError).what
    key.write_text(kept)
    assert run(copy).up_to_date


def test_another_setting_is_refused_until_the_lake_is_made_anew(copy: Path) -> None:
    told = (copy / "cx.toml").read_text()
    (copy / "cx.toml").write_text(told.replace(SETTING, ""))
    error = refused(copy, SettingsError)
    assert "asks for ids as they came" in error.what
    assert "make the lake anew" in error.todo
    for name in ("lake", "quarantine", "warehouse", "reports", "exports", "dagster"):
        shutil.rmtree(copy / name, ignore_errors=True)
    run(copy)
    assert "lake/units/all/part.parquet" in naming(copy)
    (copy / "cx.toml").write_text(told)
    assert "the lake holds ids as they came" in refused(copy, SettingsError).what
