"""New rows into the lake's partitions: the latest arrival of a key wins, everywhere.

Belongs here: SQL that finds winners, the days they touch, and the new content of those days.
Stays out: where the results go (commit.py moves them), and which rows are good (judge.py).

The table `taken` (rows.py) has the feed's columns, `_seq`, the order of arrival, and `_why`, null
for good rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.ingest.rows import TAKEN
from cx_analytics.ingest.shapes import WHOLE, Intake, listed

GROUP_ROWS = 2_000_000
"""Rows that are merged at a time: bounds memory when a batch touches many large days."""

Partitions = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Merged:
    """What a merge did: partitions written or emptied, and how many keys are new."""

    kept: int
    partitions: Partitions
    emptied: tuple[str, ...]

    @property
    def days(self) -> tuple[str, ...]:
        """Every day whose content changed."""
        return tuple(sorted((*self.partitions, *self.emptied)))


class Merge:
    """One merge of the good rows of `taken` into the partitions of a feed.

    Parameters
    ----------
    existing : version and rows of each partition that the feed has.
    path_of : day → file of the partition as it stands.
    """

    def __init__(
        self,
        intake: Intake,
        engine: SqlEngine,
        existing: Partitions,
        path_of: Callable[[str], Path],
    ) -> None:
        self.intake, self.engine = intake, engine
        self.existing, self.path_of = existing, path_of
        self.types = self._columns()

    def into(self, target_of: Callable[[str], Path]) -> Merged:
        """Write the partitions that change; `target_of` says where each goes."""
        distinct = self._winners()
        known = self._known_keys()
        arriving = self._counts("arrived")
        touched = {day: arriving.get(day, 0) for day in {*arriving, *known}}
        written = self._write_new([day for day in touched if day not in self.existing], target_of)
        emptied: list[str] = []
        for days in self._groups({day: touched[day] for day in touched if day in self.existing}):
            self._merge_days(days)
            found = versions(self.engine, self.types)
            for day in days:
                if day not in found:
                    emptied.append(day)
                elif found[day]["version"] != self.existing.get(day, {}).get("version"):
                    self._write(self.engine, "merged", day, target_of(day))
                    written[day] = found[day]
        self.engine.run("DROP VIEW arrived")
        for table in ("lost", "repeated", "known", "merged"):
            self.engine.run(f"DROP TABLE IF EXISTS {table}")
        emptied = [day for day in emptied if day in self.existing]
        return Merged(distinct - sum(known.values()), written, tuple(emptied))

    # ---- steps -----------------------------------------------------------------------------

    def _columns(self) -> dict[str, str]:
        """The feed's columns, then those that partitions have from earlier settings."""
        if not self.existing:
            return self.intake.types
        described = self.engine.frame(f"DESCRIBE SELECT * FROM {self._lake(self.existing)}")
        stored = dict(zip(described["column_name"], described["column_type"], strict=True))
        types = self.intake.types
        return types | {name: kind for name, kind in stored.items() if name not in types}

    def _winners(self) -> int:
        """View `arrived`: the latest row of each key, with its day; returns their number."""
        new = self.intake.types
        columns = ", ".join(
            quote(name) if name in new else f"CAST(NULL AS {kind}) AS {quote(name)}"
            for name, kind in self.types.items()
        )
        but = "ANTI JOIN lost USING (_seq) " if self._losers() else ""
        # Not a temporary view: those who write days side by side read it.
        self.engine.run(
            f"CREATE OR REPLACE VIEW arrived AS SELECT {columns}, {self._day()} AS _day "
            f"FROM {TAKEN} {but}WHERE _why IS NULL"
        )
        return int(self.engine.frame("SELECT count(*) FROM arrived").item())

    def _losers(self) -> int:
        """Table `lost`: good rows whose key arrived again, later; returns their number.

        Hashes of keys are counted first, which take less room than the keys; the rows of those
        that stand twice are few.
        """
        keys = listed(self.intake.feed.key)
        good = f"SELECT _seq, {keys}, hash({keys}) AS _hash FROM {TAKEN} WHERE _why IS NULL"
        self.engine.table(
            "repeated", f"SELECT _hash FROM ({good}) GROUP BY _hash HAVING count(*) > 1"
        )
        self.engine.run(
            f"CREATE OR REPLACE TABLE lost AS SELECT _seq FROM ({good}) SEMI JOIN repeated "
            f"USING (_hash) QUALIFY _seq < max(_seq) OVER (PARTITION BY {keys})"
        )
        return int(self.engine.frame("SELECT count(*) FROM lost").item())

    def _day(self) -> str:
        clock = self.intake.feed.event_time
        return literal(WHOLE) if clock is None else f"CAST({quote(clock)} AS DATE)"

    def _on(self, day: str) -> str:
        """SQL that is true for rows of a day, by their time: other blocks are passed over."""
        clock = self.intake.feed.event_time
        if clock is None:
            return "true"
        after, time = date.fromisoformat(day) + timedelta(days=1), quote(clock)
        return f"{time} >= TIMESTAMP '{day}' AND {time} < TIMESTAMP '{after}'"

    def _known_keys(self) -> dict[str, int]:
        """Days of the lake that hold keys which arrived, with how many."""
        if not self.existing:
            return {}
        keys = listed(self.intake.feed.key)
        stored = f"SELECT {keys}, {self._day()} AS _day FROM {self._lake(self.existing)}"
        self.engine.table(
            "known", f"SELECT old._day FROM ({stored}) AS old {self._same_key('SEMI')}"
        )
        return self._counts("known")

    def _same_key(self, kind: str) -> str:
        on = " AND ".join(
            f"old.{quote(name)} IS NOT DISTINCT FROM arrived.{quote(name)}"
            for name in self.intake.feed.key
        )
        return f"{kind} JOIN arrived ON {on}"

    def _counts(self, table: str) -> dict[str, int]:
        frame = self.engine.frame(f"SELECT _day, count(*) AS n FROM {table} GROUP BY _day")
        return {str(day): int(rows) for day, rows in frame.iter_rows()}

    def _groups(self, touched: dict[str, int]) -> Iterator[list[str]]:
        """Days in order, as many at a time as may be sorted in memory."""
        group: list[str] = []
        size = 0
        for day in sorted(touched):
            rows = touched[day] + int(self.existing.get(day, {}).get("rows", 0))
            if group and size + rows > GROUP_ROWS:
                yield group
                group, size = [], 0
            group.append(day)
            size += rows
        if group:
            yield group

    def _merge_days(self, days: Sequence[str]) -> None:
        """Table `merged`: the whole new content of some days that the lake has."""
        columns = listed(self.types)
        kind = "VARCHAR" if self.intake.feed.event_time is None else "DATE"
        wanted = ", ".join(f"{kind} {literal(day)}" for day in days)
        self.engine.table(
            "merged",
            f"SELECT {columns}, _day FROM arrived WHERE _day IN ({wanted})"
            f" UNION ALL SELECT {columns}, _day FROM (SELECT {self._stored(days)}, "
            f"{self._day()} AS _day FROM {self._lake(days)}) AS old {self._same_key('ANTI')}",
        )

    def _stored(self, days: Sequence[str]) -> str:
        described = self.engine.frame(f"DESCRIBE SELECT * FROM {self._lake(days)}")
        stored = set(described["column_name"])
        return ", ".join(
            quote(name) if name in stored else f"CAST(NULL AS {kind}) AS {quote(name)}"
            for name, kind in self.types.items()
        )

    def _lake(self, days: Sequence[str] | Partitions) -> str:
        files = ", ".join(literal(str(self.path_of(day))) for day in sorted(days))
        return f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"

    def _write_new(self, days: Sequence[str], target_of: Callable[[str], Path]) -> Partitions:
        """Write days that the lake does not have, several at a time; their versions."""
        if not days:
            return {}
        targets = [(day, target_of(day)) for day in sorted(days)]
        with ThreadPoolExecutor(self.engine.width) as pool:
            list(pool.map(lambda one: self._write_beside(*one), targets))
        found = versions(self.engine, self.types, "arrived")
        return {day: found[day] for day in days}

    def _write_beside(self, day: str, target: Path) -> None:
        with self.engine.beside() as engine:
            self._write(engine, "arrived", day, target)

    def _write(self, engine: SqlEngine, relation: str, day: str, target: Path) -> None:
        """Write a day in the order of its key, so that equal rows give equal files."""
        order = ", ".join(f"{quote(name)} NULLS FIRST" for name in self.intake.feed.key)
        rows = f"SELECT {listed(self.types)} FROM {relation} WHERE {self._on(day)}"
        engine.copy(f"{rows} ORDER BY {order}", target)


def versions(engine: SqlEngine, columns: Iterable[str], relation: str = "merged") -> Partitions:
    """Version and rows of each `_day` of a relation; equal rows give equal versions."""
    row = f"hash({listed(columns)})"
    frame = engine.frame(
        f"SELECT _day, count(*) AS rows, bit_xor({row}) AS one, "
        f"sum(CAST({row} % 1000000007 AS BIGINT)) AS two FROM {relation} GROUP BY _day"
    )
    return {
        str(day): {"rows": int(rows), "version": f"{rows}-{int(one):016x}-{int(two):x}"}
        for day, rows, one, two in frame.iter_rows()
    }
