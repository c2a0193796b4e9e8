"""A workspace to drop files into, and a run of ingest over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.settings import Source
from cx_analytics.engine.duck import Duck
from cx_analytics.ingest import (
    FeedReport,
    Pseudonyms,
    ingest,
    lake_versions,
    quarantine_files,
)


@dataclass
class Field:
    """A workspace under test."""

    root: Path
    engine: Duck

    def drop(self, name: str, *rows: dict[str, Any] | str) -> Path:
        """Write landing/<name> as text or as one JSON object a line."""
        path = self.root / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def run(
        self,
        *feeds: str,
        sources: Sequence[Source] = (),
        extra: dict[str, str] | None = None,
        rest_s: float = 0,
        wait: Callable[[float], None] = lambda _: None,
        now: datetime = datetime(2026, 2, 1),
        pseudonyms: Pseudonyms | None = None,
        batch_bytes: int = 1 << 30,
    ) -> list[FeedReport]:
        return ingest(
            feeds or ("sessions",),
            root=self.root,
            sources=sources,
            extra_columns=extra or {},
            rest_s=rest_s,
            engine=self.engine,
            now=now,
            wait=wait,
            tell=lambda _: None,
            pseudonyms=pseudonyms,
            batch_bytes=batch_bytes,
        )

    def lake(self, feed: str = "sessions") -> pl.DataFrame:
        parts = sorted((self.root / "lake" / feed).glob("*/part.parquet"))
        frames = [pl.read_parquet(part, hive_partitioning=False, glob=False) for part in parts]
        return pl.concat(frames, how="diagonal") if frames else pl.DataFrame()

    def quarantine(self) -> list[tuple[int | None, str]]:
        """Line and rule of every rejected row."""
        frames = [pl.read_parquet(path) for path in quarantine_files(self.root)]
        return pl.concat(frames).select("line", "rule").rows() if frames else []

    @property
    def versions(self) -> dict[str, dict[str, str]]:
        return lake_versions(self.root)


def session(identity: str, day: int = 1, **more: Any) -> dict[str, Any]:
    """A session of a day in January 2026."""
    start = f"2026-01-{day:02}T10:00:00Z"
    return {"session_id": identity, "customer_id": "c", "started_at": start, **more}


@pytest.fixture
def make() -> Callable[..., dict[str, Any]]:
    return session


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    with Duck(spill=tmp_path / "spill", memory_limit="1GB", threads=1) as engine:
        yield Field(tmp_path, engine)
