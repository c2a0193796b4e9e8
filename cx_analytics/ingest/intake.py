"""Everything new, feed by feed, into the lake: the door of this stage.

Belongs here: which files a batch takes. Stays out: what a batch does with them (take.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.settings import Source
from cx_analytics.ingest.commit import recover, save_manifest
from cx_analytics.ingest.find import candidates, rested, text_bytes
from cx_analytics.ingest.formats import claimed
from cx_analytics.ingest.manifest import Manifest
from cx_analytics.ingest.pseudonyms import Pseudonyms, demand_same, demand_same_list
from cx_analytics.ingest.shapes import FeedReport, Found, Intake
from cx_analytics.ingest.suppress import Suppressed
from cx_analytics.ingest.take import Batch, said

BATCH_BYTES = 1 << 30
"""Plain text that one batch takes at most, unless it is told otherwise."""
BATCH_SHARE = 1.5
"""The same as a part of the engine's memory; one file always fits.

Large batches spill, small ones write a day again for each of the few late rows that it gets."""


def ingest(
    feeds: Sequence[str],
    *,
    root: Path,
    sources: Sequence[Source],
    extra_columns: Mapping[str, str],
    rest_s: float,
    engine: SqlEngine,
    now: datetime,
    wait: Callable[[float], None],
    tell: Callable[[str], None],
    pseudonyms: Pseudonyms | None = None,
    batch_bytes: int = BATCH_BYTES,
) -> list[FeedReport]:
    """Take everything new in landing/<feed>/ and in the sources' files into the lake.

    Parameters
    ----------
    feeds : names of the feeds to take, in this order.
    root : the workspace.
    extra_columns : columns of sessions that only cx.toml knows, with their SQL type.
    rest_s : a file younger than this is looked at twice, `wait(rest_s)` apart, and left alone
        for this time when it still changes.
    now : the time of the run (UTC, naive).
    tell : takes a line about each batch.
    pseudonyms : ids that are replaced before anything is written; None keeps all as they come.
    batch_bytes : plain text that one batch takes at most (`most_in_a_batch`).

    Returns
    -------
    One report a batch; for a feed of which files were only left alone, one without a batch.

    Raises
    ------
    SettingsError : a source's expression cannot be used, or the lake's ids were taken in under
        other pseudonyms than those given.
    """
    recover(root)
    demand_settled(root, pseudonyms)
    manifest = Manifest.read(root)
    present = candidates(root, sources)
    before = dict(manifest.stats)
    manifest.forget_missing(present)
    new = [one for one in present if one.feed in feeds and manifest.is_new(one)]
    ready, moving = rested(new, rest_s=rest_s, now=now, wait=wait)
    reports = []
    for feed in feeds:
        alone = tuple(one.shown for one in moving if one.feed == feed)
        if alone:
            tell(f"{feed}: left alone, still being written: {', '.join(alone)}")
            reports.append(FeedReport(feed, "", left_alone=alone))
        intake = Intake(FEEDS[feed], extra_columns if FEEDS[feed].open_columns else {})
        files = (one for one in ready if one.feed == feed)
        twins: list[tuple[Found, str]] = []
        for chunk in _chunks(_unknown(files, manifest, twins), batch_bytes):
            batch = Batch(root, intake, manifest, engine, now, pseudonyms)
            reports.append(batch.take(chunk))
            before = dict(manifest.stats)
            tell(said(reports[-1]))
        for found, digest in twins:
            if manifest.knows(found, digest):
                manifest.visit(found, digest)
    if manifest.stats != before:
        save_manifest(root, manifest)
    return reports


def demand_settled(root: Path, pseudonyms: Pseudonyms | None) -> None:
    """SettingsError when what was taken in, or who was erased, has ids of another kind or key.

    Mixed ids would tear customers in two, and let erased ones come back.
    """
    manifest, erased = Manifest.read(root), Suppressed.read(root)
    if manifest.batches:
        demand_same(manifest.pseudonyms, pseudonyms)
    demand_same_list(len(erased.customers), erased.under, pseudonyms)


def _unknown(
    files: Iterator[Found], manifest: Manifest, twins: list[tuple[Found, str]]
) -> Iterator[tuple[Found, str]]:
    """Files whose content is met for the first time, with its digest; the others to `twins`."""
    met: set[tuple[str, str]] = set()
    for found in files:
        digest = _digest(found)
        if manifest.knows(found, digest) or (found.scope, digest) in met:
            twins.append((found, digest))
        else:
            met.add((found.scope, digest))
            yield found, digest


def _digest(found: Found) -> str:
    """Digest of the content, with the format: what was refused may return under a better name."""
    form = claimed(found.path, found.source)
    kind = form.suffix if form else found.path.suffix
    try:
        with found.path.open("rb") as file:
            return f"{hashlib.file_digest(file, 'sha256').hexdigest()}{kind}"
    except OSError:
        return f"unreadable: {found.shown}"


def new_text_bytes(root: Path, sources: Sequence[Source]) -> int:
    """About how many bytes of plain text have landed and were not taken in yet."""
    manifest = Manifest.read(root)
    return sum(text_bytes(one) for one in candidates(root, sources) if manifest.is_new(one))


def most_in_a_batch(memory_bytes: int) -> int:
    """Bytes of plain text that one batch takes at most, where the engine has so much memory."""
    return int(BATCH_SHARE * memory_bytes)


def _chunks(
    files: Iterator[tuple[Found, str]], batch_bytes: int
) -> Iterator[list[tuple[Found, str]]]:
    chunk: list[tuple[Found, str]] = []
    size = 0
    for found, digest in files:
        weight = text_bytes(found)
        if chunk and size + weight > batch_bytes:
            yield chunk
            chunk, size = [], 0
        chunk.append((found, digest))
        size += weight
    if chunk:
        yield chunk
