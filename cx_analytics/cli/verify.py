"""`cx verify`: the SQL behind every number of a pack or page, run again on today's warehouse.

Belongs here: finding the evidence, running it, and the verdict. Stays out: what evidence is and
when two numbers are the same (exchange).

Evidence comes from outside: its SQL runs on a connection that can only read the warehouse, one
SELECT a number, and only a number comes back from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from cx_analytics.cli.phrases import counted
from cx_analytics.cli.query import reading
from cx_analytics.cli.screen import Answer, Sheet
from cx_analytics.contracts.errors import CheckFailed, InputRefused, NotFound
from cx_analytics.exchange import (
    MANIFEST,
    Number,
    changed,
    listed,
    read_numbers,
    same,
    snapshots,
)

EVIDENCE = "evidence.json"
MOST_BYTES = 50_000_000
"""Larger files are none of ours, and are not read."""

_LAST_DAY = "SELECT CAST(max(started_at) AS DATE) FROM sessions"


@dataclass(frozen=True)
class Checked:
    """A number as it was told, as it is found now, and what is wrong (nothing: None)."""

    told: Number
    found: float | None
    wrong: str | None


def verify(root: Path, what: Path) -> Answer:
    """Run the evidence in a file, or in a pack's folder, again; `demand_sameness` judges.

    Raises
    ------
    NotFound : there is no such file.
    InputRefused : it holds no evidence.
    """
    files = _damaged(what) if what.is_dir() else {}
    source = what / EVIDENCE if what.is_dir() else what
    told = read_numbers(_text(source), str(source))
    with reading(root) as warehouse:
        day = str((warehouse.execute(_LAST_DAY).fetchone() or ("",))[0] or "no day yet")
        checked = list(_checked(warehouse, told))
    differing = [one for one in checked if one.wrong]
    sentences = (
        f"{counted(len(checked), 'number')} of {source}: "
        f"{len(checked) - len(differing)} the same, {len(differing)} not.",
        *_other_snapshot(told, day),
        *(f"{name} is not as it was sent: {wrong}." for name, wrong in files.items()),
    )
    data = {
        "source": str(source),
        "snapshots": snapshots(told),
        "warehouse": day,
        "files": files,
        "numbers": [_row(one) for one in checked],
        "differ": len(differing),
    }
    return Answer(sentences, _sheets(differing), data)


def demand_sameness(answer: Answer) -> None:
    """CheckFailed when a number differs or a file of the pack is not as it was sent."""
    parts = [
        (answer.data["differ"], "number", "compare the snapshot with the warehouse"),
        (len(answer.data["files"]), "file", "ask for the pack again"),
    ]
    wrong = [(counted(n, word), todo) for n, word, todo in parts if n]
    if wrong:
        raise CheckFailed(
            f"not as told: {' and '.join(words for words, _ in wrong)}",
            where=answer.data["source"],
            todo=" and ".join(todo for _, todo in wrong),
        )


def _text(source: Path) -> str:
    if not source.is_file():
        raise NotFound(
            "there is no such file", where=str(source), todo="give a pack's folder or its evidence"
        )
    if source.stat().st_size > MOST_BYTES:
        raise InputRefused("this is too large for evidence", where=str(source))
    try:
        return source.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputRefused(
            "this is no text", where=str(source), todo="give a pack's folder or its evidence.json"
        ) from error


def _damaged(pack: Path) -> dict[str, str]:
    """What is wrong with the files of a pack, held against its manifest."""
    told = listed(_text(pack / MANIFEST), str(pack / MANIFEST))
    found = {path.name: path.read_bytes() for path in pack.iterdir() if path.is_file()}
    return changed(told, {name: found[name] for name in found if name != MANIFEST})


def _checked(warehouse: duckdb.DuckDBPyConnection, told: Sequence[Number]) -> Iterator[Checked]:
    for number in told:
        try:
            found = _run(warehouse, number.sql)
        except (duckdb.Error, UnicodeError, ValueError) as error:
            words = str(error).strip() or type(error).__name__
            yield Checked(number, None, words.splitlines()[0])
            continue
        yield Checked(number, found, None if same(number.value, found) else "differs")


def _run(warehouse: duckdb.DuckDBPyConnection, sql: str) -> float | None:
    """The one number of a query; ValueError when it is no SELECT or gives anything else."""
    statements = warehouse.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ValueError("refused: not one SELECT")
    rows = warehouse.execute(statements[0]).fetchmany(2)
    if len(rows) != 1 or len(rows[0]) != 1:
        raise ValueError("not one number: expected one row of one column")
    value = rows[0][0]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("not one number: the value is none")
    if not math.isfinite(value):
        raise ValueError("not one number: the value is not finite")
    return float(value)


def _other_snapshot(told: Sequence[Number], day: str) -> tuple[str, ...]:
    others = [one for one in snapshots(told) if one != day]
    if not others:
        return ()
    return (
        f"The numbers are of {', '.join(others)}, the warehouse of {day}: "
        "what differs may have moved on since.",
    )


def _row(one: Checked) -> dict[str, object]:
    return {
        "metric_id": one.told.metric_id,
        "unit": one.told.unit,
        "told": one.told.value,
        "found": one.found,
        "wrong": one.wrong,
    }


def _sheets(differing: Sequence[Checked]) -> tuple[Sheet, ...]:
    rows = tuple(
        (
            one.told.metric_id,
            "-" if one.told.value is None else f"{one.told.value:.10g}",
            "-" if one.found is None else f"{one.found:.10g}",
            one.told.unit,
            one.wrong or "",
        )
        for one in differing
    )
    return (Sheet("", ("number", "told", "now", "unit", "why"), rows),) if rows else ()
