"""Three hundred hostile files and rows: each refused with file, line and rule, the rest goes in.

A case is a file with the ids that must arrive and the (line, rule) pairs that must be in
quarantine, and nothing else. Line None is the file as a whole.
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_analytics.engine.duck import Duck
from cx_analytics.ingest import FeedReport, has_news, ingest, quarantine_files, runs_files

NOW = datetime(2026, 2, 1)
START = "2026-01-05T10:00:00Z"
HEADER = "session_id,customer_id,started_at,latency_ms\n"


@dataclass(frozen=True)
class Case:
    """One file: its name below landing/sessions/, its bytes, and what must come of it."""

    name: str
    content: bytes
    good: tuple[str, ...] = ()
    bad: tuple[tuple[int | None, str], ...] = field(default=())


def row(identity: object = "g", **more: object) -> dict[str, object]:
    return {"session_id": identity, "customer_id": "c", "started_at": START, **more}


def ndjson(*rows: object) -> bytes:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in rows]
    return ("\n".join(lines) + "\n").encode()


def zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


def parquet(frame: pl.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.write_parquet(target)
    return target.getvalue()


def line(identity: str, number: str = "1") -> str:
    return f"{identity},c,{START},{number}\n"


# ---- rows: one bad value each, between two good rows ---------------------------------------------

VALUES: list[tuple[str, object, str]] = [
    *(("started_at", value, "not_a_time:started_at") for value in (
        "yesterday", "2026-13-01T00:00:00Z", "2026-02-30", "1767225600", 1767225600, "12:00",
        "infinity", "-infinity", "epoch", "20260105T100000Z", "2026-W02-1", "310-1-7", True,
        "2026-01-05T25:00:00Z", "05.01.2026", "01/05/2026", {"at": 1}, [START], "2026-01-05T1O:00",
        "'; DROP TABLE runs; --", "   ", "NaT", "2026-01-0a",
    )),
    *(("started_at", value, "implausible_time:started_at") for value in (
        "1970-01-01T00:00:00Z", "1989-12-31T23:59:59Z", "2026-02-03T00:00:01Z", "9999-12-31",
        "0001-01-01", "2999-01-01T00:00:00+14:00", "1066-10-14",
    )),
    *(("started_at", value, "missing_started_at") for value in (None, "")),
    *(("customer_id", value, "missing_customer_id") for value in (None, "")),
    *((column, value, f"not_a_number:{column}")
      for column in ("latency_ms", "duration_s", "download_kbps", "signal_dbm", "mos")
      for value in (
          "fast", "12ms", "1,5", "NaN", "nan", "inf", "-Infinity", "1e999", "0x1F", "--1", "1 2",
          "٣x", "½", {"v": 1}, [1], "null", "1.2.3", True, "$5", "=1+1", "1;2",
      )),
    *((column, value, f"out_of_range:{column}") for column, value in (
        ("latency_ms", -1), ("latency_ms", "-0.001"), ("duration_s", -5), ("mos", 0), ("mos", 5.01),
        ("mos", "1e300"), ("signal_dbm", -201), ("signal_dbm", 51), ("signal_dbm", 2147483647),
        ("upload_kbps", -(10**30)), ("download_kbps", "-1e308"), ("mos", -0.5),
    )),
    *((column, value, f"control_character:{column}")
      for column in ("customer_id", "unit_id", "cell_id", "carrier_mcc")
      for value in ("a\x00b", "a\nb", "\t1", "x\x7f", "\r", "\x1b[31m", "\x01")),
    *((column, "a\x00b", f"control_character:{column}")
      for column in ("device_model", "app_version", "fault_code", "os_version", "app_name")),
    *((column, "x" * 2001, f"too_long:{column}")
      for column in ("customer_id", "device_model", "cell_id", "fault_code", "app_version")),
    ("device_model", "é" * 2001, "too_long:device_model"),
    ("device_model", "x" * 10_000_000, "too_long:device_model"),
]  # fmt: skip

LINES: list[tuple[str, str]] = [
    ("nonsense", "malformed_json"),
    ('{"session_id": "b1", "customer_id": "c"', "malformed_json"),
    ('{"session_id": "b2"} trailing', "malformed_json"),
    ("{'session_id': 'b3'}", "malformed_json"),
    ('{"session_id": "b4",}', "missing_customer_id"),
    ('{"session_id": "b\x01"}', "malformed_json"),
    ('{"session_id": "b5", "session_id": "b6"}', "duplicate_key"),
    ('{"session_id":' + "[" * 100_000 + "]" * 100_000 + "}", "missing_customer_id"),
    ("[1, 2, 3]", "not_an_object"),
    ('"a string"', "not_an_object"),
    ("42", "not_an_object"),
    ("null", "missing_session_id"),
    ("true", "not_an_object"),
    ('{"session_id": "\\ud800", "customer_id": "c", "started_at": "2026-01-05"}', "invalid_utf8"),
    ('{"session_id": "nul\x00"}', "nul_byte"),
    ("{}", "missing_session_id"),
    ('{"session_id": 7}', "missing_customer_id"),
    ("session_id,customer_id,started_at", "malformed_json"),
    ("<html>", "malformed_json"),
    ("{" * 1000, "malformed_json"),
]

LEGAL_IDS = (
    "310-1-7", "2026-01-05", "../../etc/passwd", "it's", 'say "hi"', "a;b", "a,b", "'; DROP TABLE",
    "=cmd()", "007", "1e5", "NULL", "null", "None", "nan", "true", "día", "日本", "🙂", "a\\b",
    "%s", "$1", "@x", "{0}", "<script>", "C:\\", " lead", "trail ", "-1", "0x10", "*", "?", "[a]",
    "a=b",     "9" * 400, "12345678901234567890123", "x" * 2000, "́", "‮abc",
)  # fmt: skip


def value_case(number: int, column: str, value: object, rule: str) -> Case:
    good = (f"v{number}a", f"v{number}b")
    rows = (row(good[0]), row(f"v{number}x", **{column: value}), row(good[1]))
    return Case(f"values/{number}.ndjson", ndjson(*rows), good, ((2, rule),))


def line_case(number: int, text: str, rule: str) -> Case:
    good = (f"l{number}a", f"l{number}b")
    content = ndjson(row(good[0]), text, row(good[1]))
    return Case(f"lines/{number}.ndjson", content, good, ((2, rule),))


def legal_case(number: int, identity: str) -> Case:
    return Case(f"legal/{number}.ndjson", ndjson(row(identity)), (identity,))


# ---- files ---------------------------------------------------------------------------------------

PLENTY = ndjson(*(row(f"z{i}", note=str(hash(str(i)))) for i in range(20_000)))
GZ, ZST = gzip.compress(PLENTY, mtime=0), zstd(PLENTY)
FRAME = pl.DataFrame({"session_id": ["p1", "p2"], "customer_id": "c", "started_at": [START] * 2})

FILES = [
    # wrong as a whole
    Case("empty.csv", b"", bad=((None, "empty_file"),)),
    Case("empty.ndjson", b"", bad=((None, "empty_file"),)),
    Case("empty.json", b" \n\n", bad=((None, "empty_file"),)),
    Case("empty.parquet", b"", bad=((None, "empty_file"),)),
    Case("empty.csv.gz", gzip.compress(b"", mtime=0), bad=((None, "empty_file"),)),
    Case("note.txt", b"hello", bad=((None, "unknown_format"),)),
    Case("noextension", b"hello!", bad=((None, "unknown_format"),)),
    Case("packed.zip", b"PK\x03\x04", bad=((None, "unknown_format"),)),
    Case("only.gz", gzip.compress(b"x", mtime=0), bad=((None, "unknown_format"),)),
    Case("not.csv.gz", HEADER.encode(), bad=((None, "not_gzip"),)),
    Case("not.ndjson.zst", ndjson(row("q1")), bad=((None, "not_zstd"),)),
    Case("gz-as.csv", gzip.compress(HEADER.encode(), mtime=0), bad=((None, "not_csv"),)),
    Case("zst-as.json", zstd(b"{}"), bad=((None, "not_json"),)),
    Case("parquet-as.csv", parquet(FRAME), bad=((None, "not_csv"),)),
    Case("csv-as.parquet", (HEADER + line("q2")).encode(), bad=((None, "not_parquet"),)),
    Case("magic-only.parquet", b"PAR1", bad=((None, "not_parquet"),)),
    Case("cut.parquet", parquet(FRAME)[:-20], bad=((None, "not_parquet"),)),
    Case("cut-front.parquet", b"PAR1" + parquet(FRAME)[60:], bad=((None, "not_parquet"),)),
    Case("utf16.csv", (HEADER + line("q3")).encode("utf-16"), bad=((None, "not_utf8"),)),
    Case("utf16.ndjson", ndjson(row("q4")).decode().encode("utf-16"), bad=((None, "not_utf8"),)),
    Case("twice.csv", b"session_id,customer_id,customer_id,started_at\na,b,c,d\n",
         bad=((None, "duplicate_column"),)),
    Case("twice-case.csv", b"session_id,SESSION_ID,started_at\na,b,c\n",
         bad=((None, "duplicate_column"),)),
    Case("foreign.csv", b"alpha,beta\n1,2\n", bad=((None, "unknown_columns"),)),
    Case("bad-header.csv", b"session_id,\xff\n1,2\n", bad=((None, "malformed_header"),)),
    Case("json-as.csv", ndjson(row("q5")), bad=((None, "unknown_columns"),)),
    Case("wide.csv", ",".join(f"c{i}" for i in range(3000)).encode() + b"\n",
         bad=((None, "too_many_columns"),)),
    # fine, against appearances
    Case("header-only.csv", HEADER.encode()),
    Case("bom.csv", b"\xef\xbb\xbf" + (HEADER + line("f1")).encode(), ("f1",)),
    Case("bom.ndjson", b"\xef\xbb\xbf" + ndjson(row("f2")), ("f2",)),
    Case("bom.json", b"\xef\xbb\xbf" + json.dumps([row("f3")]).encode(), ("f3",)),
    Case("crlf.csv", (HEADER + line("f4")).replace("\n", "\r\n").encode(), ("f4",)),
    Case("crlf.ndjson", ndjson(row("f5"), row("f6")).replace(b"\n", b"\r\n"), ("f5", "f6")),
    Case("mixed-ends.csv", (HEADER + line("f7") + line("f8").replace("\n", "\r\n")).encode(),
         ("f7", "f8")),
    Case("no-last-newline.csv", (HEADER + line("f9")).rstrip().encode(), ("f9",)),
    Case("semicolon.csv", (HEADER + line("f10")).replace(",", ";").encode(), ("f10",)),
    Case("tab.csv", (HEADER + line("f11")).replace(",", "\t").encode(), ("f11",)),
    Case("quoted-newline.csv", (HEADER.strip() + ',topic\nf12,c,' + START + ',1,"a\nb"\n').encode(),
         ("f12",)),
    Case("blank-lines.csv", (HEADER + "\n\n" + line("f13") + "\n").encode(), ("f13",)),
    Case("blank-lines.ndjson", b"\n\n" + ndjson(row("f14")) + b"\n \n", ("f14",)),
    Case("array.json", json.dumps([row("f15"), row("f16")], indent=2).encode(), ("f15", "f16")),
    Case("single.json", json.dumps(row("f17"), indent=4).encode(), ("f17",)),
    Case("lines.json", ndjson(row("f18"), row("f19")), ("f18", "f19")),
    Case("empty-array.json", b"[]"),
    Case("sub/a=b/day=2026-01-01/hive.csv", (HEADER + line("f20")).encode(), ("f20",)),
    Case("x.csv/inside.csv", (HEADER + line("f21")).encode(), ("f21",)),
    Case("quote'name.csv", (HEADER + line("f22")).encode(), ("f22",)),
    Case('double"name.csv', (HEADER + line("f23")).encode(), ("f23",)),
    Case("star*[a]?{b}.csv", (HEADER + line("f24")).encode(), ("f24",)),
    Case("new\nline.csv", (HEADER + line("f25")).encode(), ("f25",)),
    Case("UPPER.CSV", (HEADER + line("f26")).encode(), ("f26",)),
    Case("two-members.ndjson.gz",
         gzip.compress(ndjson(row("f27"))) + gzip.compress(ndjson(row("f28"))), ("f27", "f28")),
    Case("two-frames.ndjson.zst",
         zstd(ndjson(row("f29"))) + zstd(ndjson(row("f30"))), ("f29", "f30")),
    Case("fine.parquet", parquet(FRAME), ("p1", "p2")),
    Case("typed.parquet", parquet(pl.DataFrame({
        "session_id": [20260105], "customer_id": [36_000_000_001],
        "started_at": [datetime(2026, 1, 5)], "latency_ms": [1.5]})), ("20260105",)),
    Case("drift.csv", f"session_id,customer_id,started_at,shoe size\nf31,c,{START},9\n".encode(),
         ("f31",)),
    Case("big-object.ndjson", ndjson(row("f32", note="y" * 10_000_000)), ("f32",)),
    Case("hidden/.secret.csv", b"not looked at"),
    Case("_draft.csv", b"not looked at"),
    Case("half.csv.part", b"not looked at"),
    Case("half.csv.tmp", b"not looked at"),
    # bad in part
    Case("fields.csv", (HEADER + line("h1") + "h2,c\n" + line("h3") + "h4,c,t,1,2\n").encode(),
         ("h1", "h3"), ((3, "wrong_number_of_fields"), (5, "wrong_number_of_fields"))),
    Case("quotes.csv", (HEADER + line("h5") + '"h6,c\n' + line("h7")).encode(),
         ("h5", "h7"), ((3, "unbalanced_quote"),)),
    Case("quotes-2.csv", (HEADER + '"h8"x,c,t,1\n' + line("h9")).encode(),
         ("h9",), ((2, "malformed_csv"),)),
    Case("latin1.csv", (HEADER + line("h10")).encode() + b"h\xe911,c," + START.encode() + b",1\n"
         + line("h12").encode(), ("h10", "h12"), ((3, "invalid_utf8"),)),
    Case("latin1.ndjson", ndjson(row("h13")) + b'{"session_id":"\xff"}\n' + ndjson(row("h14")),
         ("h13", "h14"), ((2, "invalid_utf8"),)),
    Case("nul.csv", (HEADER + line("h15") + "h\x0016,c,t,1\n" + line("h17")).encode(),
         ("h15", "h17"), ((3, "control_character:session_id"),)),
    Case("nul-and-fields.csv", (HEADER + line("h18") + "h\x0019,c,t,1\nx\n" + line("h20")).encode(),
         ("h18", "h20"), ((3, "nul_byte"), (4, "wrong_number_of_fields"))),
    Case("after-quoted-newline.csv",
         (HEADER.strip() + f',topic\n\nh21,c,{START},1,"a\n\nb"\nh22,c,{START},x,t\n').encode(),
         ("h21",), ((6, "not_a_number:latency_ms"),)),
    Case("after-blank.ndjson", b"\n" + ndjson(row("h23")) + b"\n\n" + ndjson(row("h24", mos=9)),
         ("h23",), ((5, "out_of_range:mos"),)),
    Case("array-bad.json", ("[" + json.dumps(row("h25")) + ",\n{oops},\n" + json.dumps(row("h26"))
                            + "]").encode(), ("h25", "h26"), ((2, "malformed_json"),)),
    Case("array-cut.json", (json.dumps([row("h27"), row("h28")])[:-8]).encode(),
         ("h27",), ((2, "malformed_json"),)),
    Case("array-mixed.json", json.dumps([row("h29"), 5, None, row("h30"), "x"]).encode(),
         ("h29", "h30"), ((2, "not_an_object"), (3, "not_an_object"), (5, "not_an_object"))),
    Case("float-id.parquet", parquet(pl.DataFrame({
        "session_id": ["h31", "h32"], "customer_id": "c", "started_at": START,
        "cell_id": [68719476735.0, None]})), ("h32",), ((1, "id_is_float:cell_id"),)),
    Case("bytes.parquet", parquet(pl.DataFrame({
        "session_id": [b"h33", b"\xff"], "customer_id": "c", "started_at": START})),
         ("h33",), ((2, "missing_session_id"),)),
    Case("long-line.ndjson", ndjson(row("h34")) + b'{"a":"' + b"x" * (33 << 20) + b'"}\n'
         + ndjson(row("h35")), ("h34", "h35"), ((2, "too_long"),)),
    Case("never-closed.csv",
         (HEADER + line("h36") + '"' + "".join(line(f"h37.{i}") for i in range(300))).encode(),
         ("h36", *(f"h37.{i}" for i in range(1, 300))), ((3, "unbalanced_quote"),)),
]  # fmt: skip

CASES = [
    *(value_case(i, *one) for i, one in enumerate(VALUES)),
    *(line_case(i, *one) for i, one in enumerate(LINES)),
    *(legal_case(i, one) for i, one in enumerate(LEGAL_IDS)),
    *FILES,
]

BROKEN = {
    "cut.ndjson.gz": GZ[: len(GZ) // 2],
    "no-checksum.ndjson.gz": GZ[:-8],
    "trailing.ndjson.gz": GZ + b"garbage",
    "cut.ndjson.zst": ZST[: len(ZST) // 2],
    "cut-end.ndjson.zst": ZST[:-3],
}

DAMAGED = {
    "damaged.ndjson.gz": GZ[: len(GZ) // 2] + b"\0" * 30 + GZ[len(GZ) // 2 + 30 :],
    "damaged.ndjson.zst": ZST[: len(ZST) // 2] + b"\0" * 30 + ZST[len(ZST) // 2 + 30 :],
}


@dataclass(frozen=True)
class Outcome:
    root: Path
    report: FeedReport
    lake: pl.DataFrame
    quarantine: pl.DataFrame


def take(root: Path) -> list[FeedReport]:
    with Duck(spill=root / "spill", memory_limit="1GB") as engine:
        return ingest(
            ["sessions"],
            root=root,
            sources=[],
            extra_columns={},
            rest_s=0,
            engine=engine,
            now=NOW,
            wait=lambda _: None,
            tell=lambda _: None,
        )


def outcome_of(root: Path) -> Outcome:
    (report,) = take(root)
    parts = sorted((root / "lake" / "sessions").glob("*/part.parquet"))
    lake = pl.concat([pl.read_parquet(part, hive_partitioning=False) for part in parts])
    rejected = [pl.read_parquet(file) for file in quarantine_files(root)]
    return Outcome(root, report, lake, pl.concat(rejected))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    root = tmp_path_factory.mktemp("hostile it's=a b")
    landing = root / "landing" / "sessions"
    for case in CASES:
        path = landing / case.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.content)
    (landing / "dangling.csv").symlink_to(landing / "nowhere")
    (landing / "loop").symlink_to(landing)
    (landing / "folder.parquet").mkdir()
    return outcome_of(root)


def shown(case: Case) -> str:
    return f"landing/sessions/{case.name}"


def test_there_are_hundreds_of_cases() -> None:
    assert len(CASES) >= 300


def test_every_bad_row_is_in_quarantine_with_its_line_and_rule(outcome: Outcome) -> None:
    expected = sorted((shown(case), bad[0], bad[1]) for case in CASES for bad in case.bad
                      if bad[0] is not None)  # fmt: skip
    rows = outcome.quarantine.drop_nulls("line").select("file", "line", "rule").rows()
    assert sorted(rows) == expected


def test_every_bad_file_is_refused_as_a_whole(outcome: Outcome) -> None:
    expected = sorted((shown(case), rule) for case in CASES for line_, rule in case.bad
                      if line_ is None)  # fmt: skip
    whole = outcome.quarantine.filter(pl.col("line").is_null())
    assert sorted(whole.select("file", "rule").rows()) == expected


def test_every_good_row_is_in_the_lake_verbatim(outcome: Outcome) -> None:
    expected = sorted(identity for case in CASES for identity in case.good)
    assert sorted(outcome.lake["session_id"]) == expected


def test_the_sums_hold(outcome: Outcome) -> None:
    report = outcome.report
    assert report.rows_in == report.kept + report.duplicates + report.quarantined
    assert report.kept == outcome.lake.height
    assert report.quarantined == outcome.quarantine.height
    assert pl.read_parquet(runs_files(outcome.root)).height == 1
    assert report.drift == ("shoe size", "topic")


def test_every_rejected_row_says_why(outcome: Outcome) -> None:
    assert outcome.quarantine["reason"].str.len_chars().min() > 5
    records = outcome.quarantine["record"].drop_nulls()
    assert all(json.loads(record) is not None for record in records if record != "null")
    assert records.str.len_chars().max() < 20_000


def test_nothing_is_left_over_and_nothing_is_news(outcome: Outcome) -> None:
    assert not list((outcome.root / "lake").glob(".*"))
    assert not has_news(outcome.root, [])
    assert take(outcome.root) == []


@pytest.mark.parametrize("name", BROKEN)
def test_rows_before_a_break_are_kept(name: str, tmp_path: Path) -> None:
    landing = tmp_path / "landing" / "sessions"
    landing.mkdir(parents=True)
    (landing / name).write_bytes(BROKEN[name])
    found = outcome_of(tmp_path)
    kept = found.lake.height
    assert kept >= 5_000
    assert sorted(found.lake["session_id"]) == sorted(f"z{i}" for i in range(kept))
    assert found.quarantine.select("line", "rule").rows() == [(kept + 1, "broken_compression")]
    assert found.report.rows_in == kept + 1


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_inside_spoils_no_row_before_it(name: str, tmp_path: Path) -> None:
    landing = tmp_path / "landing" / "sessions"
    landing.mkdir(parents=True)
    (landing / name).write_bytes(DAMAGED[name])
    found = outcome_of(tmp_path)
    assert {f"z{i}" for i in range(5_000)} <= set(found.lake["session_id"])
    told = found.report
    assert told.rows_in == told.kept + told.duplicates + told.quarantined
    assert (told.kept, told.quarantined) == (found.lake.height, found.quarantine.height)
    assert found.quarantine.height > 0


def test_a_column_twice_in_parquet_does_no_harm(tmp_path: Path) -> None:
    landing = tmp_path / "landing" / "sessions"
    landing.mkdir(parents=True)
    arrays = [pa.array([text]) for text in ("t1", "c", START, "other")]
    names = ["session_id", "customer_id", "started_at", "customer_id"]
    pq.write_table(pa.Table.from_arrays(arrays, names=names), landing / "twice.parquet")
    (report,) = take(tmp_path)
    assert report.rows_in == report.kept + report.quarantined == 1
