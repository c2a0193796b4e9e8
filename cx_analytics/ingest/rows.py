"""The table `taken`: the judged rows of a batch on their way into lake and quarantine.

Belongs here: its columns, putting rows in and asking what came of a file. Stays out: judging
(judge.py), and what becomes of the rows (merge.py, records.py).

    _seq       order of arrival: number of the file in the batch × ROOM + line or record
    ...        the feed's columns
    _why       of bad rows: the first rule broken, all of them in words, and the row as it came, as
               one JSON list; null for good rows, so that these take little room

It is no temporary table, since several threads fill and read it. A row is in it or is not: a
statement that fails half-way leaves none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.ingest.shapes import ROOM, Intake

TAKEN = "taken"


@dataclass(frozen=True)
class Count:
    """The rows of a file: how many, how many of them bad, and the first and last line or record."""

    rows: int
    bad: int
    first: int
    last: int


def create(intake: Intake, engine: SqlEngine) -> None:
    """Make the table for a batch."""
    columns = {"_seq": "BIGINT", **intake.types, "_why": "VARCHAR"}
    typed = ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())
    engine.run(f"CREATE OR REPLACE TABLE {TAKEN} ({typed})")


def drop(engine: SqlEngine) -> None:
    """Forget the batch."""
    engine.run("DROP VIEW IF EXISTS arrived")
    engine.run("DROP TABLE IF EXISTS lost")
    engine.run(f"DROP TABLE IF EXISTS {TAKEN}")


def insert(judged: str, engine: SqlEngine, params: Mapping[str, Any] | None = None) -> None:
    """Put in what a SELECT of judged rows gives."""
    why = "CASE WHEN _rule IS NOT NULL THEN to_json([_rule, _reason, _record]) END AS _why"
    told = f"SELECT * EXCLUDE (_line, _rule, _reason, _record), {why} FROM ({judged})"
    engine.run(f"INSERT INTO {TAKEN} BY NAME {told}", params)


def insert_file(rows: Path, engine: SqlEngine) -> None:
    """Put in judged rows that were written to a Parquet file."""
    insert(f"SELECT * FROM read_parquet({literal(str(rows))}, hive_partitioning = false)", engine)


def remove(files: Iterable[int], engine: SqlEngine) -> None:
    """Take the rows of some files out again."""
    for file in files:
        engine.run(f"DELETE FROM {TAKEN} WHERE {_of(file, file)}")


def counts(first: int, last: int, engine: SqlEngine) -> dict[int, Count]:
    """What is there of the files from `first` to `last`; nothing of those without rows."""
    frame = engine.frame(
        f"SELECT _seq // {ROOM} AS file, count(*), count(_why), min(_seq % {ROOM}), "
        f"max(_seq % {ROOM}) FROM {TAKEN} WHERE {_of(first, last)} GROUP BY file"
    )
    return {int(file): Count(*map(int, found)) for file, *found in frame.iter_rows()}


def _of(first: int, last: int) -> str:
    return f"_seq BETWEEN {first * ROOM} AND {(last + 1) * ROOM - 1}"


def follow_each_other(found: Mapping[int, Count]) -> bool:
    """Whether the rows of each file are counted without a gap, and on from the file before.

    >>> follow_each_other({0: Count(3, 0, 1, 3), 1: Count(2, 0, 4, 5)})
    True
    >>> follow_each_other({0: Count(3, 0, 1, 4), 1: Count(2, 0, 3, 5)})
    False
    """
    spans = [(one.first, one.last, one.rows) for _, one in sorted(found.items())]
    whole = all(last - first + 1 == rows for first, last, rows in spans)
    return whole and all(one[1] + 1 == two[0] for one, two in pairwise(spans))


def bad_of(first: int, last: int, engine: SqlEngine) -> dict[int, list[int]]:
    """Lines or records of the bad rows of the files from `first` to `last`."""
    frame = engine.frame(
        f"SELECT _seq // {ROOM} AS file, list(_seq % {ROOM} ORDER BY _seq) FROM {TAKEN} "
        f"WHERE {_of(first, last)} AND _why IS NOT NULL GROUP BY file"
    )
    return {int(file): list(lines) for file, lines in frame.iter_rows()}


BAD = (
    f"SELECT _seq // {ROOM} AS number, _seq % {ROOM} AS record, _why ->> 0 AS rule, "
    f"_why ->> 1 AS reason, _why ->> 2 AS record_text FROM {TAKEN} WHERE _why IS NOT NULL"
)
"""The bad rows: number of their file, record in it, and what is said about them."""
