"""One batch of one feed: files → judged rows → lake partitions, quarantine and a line in runs.

Belongs here: the order of the steps and the accounting. Stays out: each step itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from cx_analytics.contracts.errors import is_disk_full
from cx_analytics.contracts.feeds import ACTIONS
from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.ingest import rows
from cx_analytics.ingest.action_ids import hide_actions
from cx_analytics.ingest.commit import Staging
from cx_analytics.ingest.expressions import Compiled, applied, compile_source
from cx_analytics.ingest.find import changed, text_bytes
from cx_analytics.ingest.formats import Refused, claimed
from cx_analytics.ingest.judge import drift, judged
from cx_analytics.ingest.manifest import Manifest
from cx_analytics.ingest.merge import Merge, Merged
from cx_analytics.ingest.pseudonyms import Pseudonyms
from cx_analytics.ingest.read import Reading, read, together
from cx_analytics.ingest.records import (
    Rejected,
    quarantine_path,
    write_lines,
    write_quarantine,
    write_run,
)
from cx_analytics.ingest.shapes import WHOLE, FeedReport, Found, Intake, Issue, Text
from cx_analytics.ingest.suppress import Suppressed
from cx_analytics.ingest.withhold import withheld, withhold

TOGETHER_BYTES = 4 << 20, 64 << 20
"""Bytes of text up to which one statement reads several files, however few there are, or many. To
plan it takes as long as to read some thousand rows; where it fails, its files are read again."""
SHARES = 3
"""Statements for each thread, so that all end at about the same time."""


@dataclass
class _Taken:
    """What came of one file; `before` is the number before that of its first record."""

    number: int
    found: Found
    digest: str
    before: int = 0
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
            rows.create(self.intake, self.engine)
            taken = self._read_all([_Taken(n, *file) for n, file in enumerate(files)])
            moving = [one for one in taken if changed(one.found)]
            rows.remove([one.number for one in moving], self.engine)
            still = [one for one in taken if one not in moving]
            return self._commit(still, tuple(one.found.shown for one in moving))
        finally:
            rows.drop(self.engine)
            self.staging.abandon()

    # ---- files -------------------------------------------------------------------------------

    def _read_all(self, files: list[_Taken]) -> list[_Taken]:
        """Read the files, several at a time: one alone keeps no more than one thread busy."""
        runs = _runs(files, self.engine.width)
        width = min(len(runs), self.engine.width)
        if width < 2:
            for run in runs:
                self._read_run(self.engine, run)
        else:
            with ThreadPoolExecutor(width) as pool:
                list(pool.map(self._read_beside, runs))
        return files

    def _read_beside(self, run: list[_Taken]) -> None:
        with self.engine.beside() as engine:
            self._read_run(engine, run)

    def _read_run(self, engine: SqlEngine, run: list[_Taken]) -> None:
        """Read files that follow each other: those that are alike at once, if that goes well."""
        ready: list[tuple[_Taken, Reading]] = []
        for taken in run:
            with self._refusing(engine, taken):
                ready.append((taken, self._ways(engine, taken)))
        for group in _alike(ready):
            if len(group) == 1 or self._is_rewritten or not self._read_together(engine, group):
                for taken, reading in group:
                    with self._refusing(engine, taken):
                        self._read_alone(engine, taken, reading)

    @contextmanager
    def _refusing(self, engine: SqlEngine, taken: _Taken) -> Iterator[None]:
        """Note why a file cannot be read, and take nothing of it."""
        try:
            yield
        except Refused as error:
            taken.issues = self._shown([Issue(None, error.rule, error.reason)])
            self._empty(engine, taken)
        except OSError as error:
            if is_disk_full(error):
                raise
            taken.issues = [Issue(None, "unreadable", f"the file cannot be read: {error.strerror}")]
            self._empty(engine, taken)

    def _empty(self, engine: SqlEngine, taken: _Taken) -> None:
        taken.good = taken.bad = 0
        rows.remove([taken.number], engine)

    def _ways(self, engine: SqlEngine, taken: _Taken) -> Reading:
        asked = self._compiled(engine, taken.found).asked if taken.found.source else ()
        stem = self.staging.folder / f"{taken.number:05}"
        return read(taken.found, self.intake, engine, stem, asked)

    def _compiled(self, engine: SqlEngine, found: Found) -> Compiled:
        assert found.source
        if found.scope not in self.compiled:
            self.compiled[found.scope] = compile_source(found.source, self.intake, engine)
        return self.compiled[found.scope]

    def _read_together(self, engine: SqlEngine, group: list[tuple[_Taken, Reading]]) -> bool:
        """Judge the rows of several files in one statement; False when that cannot be."""
        text = together([reading for _, reading in group])
        try:
            rows.insert(self._sql(engine, group[0][0], text), engine, self._params())
        except Exception as error:
            if is_disk_full(error):
                raise
            return False
        if not self._account_for(engine, group, text):
            rows.remove([taken.number for taken, _ in group], engine)
            return False
        return True

    def _read_alone(self, engine: SqlEngine, taken: _Taken, reading: Reading) -> None:
        if reading.fast and self._judge(engine, taken, reading, reading.fast, fast=True):
            return
        if reading.careful is None:
            raise Refused("not_parquet", "the file breaks while it is read")
        self._judge(engine, taken, reading, reading.careful(), fast=False)

    def _judge(
        self, engine: SqlEngine, taken: _Taken, reading: Reading, text: Text, *, fast: bool
    ) -> bool:
        """Judge a file's rows; False when the fast way met something bad."""
        try:
            self._insert(engine, taken, reading, text)
        except Exception as error:
            if fast and not is_disk_full(error):
                return False
            raise
        taken.issues = self._shown(text.issues)
        if self.erased:
            taken.issues = [withheld(issue, self.erased) for issue in taken.issues]
        return self._account_for(engine, [(taken, reading)], text)

    @property
    def _is_rewritten(self) -> bool:
        """Whether judged rows are changed once more before they are taken."""
        return bool(self.erased) or (self.hidden is not None and self.intake.feed == ACTIONS)

    def _insert(self, engine: SqlEngine, taken: _Taken, reading: Reading, text: Text) -> None:
        """Take judged rows, no id in them that is to be a pseudonym, and no erased customer."""
        sql, params = self._sql(engine, taken, text), self._params()
        if not self._is_rewritten:
            rows.insert(sql, engine, params)
            return
        path = reading.path.with_name(f"{reading.path.name}-rows.parquet")
        if self.hidden and self.intake.feed == ACTIONS:
            found = engine.frame(sql, params)
            hide_actions(found, self.hidden, self.erased).write_parquet(path)
        else:
            engine.copy(sql, path, params, passing=True)
        if self.erased:
            withhold(path, tuple(self.intake.types), self.erased, engine)
        rows.insert_file(path, engine)

    def _account_for(
        self, engine: SqlEngine, group: list[tuple[_Taken, Reading]], text: Text
    ) -> bool:
        """Count what came of the files of one statement; False when its rows are out of order."""
        span = group[0][0].number, group[-1][0].number
        counts = rows.counts(*span, engine)
        if text.many and not rows.follow_each_other(counts):
            return False
        some = any(count.bad for count in counts.values())
        bad = rows.bad_of(*span, engine) if some and text.records else {}
        for taken, reading in group:
            taken.drift = [] if taken.found.source else drift(text, self.intake)
            if count := counts.get(taken.number):
                taken.good, taken.bad = count.rows - count.bad, count.bad
                taken.before = count.first - 1 if text.many else 0
            if records := bad.get(taken.number):
                with self._refusing(engine, taken):
                    found = [one - taken.before for one in records]
                    taken.lines = write_lines(reading.path, taken.number, found)
        return True

    def _params(self) -> dict[str, bytes]:
        return self.hidden.params(self.intake.feed) if self.hidden else {}

    def _shown(self, issues: Iterable[Issue]) -> list[Issue]:
        return [self.hidden.issue(one) if self.hidden else one for one in issues]

    def _sql(self, engine: SqlEngine, taken: _Taken, text: Text) -> str:
        found, number = taken.found, taken.number
        given: dict[str, str] = {}
        if found.source is not None:
            compiled = self._compiled(engine, found)
            text, given = applied(text, found, found.source, compiled, engine)
        where = given.pop("where", None)
        return judged(
            text,
            self.intake,
            now=self.now,
            file=number,
            given=given,
            where=(found.source.name, where) if found.source and where else None,
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
        if not any(one.good for one in taken):
            return Merged(0, {}, ())
        existing = self.manifest.partitions.get(feed, {})
        merge = Merge(self.intake, self.engine, existing, self._path)
        return merge.into(lambda day: self.staging.target(self._path(day)))

    def _path(self, day: str) -> Path:
        part = day if day == WHOLE else f"day={day}"
        return self.root / "lake" / self.intake.feed.name / part / "part.parquet"

    def _rejected(self, taken: Iterable[_Taken]) -> list[Rejected]:
        return [
            Rejected(one.number, one.found.shown, one.before, one.issues, one.lines)
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


def _runs(files: Sequence[_Taken], width: int) -> list[list[_Taken]]:
    """The files in their order, those together that one statement may be able to read."""
    least, most = TOGETHER_BYTES
    share = sum(text_bytes(one.found) for one in files) // (SHARES * width)
    room, size = min(max(share, least), most), 0
    runs: list[list[_Taken]] = []
    for one in files:
        size += text_bytes(one.found)
        if not runs or size > room or not (_may_join(runs[-1][-1]) and _may_join(one)):
            runs.append([])
            size = text_bytes(one.found)
        runs[-1].append(one)
    return runs


def _may_join(taken: _Taken) -> bool:
    form = claimed(taken.found.path, taken.found.source)
    return taken.found.source is None and form is not None and form.kind == "ndjson"


def _alike(ready: Sequence[tuple[_Taken, Reading]]) -> list[list[tuple[_Taken, Reading]]]:
    """Files in their order, those together that one statement can read."""
    groups: list[list[tuple[_Taken, Reading]]] = []
    for taken, reading in ready:
        if groups and groups[-1][-1][1].is_like(reading):
            groups[-1].append((taken, reading))
        else:
            groups.append([(taken, reading)])
    return groups


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
