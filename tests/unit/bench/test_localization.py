"""The score of localisation is that of the published tools; fresh instances are made anew."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cx_analytics.bench.localization import Score, elements, localization
from cx_analytics.contracts.errors import NotFound
from cx_analytics.simulate.deviations import DEEP, MIXED, deviation, with_drift, with_noise


@pytest.mark.parametrize(
    ("predicted", "planted", "counts"),
    [
        ("a=a1", "a=a1", (1, 0, 0)),
        ("b=b2&a=a1", "a=a1&b=b2", (1, 0, 0)),
        ("a=a1;a=a1", "a=a1", (1, 0, 0)),
        ("a=a1;b=b1", "a=a1;c=c1", (1, 1, 1)),
        ("a=a1", "a=a1&b=b2", (0, 1, 1)),
        ("", "a=a1;b=b1", (0, 0, 2)),
        ("", "", (0, 0, 0)),
    ],
)
def test_an_element_counts_when_it_is_the_same(
    predicted: str, planted: str, counts: tuple[int, int, int]
) -> None:
    score = Score()
    score.add(predicted, planted, 0.0)
    assert (score.tp, score.fp, score.fn) == counts


def test_f1_is_of_sums() -> None:
    score = Score()
    score.add("a=a1", "a=a1", 0.1)
    score.add("b=b1", "a=a1;c=c1", 0.3)
    assert score.f1 == pytest.approx(2 / (2 + 1 + 2))
    assert Score().f1 == 1.0


@pytest.mark.parametrize("recipe", [MIXED, DEEP])
def test_an_instance_is_what_it_says(recipe: object) -> None:
    one = deviation(recipe, 3)  # type: ignore[arg-type]
    again = deviation(recipe, 3)  # type: ignore[arg-type]
    assert one.frame.equals(again.frame)
    assert one.set == again.set
    assert one.frame.height == int(pl.Series(recipe.sizes).product())  # type: ignore[attr-defined]
    away = (pl.col("predict") - pl.col("real")).abs() / pl.max_horizontal("real", "predict")
    for element in elements(one.set):
        pairs = [part.split("=") for part in element]
        inside = one.frame.filter(pl.all_horizontal([pl.col(a) == v for a, v in pairs]))
        assert inside.select(away.drop_nans().median()).item() > 0.15


def test_variants_change_what_they_say() -> None:
    frame = deviation(DEEP, 1).frame
    assert with_drift(frame, 1.3)["real"].equals(frame["real"])
    assert with_drift(frame, 1.3)["predict"].sum() == pytest.approx(1.3 * frame["predict"].sum())
    noisy = with_noise(frame, 0.12, 1)
    assert noisy["predict"].equals(frame["predict"])
    ratio = (noisy["real"] / frame["real"]).drop_nans()
    assert ratio.std() == pytest.approx(0.12, abs=0.01)


def test_rows_of_a_folder_and_of_fresh_instances(tmp_path: Path) -> None:
    (tmp_path / "B0").mkdir()
    one = deviation(DEEP, 4)
    one.frame.write_parquet(tmp_path / "B0" / "x.parquet")
    truth = pl.DataFrame({"dataset": ["B0"], "instance": ["x"], "set": [one.set]})
    truth.write_csv(tmp_path / "truth.csv")
    said: list[str] = []
    rows = localization(tmp_path, [4], said.append, large=False)
    assert rows["set"].to_list() == [
        "B0",
        "B0, 12% noise",
        "B0, forecast x 0.7",
        "B0, forecast x 1.3",
        "fresh S",
        "fresh S, forecast x 0.7",
        "fresh S, forecast x 1.3",
        "fresh L",
        "fresh L, forecast x 0.7",
        "fresh L, forecast x 1.3",
    ]
    assert rows["f1"].to_list()[0] == 1.0
    assert len(said) == rows.height
    with pytest.raises(NotFound, match="truth"):
        localization(tmp_path / "B0", [1], said.append, large=False)
