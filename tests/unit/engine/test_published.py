"""Publications: days as second names of parts, kept while somebody reads them, gone afterwards."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import CAUSES, FAULT_CAUSES, SESSIONS_TABLE
from cx_analytics.engine.frames import conform
from cx_analytics.engine.published import current, forget
from cx_analytics.engine.store import Store
from cx_analytics.engine.warehouse import connect, publish, relocate

DAYS = (date(2026, 1, 1), date(2026, 1, 2))


def sessions(day: date, count: int, **extra: str) -> pl.DataFrame:
    """Sessions of a day, with columns that cx.toml names beside those of the contract."""
    rows = [
        {
            "session_id": f"{day}-{n}",
            "customer_id": "c",
            "started_at": datetime(day.year, day.month, day.day),
            "faulty": False,
        }
        for n in range(count)
    ]
    frame = conform(pl.DataFrame(rows), SESSIONS_TABLE)
    return frame.with_columns(**{name: pl.lit(text) for name, text in extra.items()})


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A workspace's warehouse of two days; its folder has a name that is awkward in SQL."""
    folder = tmp_path / "it's [all] *"
    parts = Store(folder / "warehouse" / "parts")
    parts.write("sessions", sessions(DAYS[0], 1), DAYS[0])
    parts.write("sessions", sessions(DAYS[1], 2, modem_lot="M1"), DAYS[1])
    parts.write("causes", frame_of([], CAUSES))
    return folder / "warehouse" / "cx.duckdb"


def publish_parts(database: Path) -> dict[str, int]:
    parts = Store(database.parent / "parts")
    names = ("sessions", "causes")
    return publish(
        database, {name: parts.paths(name) for name in names}, spill=database.parent / ".spill"
    )


def publications(database: Path) -> list[str]:
    return sorted(path.name for path in (database.parent / "published").iterdir())


def rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    """What any DuckDB client sees."""
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_days_are_a_view_and_the_rest_are_tables(database: Path) -> None:
    assert publish_parts(database)["sessions"] == 3
    listed = rows(database, "SELECT table_name, table_type FROM information_schema.tables")
    kinds = {str(name): kind for name, kind in listed}
    assert (kinds["sessions"], kinds["causes"]) == ("VIEW", "BASE TABLE")
    assert kinds["fault_causes"] == "BASE TABLE", "it has no days yet"
    assert rows(database, "SELECT session_id, modem_lot FROM sessions ORDER BY 1") == [
        ("2026-01-01-0", None),
        ("2026-01-02-0", "M1"),
        ("2026-01-02-1", "M1"),
    ]


def test_a_view_has_the_columns_types_and_comments_of_the_contract(database: Path) -> None:
    publish_parts(database)
    sql = (
        "SELECT column_name, data_type, comment FROM duckdb_columns() "
        "WHERE table_name = 'sessions' ORDER BY column_index"
    )
    own = [(one.name, one.type, one.comment) for one in SESSIONS_TABLE.columns]
    assert rows(database, sql) == [*own, ("modem_lot", "VARCHAR", "Lot of the unit's modem")]
    ((comment,),) = rows(database, "SELECT comment FROM duckdb_views() WHERE view_name='sessions'")
    assert str(comment).startswith(SESSIONS_TABLE.meaning)


def test_no_day_is_written_twice(database: Path) -> None:
    publish_parts(database)
    part = Store(database.parent / "parts").path("sessions", DAYS[0])
    shown = database.parent / "published" / "000001" / "sessions" / "day=2026-01-01.parquet"
    assert shown.samefile(part)


def test_a_reader_goes_on_with_what_was_published(database: Path) -> None:
    parts = Store(database.parent / "parts")
    publish_parts(database)
    with connect(database) as reader:
        for count in (5, 6, 7):
            parts.write("sessions", sessions(DAYS[0], count), DAYS[0])
            publish_parts(database)
        assert reader.execute("SELECT count(*) FROM sessions").fetchall() == [(3,)]
        assert publications(database) == ["000001", "000003", "000004"]
    assert rows(database, "SELECT count(*) FROM sessions") == [(9,)]
    publish_parts(database)
    assert publications(database) == ["000004", "000005"], "nobody reads the first any more"


def test_what_must_go_goes_at_once(database: Path) -> None:
    publish_parts(database)
    with connect(database):
        publish_parts(database)
        shown = current(database)
        assert shown is not None
        assert shown.name == "000002"
        assert [path.name for path in forget(database)] == ["000001"]
    assert publications(database) == ["000002"]


def test_without_second_names_days_are_copied(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", refused)
    publish_parts(database)
    publish_parts(database)
    shown = current(database)
    assert shown is not None
    assert shown.name == "000002"
    forget(database)
    assert publications(database) == ["000002"]
    assert rows(database, "SELECT count(*) FROM sessions") == [(3,)]


def test_a_kill_before_the_swap_leaves_the_old_publication(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_parts(database)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("cx_analytics.engine.warehouse.keep_name", killed)
        with pytest.raises(KeyboardInterrupt):
            publish_parts(database)
    assert rows(database, "SELECT count(*) FROM sessions") == [(3,)]
    publish_parts(database)
    assert publications(database) == ["000001", "000003"], "what the kill left is gone"
    publish_parts(database)
    assert publications(database) == ["000003", "000004"]


def test_a_copied_workspace_reads_its_own_days(database: Path, tmp_path: Path) -> None:
    publish_parts(database)
    copied = tmp_path / "copy" / "warehouse" / "cx.duckdb"
    shutil.copytree(database.parent, copied.parent)
    shutil.rmtree(database.parent)
    with pytest.raises(duckdb.Error):
        rows(copied, "SELECT count(*) FROM sessions")
    with connect(copied) as reader:
        assert reader.execute("SELECT count(*) FROM sessions").fetchall() == [(3,)]
    assert relocate(copied)
    assert rows(copied, "SELECT count(*) FROM sessions") == [(3,)]
    ((comment,),) = rows(copied, "SELECT comment FROM duckdb_views() WHERE view_name='sessions'")
    assert str(comment).startswith(SESSIONS_TABLE.meaning)
    shown = current(copied)
    assert shown is not None
    assert shown.name == "000001"
    assert not relocate(copied)


def test_an_empty_warehouse_has_every_table(database: Path) -> None:
    publish(database, {}, spill=database.parent / ".spill")
    assert rows(database, f"SELECT count(*) FROM {FAULT_CAUSES.name}") == [(0,)]
