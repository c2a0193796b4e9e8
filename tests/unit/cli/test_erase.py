"""A customer is erased: gone everywhere but at the source, kept away, with a receipt."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from cx_analytics import pipeline
from cx_analytics.cli.app import status_of
from cx_analytics.cli.erase import demand_nothing_left, erase
from cx_analytics.cli.screen import Answer
from cx_analytics.contracts.errors import CheckFailed
from cx_analytics.ingest import commit
from cx_analytics.ingest.suppress import Suppressed
from cx_analytics.pipeline import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::dagster_shared.utils.warnings.BetaWarning"),
]

WHO, OTHER = "c-000042", "c-0000421"
NOW, LATER = datetime(2026, 2, 1, 12), datetime(2026, 2, 2, 12)
DAYS = 3


class Killed(BaseException):
    """Stands for SIGKILL inside one process: nothing may catch it to tidy up."""


def quiet(stage: str, what: str, done: int, of: int) -> None:
    """Hear nothing."""


def session(number: int, customer: str, day: int, chance: random.Random) -> dict[str, Any]:
    faulty = chance.random() < (0.9 if customer == WHO else 0.02)
    return {
        "session_id": f"s{number:05}",
        "customer_id": customer,
        "started_at": f"2026-01-{day:02}T{chance.randrange(24):02}:10:00Z",
        "unit_id": f"u{number % 40}",
        "app_version": chance.choice(["5.1", "5.2"]),
        "cell_id": chance.choice(["310-1-a", "310-1-b", "310-1-c"]),
        "fault_code": "crash" if faulty else None,
    }


def lines(path: Path, *rows: dict[str, Any] | str) -> None:
    """Write NDJSON; a text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")


def plant(root: Path) -> None:
    """A world in which WHO has trouble of his own, and is named in every corner."""
    chance = random.Random(7)
    (root / "cx.toml").write_text("[product]\nrest_s = 0\n")
    people = [WHO, OTHER, *(f"c-{n:06}" for n in range(100, 118))]
    number = 0
    for day in range(1, DAYS + 1):
        rows: list[dict[str, Any] | str] = []
        for customer in people:
            for _ in range(8):
                number += 1
                rows.append(session(number, customer, day, chance))
        if day == 2:
            rows.append({"session_id": "bad", "customer_id": WHO, "started_at": "never"})
            rows.append('{"session_id": "torn", "customer_id": "' + WHO + '", "star')
            rows.append({"session_id": "bad too", "customer_id": OTHER, "started_at": "never"})
        lines(root / "landing" / "sessions" / f"{day}.ndjson", *rows)
    when = "2026-01-03T10:00:00Z"
    lines(
        root / "landing" / "contacts" / "c.ndjson",
        {"contact_id": "k1", "customer_id": WHO, "contacted_at": when, "topic": "crash"},
        {"contact_id": "k2", "customer_id": OTHER, "contacted_at": when, "topic": "crash"},
    )
    reached = json.dumps({"customers": {WHO: when, OTHER: when}})
    action = {"kind": "app_update", "effective_from": when}
    lines(
        root / "landing" / "actions" / "a.ndjson",
        {"action_id": "a1", **action, "exposed": reached},
        {"action_id": "a2", **action, "conditions": f"customer_id={WHO}"},
    )
    lines(root / "landing" / "units" / "u.ndjson", {"unit_id": "u1", "device_model": "m"})


