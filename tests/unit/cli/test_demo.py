"""What the demo tells beside the planted truth, and that it replaces only its own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cx_analytics.cli.demo import MARK, fresh, planted_beside_found
from cx_analytics.contracts.errors import InputRefused, NotFound


def planted(label: str, *, kind: str = "shared", detectable: bool = True) -> dict[str, Any]:
    return {"label": label, "kind": kind, "excess_faults": 90.0, "detectable": detectable}


def found(label: str, *, kind: str = "shared") -> dict[str, Any]:
    return {
        "cause_id": "k",
        "label": label,
        "kind": kind,
        "excess_faults": 88.0,
        "excess_low": 70.0,
        "excess_high": 110.0,
        "probability": 0.99,
    }


def test_planted_beside_found() -> None:
    answer = planted_beside_found(
        [
            planted("modem_lot=M7"),
            planted("region=north", detectable=False),
            planted("unit_id=U1", kind="individual"),
            planted("unit_id=U2", kind="individual"),
        ],
        [found("modem_lot=M7"), found("band=n1"), found("unit_id=U1", kind="individual")],
    )
    assert answer.sentences == (
        "1 of 2 planted shared causes found, 1 of the 1 that the data can show; "
        "1 found that nobody planted.",
        "Individual causes (one unit, one customer): 2 planted, 2 of them visible in the data, "
        "1 of those found.",
    )
    assert answer.sheets[0].rows == (
        ("modem lot M7", "90", "yes", "88", "70 to 110", "99 % (confirmed)"),
        ("region north", "90", "no", "-", "-", "-"),
        ("-", "-", "band n1", "88", "70 to 110", "99 % (confirmed)"),
    )


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    sample = tmp_path / "sample"
    for name in ("landing/sessions/a.csv", "truth/causes.parquet"):
        (sample / name).parent.mkdir(parents=True, exist_ok=True)
        (sample / name).write_text("x\n")
    return sample


def test_the_truth_stays_behind_and_an_older_demo_goes(sample: Path, tmp_path: Path) -> None:
    root = tmp_path / "demo"
    fresh(root, sample)
    (root / "landing" / "old.csv").write_text("x\n")
    fresh(root, sample)
    assert sorted(path.name for path in (root / "landing" / "sessions").iterdir()) == ["a.csv"]
    assert not (root / "landing" / "old.csv").exists()
    assert not (root / "truth").exists()
    assert (root / MARK).is_file()


def test_what_is_no_demo_is_left_alone(sample: Path, tmp_path: Path) -> None:
    root = tmp_path / "thesis"
    root.mkdir()
    (root / "chapter.txt").write_text("x\n")
    with pytest.raises(InputRefused, match="no demo"):
        fresh(root, sample)
    assert (root / "chapter.txt").is_file()


def test_no_sample(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        fresh(tmp_path / "demo", tmp_path / "nothing")
