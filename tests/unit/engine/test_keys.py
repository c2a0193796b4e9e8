"""A key is made once, for its owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.engine.keys import make_key, read_key


def test_made_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "a.key"
    assert read_key(file, 32) is None
    key = make_key(file, 32)
    assert len(key) == 32
    assert read_key(file, 32) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["a.key"]
    assert make_key(tmp_path / "b.key", 32) != key


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "zz" * 32])
def test_a_damaged_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.key").write_text(text)
    with pytest.raises(InputRefused, match="no readable key of 64 hexadecimal digits"):
        read_key(tmp_path / "a.key", 32)
