"""Stamps say what is stale; one writer at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from cx_analytics.contracts.errors import CxError
from cx_analytics.engine.lock import exclusive
from cx_analytics.engine.stamps import Stamps, digest


def test_stamps_are_kept_by_table_and_partition(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path)
    assert stamps.of("t") == {}
    stamps.set("t", {"2026-01-01": "a", "2026-01-02": "b"})
    stamps.set("u", {"all": "c"})
    stamps.set("t", {"2026-01-02": "d"})
    assert Stamps(tmp_path).of("t") == {"2026-01-01": "a", "2026-01-02": "d"}
    stamps.clear("t", ["2026-01-01", "2026-01-09"])
    stamps.clear("unknown", ["all"])
    assert stamps.of("t") == {"2026-01-02": "d"}
    assert stamps.of("u") == {"all": "c"}


def test_a_digest_tells_values_and_their_borders_apart() -> None:
    assert digest("a", "b") == digest("a", "b")
    assert len({digest("a", "b"), digest("ab"), digest("b", "a"), digest("a", "b", "")}) == 4


def test_a_second_writer_waits_and_then_says_so(tmp_path: Path) -> None:
    file, told = tmp_path / "dagster" / ".lock", list[str]()
    with (
        exclusive(file),
        pytest.raises(CxError, match="another run is still writing"),
        exclusive(file, patience_s=0, tell=told.append),
    ):
        pass
    with exclusive(file, patience_s=0):
        pass
    assert told == ["another run is writing this workspace; waiting for it"] * len(told)
