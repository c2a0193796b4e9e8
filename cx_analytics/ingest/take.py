"""One batch of one feed: files → judged rows → lake partitions, quarantine and a line in runs.

Belongs here: the order of the steps and the accounting. Stays out: each step itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from cx_analytics.contracts.errors import is_disk_full
from cx_analytics.contracts.feeds import ACTIONS
from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.ingest.action_ids import hide_actions
from cx_analytics.ingest.commit import Staging
from cx_analytics.ingest.expressions import Compiled, applied, compile_source
from cx_analytics.ingest.find import changed
from cx_analytics.ingest.formats import Refused
from cx_analytics.ingest.judge import drift, judged
from cx_analytics.ingest.manifest import Manifest
from cx_analytics.ingest.merge import Merge, Merged
from cx_analytics.ingest.pseudonyms import Pseudonyms
from cx_analytics.ingest.read import read
from cx_analytics.ingest.records import (
    Rejected,
    quarantine_path,
    write_lines,
    write_quarantine,
    write_run,
)
from cx_analytics.ingest.shapes import WHOLE, FeedReport, Found, Intake, Issue, Text, literal
from cx_analytics.ingest.suppress import Suppressed
from cx_analytics.ingest.withhold import withheld, withhold

ROOM = 1 << 40
"""Line numbers that a file may use; `_seq` = position of the file × ROOM + line."""


@dataclass
class _Taken:
    """What came of one file."""

    found: Found
    digest: str
    rows: Path | None = None
    lines: Path | None = None
    good: int = 0
    bad: int = 0
    issues: list[Issue] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)


class Batch:
    """One batch of a feed on its way into the lake."""

    def __init__(
        self,
        root: Path,
        intake: Intake,
        manifest: Manifest,
        engine: SqlEngine,
        now: datetime,
        hidden: Pseudonyms | None = None,
    ) -> None:
        self.root, self.intake, self.manifest = root, intake, manifest
        self.engine, self.now, self.hidden = engine, now, hidden
        self.name = f"{manifest.batches + 1:06}"
        self.staging = Staging(root, self.name)
        self.compiled: dict[str, Compiled] = {}
        self.erased = Suppressed.read(root)

    def take(self, files: Sequence[tuple[Found, str]]) -> FeedReport:
        """Take files (with their digests) in, in this order, and commit."""
        try:
            taken = self._read_all(files)
            still = [one for one in taken if not changed(one.found)]
            moving = tuple(one.found.shown for one in taken if changed(one.found))
            return self._commit(still, moving)
        finally:
            self.staging.abandon()

    # ---- one file --------------------------------------------------------------------------

    def _read_all(self, files: Sequence[tuple[Found, str]]) -> list[_Taken]:
        """Read the files, several at a time: one alone keeps no more than one thread busy."""
        width = min(len(files), self.engine.width)
        places = [(n, *file) for n, file in enumerate(files)]
        if width < 2:
            return [self._read(self.engine, *place) for place in places]
        with ThreadPoolExecutor(width) as pool:
            return list(pool.map(lambda place: self._read_beside(*place), places))

    def _read_beside(self, position: int, found: Found, digest: str) -> _Taken:
        with self.engine.beside() as engine:
            return self._read(engine, position, found, digest)

    def _read(self, engine: SqlEngine, position: int, found: Found, digest: str) -> _Taken:
        taken = _Taken(found, digest)
        folder = self.staging.folder / f"{position:05}"
        try:
            self._read_well(engine, taken, folder, position * ROOM)
        except Refused as error:
            taken.issues = self._shown([Issue(None, error.rule, error.reason)])
        except OSError as error:
            if is_disk_full(error):
                raise
            taken.issues = [Issue(None, "unreadable", f"the file cannot be read: {error.strerror}")]
        return taken

    def _read_well(self, engine: SqlEngine, taken: _Taken, folder: Path, base: int) -> None:
        asked = self._compiled(engine, taken.found).asked if taken.found.source else ()
        reading = read(taken.found, self.intake, engine, folder, asked)
        if reading.fast and self._judge(engine, taken, reading.fast, folder, base, fast=True):
            return
        if reading.careful is None:
            raise Refused("not_parquet", "the file breaks while it is read")
        self._judge(engine, taken, reading.careful(), folder, base, fast=False)

    def _compiled(self, engine: SqlEngine, found: Found) -> Compiled:
        assert found.source
        if found.scope not in self.compiled:
            self.compiled[found.scope] = compile_source(found.source, self.intake, engine)
        return self.compiled[found.scope]

    def _judge(
        self,
        engine: SqlEngine,
        taken: _Taken,
        text: Text,
        folder: Path,
        base: int,
        *,
        fast: bool,
    ) -> bool:
        """Type a file's rows into a Parquet file; False when the fast way met something bad."""
        sql = self._sql(engine, taken.found, text, base)
        rows = folder / "rows.parquet"
        try:
            total = self._write(engine, sql, rows)
        except Exception as error:
            if fast and not is_disk_full(error):
                return False
            raise
        taken.rows, taken.issues = rows, self._shown(text.issues)
        if self.erased:
            withhold(rows, tuple(self.intake.types), self.erased, engine)
            taken.issues = [withheld(issue, self.erased) for issue in taken.issues]
        taken.drift = [] if taken.found.source else drift(text, self.intake)
        bad = engine.frame(
            f"SELECT _line FROM read_parquet({literal(str(rows))}, hive_partitioning = false) "
            "WHERE _rule IS NOT NULL"
        )["_line"]
        taken.bad, taken.good = len(bad), total - len(bad)
        if text.records and taken.bad:
            taken.lines = write_lines(folder, bad.to_list())
        return True

    def _write(self, engine: SqlEngine, sql: str, rows: Path) -> int:
        """Write judged rows, no id in them that is to be a pseudonym."""
        params = self.hidden.params(self.intake.feed) if self.hidden else {}
        if self.hidden and self.intake.feed == ACTIONS:
            found = engine.frame(sql, params)
            hide_actions(found, self.hidden, self.erased).write_parquet(rows)
            return found.height
        return engine.copy(sql, rows, params, passing=True)

    def _shown(self, issues: Iterable[Issue]) -> list[Issue]:
        return [self.hidden.issue(one) if self.hidden else one for one in issues]

    def _sql(self, engine: SqlEngine, found: Found, text: Text, base: int) -> str:
        if found.source is None:
            return judged(text, self.intake, now=self.now, base=base, hidden=self.hidden)
        compiled = self._compiled(engine, found)
        text, given = applied(text, found, found.source, compiled, engine)
        where = given.pop("where", None)
        return judged(
            text,
            self.intake,
            now=self.now,
            base=base,
            given=given,
            where=(found.source.name, where) if where else None,
            hidden=self.hidden,
        )

    # ---- all files ---------------------------------------------------------------------------

    def _commit(self, taken: list[_Taken], moving: tuple[str, ...]) -> FeedReport:
        feed = self.intake.feed.name
        if not taken:
            return FeedReport(feed, "", left_alone=moving)
        merged = self._merge(taken)
        report = self._account(taken, merged, moving)
        if report.quarantined:
            target = self.staging.target(quarantine_path(self.root, feed, self.name))
            written = write_quarantine(self._rejected(taken), feed, self.name, self.engine, target)
            if written != report.quarantined:
                raise AssertionError(f"{written} rows in quarantine, not {report.quarantined}")
        write_run(self.root, report, self.now, self.staging.target)
        self._update_manifest(taken, merged)
        emptied = [self._path(day) for day in merged.emptied]
        self.staging.commit(self.manifest, emptied)
        return report

    def _merge(self, taken: list[_Taken]) -> Merged:
        feed = self.intake.feed.name
        files = [one.rows for one in taken if one.rows and one.good]
        if not files:
            return Merged(0, {}, ())
        self.engine.view("all_rows", files)
        self.engine.run(
            "CREATE OR REPLACE TEMP VIEW new_rows AS SELECT * FROM all_rows WHERE _rule IS NULL"
        )
        existing = self.manifest.partitions.get(feed, {})
        merge = Merge(self.intake, self.engine, existing, self._path)
        return merge.into(lambda day: self.staging.target(self._path(day)))

    def _path(self, day: str) -> Path:
        part = day if day == WHOLE else f"day={day}"
        return self.root / "lake" / self.intake.feed.name / part / "part.parquet"

    def _rejected(self, taken: Iterable[_Taken]) -> list[Rejected]:
        return [
            Rejected(one.found.shown, one.issues, one.rows if one.bad else None, one.lines)
            for one in taken
        ]

    def _account(self, taken: list[_Taken], merged: Merged, moving: tuple[str, ...]) -> FeedReport:
        good = sum(one.good for one in taken)
        quarantined = sum(one.bad + len(one.issues) for one in taken)
        if not 0 <= merged.kept <= good:
            raise AssertionError(f"{merged.kept} rows kept of {good} good ones")
        return FeedReport(
            feed=self.intake.feed.name,
            batch=self.name,
            files=len(taken),
            rows_in=good + quarantined,
            kept=merged.kept,
            duplicates=good - merged.kept,
            quarantined=quarantined,
            days=tuple(date.fromisoformat(day) for day in merged.days if day != WHOLE),
            drift=tuple(sorted({name for one in taken for name in one.drift})),
            left_alone=moving,
        )

    def _update_manifest(self, taken: list[_Taken], merged: Merged) -> None:
        self.manifest.batches += 1
        self.manifest.pseudonyms = self.hidden.marker if self.hidden else {}
        for one in taken:
            self.manifest.visit(one.found, one.digest)
        partitions = self.manifest.partitions.setdefault(self.intake.feed.name, {})
        partitions.update(merged.partitions)
        for day in merged.emptied:
            partitions.pop(day, None)


def said(report: FeedReport) -> str:
    """A batch in one line for a person."""
    parts = [
        f"{report.feed}: {report.files:,} files, {report.rows_in:,} rows",
        f"{report.kept:,} kept",
        f"{report.duplicates:,} duplicates",
        f"{report.quarantined:,} quarantined",
    ]
    if report.drift:
        parts.append(f"unknown columns {json.dumps(report.drift)}")
    return ", ".join(parts)