@pytest.fixture(scope="module", autouse=True)
def unjudged() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cx_analytics.quality.validate", lambda *_, **__: ())
        yield


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world after its run; every test works on a copy."""
    root = tmp_path_factory.mktemp("world") / "w"
    root.mkdir()
    plant(root)
    run(root)
    return root


def copy_of(before: Path, target: Path) -> Path:
    shutil.copytree(before, target, copy_function=shutil.copy2)
    return target


@pytest.fixture(scope="module")
def told(before: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """The world from which WHO was erased, and the answer."""
    root = copy_of(before, tmp_path_factory.mktemp("erased") / "w")
    answer = erase(root, WHO, now=NOW, progress=quiet)
    demand_nothing_left(answer)
    return root, answer


def rows(root: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "warehouse" / "cx.duckdb"), read_only=True) as warehouse:
        return warehouse.sql(sql).fetchall()


def texts_of(path: Path) -> str:
    """Everything that a file says, as text; Parquet and DuckDB by their values."""
    if path.suffix == ".parquet":
        return str(pl.read_parquet(path, hive_partitioning=False).to_dicts())
    return path.read_bytes().decode("latin-1")


def holding(root: Path) -> set[str]:
    """Files outside landing/ that hold WHO, found without the code under test."""
    alone = re.compile(re.escape(WHO) + r"(?![0-9])")
    files = [path for path in root.rglob("*") if path.is_file()]
    own = [path for path in files if path.relative_to(root).parts[0] != "landing"]
    return {str(path.relative_to(root)) for path in own if alone.search(texts_of(path))}


@contextmanager
def reading(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has the warehouse open, and has read of it."""
    script = (
        "import duckdb, sys\n"
        "warehouse = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(warehouse.sql('SELECT count(*) FROM sessions').fetchall(), flush=True)\n"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(root / "warehouse" / "cx.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"[(")
        yield process
        process.kill()


def dumped(root: Path) -> str:
    tables = rows(root, "SELECT table_name FROM information_schema.tables")
    return "\n".join(str(rows(root, f'SELECT * FROM "{name}"')) for (name,) in tables)


def test_the_world_is_worth_erasing_from(before: Path) -> None:
    found = {name.split("/")[0] for name in holding(before)}
    assert {"lake", "warehouse", "quarantine"} <= found
    assert "dagster" not in found
    labels = rows(before, "SELECT as_of, label FROM causes_history")
    assert len([one for one in labels if WHO in one[1]]) >= 2
    assert f"'{WHO}'" in dumped(before)


def test_gone_from_every_file_and_table(told: tuple[Path, Answer]) -> None:
    root, answer = told
    assert holding(root) == set()
    assert answer.data["remains"] == []
    assert f"'{WHO}'" not in dumped(root)
    assert f"{WHO}'" not in dumped(root).replace(OTHER, "")
    assert rows(root, "SELECT count(*) FROM sessions") == [(8 * 19 * DAYS,)]
    assert rows(
        root, f"SELECT count(*) FROM customer_experience WHERE customer_id = '{OTHER}'"
    ) == [(DAYS,)]
    assert rows(root, "SELECT contact_id FROM contacts") == [("k2",)]


def test_others_stay_in_quarantine_and_actions(told: tuple[Path, Answer]) -> None:
    root, _ = told
    kept = rows(root, "SELECT rule, record IS NULL FROM quarantine ORDER BY ALL")
    erased = ("erased_customer", True)
    assert kept == [erased, erased, ("not_a_time:started_at", False)]
    when = "2026-01-03T10:00:00Z"
    reached = json.dumps({"customers": {OTHER: when}})
    assert rows(root, "SELECT action_id, exposed FROM actions") == [("a1", reached)]


def test_the_receipt(told: tuple[Path, Answer]) -> None:
    root, answer = told
    (path,) = (root / "receipts").iterdir()
    receipt = json.loads(path.read_text())
    assert receipt == answer.data
    assert path.name == f"erase-20260201T120000Z-{receipt['customer'][:8]}.json"
    assert receipt["state"] == "finished"
    assert sum(receipt["lake"].values()) == 8 * DAYS + 1 + 2
    assert sum(receipt["quarantine"].values()) == 2
    assert receipt["days"] == [f"2026-01-{day:02}" for day in range(1, DAYS + 1)]
    assert receipt["at_the_source"] == [
        "landing/actions/a.ndjson",
        "landing/contacts/c.ndjson",
        *(f"landing/sessions/{day}.ndjson" for day in range(1, DAYS + 1)),
    ]
    assert WHO not in " ".join(answer.sentences) + path.read_text()


def test_a_second_time_and_unknown(
    told: tuple[Path, Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    root, answer = told
    assert status_of(["erase", str(root), WHO]) == 0
    said = capsys.readouterr().out
    assert said == (
        f"Nothing is left of this customer: erased before.\nreceipts/{answer.data['receipt']}\n"
    )
    assert status_of(["erase", str(root), "c-999999"]) == 1
    assert "there is no customer 'c-999999'" in capsys.readouterr().err
    assert status_of(["erase", str(root), " "]) == 1


def test_a_new_delivery_does_not_bring_the_customer_back(
    told: tuple[Path, Answer], tmp_path: Path
) -> None:
    root = copy_of(told[0], tmp_path / "w")
    chance = random.Random(8)
    torn = '{"session_id": "torn again", "customer_id": "' + WHO + '", "star'
    bad = {"session_id": "bad again", "customer_id": WHO, "started_at": "never"}
    lines(
        root / "landing" / "sessions" / "again.ndjson",
        *(session(90000 + n, WHO, 2, chance) for n in range(5)),
        session(90005, OTHER, 2, chance),
        bad,
        torn,
    )
    when = "2026-01-03T10:00:00Z"
    action = {"kind": "app_update", "effective_from": when}
    lines(
        root / "landing" / "actions" / "again.ndjson",
        {"action_id": "a1", **action, "exposed": json.dumps({"customers": [WHO, OTHER]})},
        {"action_id": "a2", **action, "conditions": f"customer_id={WHO}"},
    )
    done = run(root)
    assert (done.rows_in, done.kept, done.duplicates, done.quarantined) == (10, 1, 1, 8)
    assert holding(root) == set()
    found = rows(root, "SELECT DISTINCT record FROM quarantine WHERE rule = 'erased_customer'")
    assert found == [(None,)]
    assert rows(root, "SELECT exposed FROM actions") == [(json.dumps({"customers": [OTHER]}),)]
    assert rows(root, f"SELECT count(*) FROM sessions WHERE customer_id = '{WHO}'") == [(0,)]


@pytest.mark.parametrize("step", ["commit", "run"])
def test_killed_in_between_a_second_erasure_finishes(
    step: str, before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copy_of(before, tmp_path / "w")
    target = (commit, "_finish") if step == "commit" else (pipeline, "bring_up_to_date")

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(*target, dies)
        with pytest.raises(Killed):
            erase(root, WHO, now=NOW, progress=quiet)
    assert f"'{WHO}'" in dumped(root), "readers go on with what was published"
    answer = erase(root, WHO, now=LATER, progress=quiet)
    assert holding(root) == set()
    assert answer.data["asked_at"] == "2026-02-01T12:00:00Z"
    assert sum(answer.data["lake"].values()) == 8 * DAYS + 1 + 2
    assert len(list((root / "receipts").iterdir())) == 1


def test_gone_from_older_publications_though_somebody_reads_them(
    before: Path, tmp_path: Path
) -> None:
    root = copy_of(before, tmp_path / "w")
    more = session(90000, OTHER, 3, random.Random(8))
    lines(root / "landing" / "sessions" / "more.ndjson", more)
    run(root)
    assert sum("/published/" in name for name in holding(root)) > 2 * DAYS
    with reading(root) as reader:
        demand_nothing_left(erase(root, WHO, now=NOW, progress=quiet))
        assert reader.poll() is None
        assert holding(root) == set()
    assert len(list((root / "warehouse" / "published").iterdir())) == 1


def test_a_kill_before_the_commit_changes_nothing(
    before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copy_of(before, tmp_path / "w")

    def dies(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(commit, "_write_journal", dies)
    with pytest.raises(Killed):
        erase(root, WHO, now=NOW, progress=quiet)
    assert holding(root) == holding(before)
    assert not Suppressed.read(root)
    assert run(root).up_to_date


def test_the_last_customer(tmp_path: Path) -> None:
    """A world of one customer is empty afterwards."""
    (tmp_path / "cx.toml").write_text("[product]\nrest_s = 0\n")
    chance = random.Random(9)
    lines(tmp_path / "landing" / "sessions" / "1.ndjson", session(1, WHO, 1, chance))
    run(tmp_path)
    demand_nothing_left(erase(tmp_path, WHO, now=NOW, progress=quiet))
    assert rows(tmp_path, "SELECT count(*) FROM sessions") == [(0,)]
    assert holding(tmp_path) == set()


def test_a_customer_in_the_ledger_is_told(told: tuple[Path, Answer]) -> None:
    left = Answer((), (), {"remains": ["ledger.ndjson", "warehouse/cx.duckdb"]})
    with pytest.raises(CheckFailed, match="still named in warehouse"):
        demand_nothing_left(left)
