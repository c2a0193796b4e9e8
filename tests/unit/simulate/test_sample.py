"""sample_data/ is what the program makes today, small, and its causes are plain to see."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from cx_analytics.simulate import Truth
from cx_analytics.simulate.sample import main, write_sample

SAMPLE = Path(__file__).parents[3] / "sample_data"


def _content(path: Path) -> object:
    """What a file says, whatever its compression."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    if path.suffix == ".zst":
        with pa.input_stream(str(path), compression="zstd") as stream:
            return stream.read()
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _same(ours: object, theirs: object) -> bool:
    """Equal; of frames but for the last digits, in which processors differ."""
    if not isinstance(ours, pl.DataFrame) or not isinstance(theirs, pl.DataFrame):
        return ours == theirs
    try:
        assert_frame_equal(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    except AssertionError:
        return False
    return True


def test_the_sample_is_what_the_program_makes(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    kept = [path for path in sorted(SAMPLE.rglob("*")) if path.is_file()]
    assert made == [path.relative_to(SAMPLE) for path in kept if path.name != "cx.toml"]
    for name in made:
        ours, theirs = _content(tmp_path / name), _content(SAMPLE / name)
        assert _same(ours, theirs), (
            f"{name} lags: python -m cx_analytics.simulate.sample sample_data"
        )


def test_writing_again_leaves_no_old_files(tmp_path: Path) -> None:
    old = tmp_path / "landing" / "sessions" / "old.csv"
    old.parent.mkdir(parents=True)
    old.touch()
    write_sample(tmp_path)
    assert not old.exists()


def test_the_sample_is_small_and_every_cause_detectable() -> None:
    size = sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file())
    causes = Truth.read(SAMPLE / "truth").causes
    assert size < 1_500_000
    assert causes.get_column("detectable").all()
    keys = {tuple(conditions) for conditions in causes.get_column("conditions").to_list()}
    assert keys == {
        ("modem_lot",),
        ("app_version", "device_model"),
        ("cell_id",),
        ("firmware_version",),
        ("lot",),
        ("region",),
        ("unit_id",),
        ("customer_id",),
        ("cell_id", "customer_id"),
    }


def test_without_a_folder_the_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().err
