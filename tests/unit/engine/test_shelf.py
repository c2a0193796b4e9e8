"""A shelf keeps arrays by any name, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cx_analytics.engine.shelf import shelf

NAMES = ("2026-01-01 lot", "../out/of it", "x" * 400, "")


def test_what_is_kept_comes_back_whatever_its_name(tmp_path: Path) -> None:
    with shelf(tmp_path / "own") as kept:
        for place, name in enumerate(NAMES):
            kept[name] = np.arange(place, dtype=np.uint16)
        for place, name in enumerate(NAMES):
            back = kept[name]
            assert back.dtype == np.uint16
            assert back.tolist() == list(range(place))
        with pytest.raises(KeyError):
            kept["nobody's"]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_gone(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "left.npy").write_bytes(b"half")
    with shelf(tmp_path / "own"):
        assert list((tmp_path / "own").iterdir()) == []
