"""Foreign files that enter a feed by SQL expressions alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cx_analytics.contracts.errors import SettingsError
from cx_analytics.contracts.settings import Source
from cx_analytics.ingest import has_news

DATA = Path(__file__).parents[4] / "shared" / "data" / "mobile_bandwidth_2021"
BASE = {"session_id": "id", "customer_id": "'c'", "started_at": "'2026-01-01'"}


def source(columns: dict[str, str], **more: Any) -> Source:
    given = {"name": "s", "feed": "sessions", "files": ("data/*.csv",)} | more
    return Source(columns=BASE | columns, **given)


def put(field: Any, name: str, *lines: str) -> None:
    path = field.root / "data" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("column", "sql", "value"),
    [
        ("download_kbps", "mbps * 1000", 138300.0),
        ("download_kbps", "round(mbps) + 1", 139.0),
        ("fault_code", "CASE WHEN mbps < 5 THEN 'slow' ELSE 'fast' END", "fast"),
        ("fault_code", "CASE WHEN ci BETWEEN 1 AND 300 THEN 'in' END", "in"),
        ("fault_code", "CASE WHEN ci IN (257, 8) THEN 'in' END", "in"),
        ("fault_code", "CASE WHEN zeros = '0042' THEN 'text' END", "text"),
        ("cell_id", "ci", "257"),
        ("cell_id", "zeros", "0042"),
        ("cell_id", "concat_ws('-', '310', zeros, ci)", "310-0042-257"),
        ("cell_id", "ci // 256", "1"),
        ("cell_id", "ci % 256", "1"),
        ("cell_id", "nullif(ci, '257')", None),
        ("signal_dbm", "string_split(series, ';')[2] * 1", -85.0),
        ("latency_ms", "word * 2", None),
        ("latency_ms", "CAST(word AS INTEGER)", None),
        ("app_name", "file_name || ':' || row_number", "data/a.csv:2"),
        ("app_version", '"odd name"', "5.10"),
    ],
)
def test_an_expression(field: Any, column: str, sql: str, value: Any) -> None:
    put(
        field, "a.csv", "id,mbps,ci,zeros,series,word,odd name", "x,138.3,257,0042,-84;-85,n/a,5.10"
    )
    field.run(sources=[source({column: sql})])
    assert field.lake()[column].to_list() == [value]


def test_a_hash_is_an_id_and_exact_duplicates_fall_together(field: Any) -> None:
    put(field, "a.csv", "a,b", "1,2", "1,3", "1,2")
    (report,) = field.run(sources=[source({"session_id": "row_hash"})])
    assert (report.rows_in, report.kept, report.duplicates) == (3, 2, 1)


def test_rows_that_where_leaves_out_are_accounted_for(field: Any) -> None:
    put(field, "a.csv", "id,x", "a,1", "b,2147483647", "c,n/a")
    (report,) = field.run(sources=[source({}, where="x <> 2147483647")])
    assert (report.rows_in, report.kept, report.quarantined) == (3, 1, 2)
    assert field.quarantine() == [(3, "where:s"), (4, "where:s")]


def test_columns_of_the_feed_are_taken_unless_mapped(field: Any) -> None:
    put(field, "a.csv", "id,network_type,os_version,other", "a,4G,11,z")
    (report,) = field.run(sources=[source({"os_version": "NULL"})])
    assert field.lake().select("network_type", "os_version").row(0) == ("4G", None)
    assert report.drift == ()


def test_delimiter_and_format_can_be_given(field: Any) -> None:
    put(field, "a.dat", "id~x", "a~4G")
    given = source({"network_type": "x"}, files=("data/a.dat",), format="csv", delimiter="~")
    field.run(sources=[given])
    assert field.lake()["network_type"].to_list() == ["4G"]


def test_a_key_that_json_lacks_at_first_is_null(field: Any) -> None:
    put(field, "a.ndjson", '{"id": "a"}', '{"id": "b", "net": "4G"}')
    field.run(sources=[source({"network_type": "net", "os_version": "gone"}, files=("data/*",))])
    assert field.lake().select("network_type", "os_version").rows() == [(None, None), ("4G", None)]


def test_a_changed_source_reads_its_files_again(field: Any) -> None:
    put(field, "a.csv", "id,x", "a,4G")
    field.run(sources=[source({"network_type": "x"})])
    assert not has_news(field.root, [source({"network_type": "x"})])
    assert has_news(field.root, [source({"network_type": "lower(x)"})])
    field.run(sources=[source({"network_type": "lower(x)"})])
    assert field.lake()["network_type"].to_list() == ["4g"]


@pytest.mark.parametrize(
    ("columns", "where", "said"),
    [
        ({"cell_id": "nope"}, None, "cell_id = 'nope' fails"),
        ({"cell_id": "nope"}, None, "columns that exist: id, x"),
        ({"cell_id": "x +"}, None, "is no SQL expression"),
        ({"cell_id": "x; DROP TABLE t"}, None, "is no SQL expression"),
        ({"cell_id": "x, id"}, None, "is no SQL expression"),
        ({"cel_id": "x"}, None, "did you mean cell_id"),
        ({}, "bogus(x)", "where = 'bogus(x)' fails"),
    ],
)
def test_a_wrong_expression_is_named(
    field: Any, columns: dict[str, str], where: str | None, said: str
) -> None:
    put(field, "a.csv", "id,x", "a,1")
    with pytest.raises(SettingsError) as caught:
        field.run(sources=[source(columns, where=where)])
    assert said in str(caught.value)
    assert not list((field.root / "lake").glob(".*"))


@pytest.mark.skipif(not DATA.is_dir(), reason="the published speed tests are not here")
def test_published_speed_tests(field: Any) -> None:
    columns = {
        "session_id": "row_hash",
        "customer_id": "user_uid",
        "started_at": "'2021-10-01'",
        "download_kbps": "bandwidth_Mbps * 1000",
        "cell_id": "CASE WHEN cell_ci <> 2147483647 THEN cell_ci END",
        "fault_code": "CASE WHEN bandwidth_Mbps < 5 THEN 'slow' END",
    }
    (report,) = field.run(sources=[source(columns, files=(str(DATA / "4G.csv"),))])
    assert (report.rows_in, report.kept, report.duplicates) == (10_000, 9_956, 44)
    cells = field.lake()["cell_id"].drop_nulls()
    assert "2147483647" not in cells
    assert cells.str.contains(r"^\d+$").all()
