"""Localisation on small tables: planted elements come back, quiet tables stay quiet."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest

from cx_analytics.attribute import localize
from cx_analytics.attribute.cuboids import Localization

SIZES = {"a": 5, "b": 6, "c": 8, "d": 4}


def table(
    changes: dict[str, float],
    sizes: dict[str, int] | None = None,
    noise: float = 0.05,
    seed: int = 1,
    scale: float = 100.5,
) -> pl.DataFrame:
    """A full table with noise; `changes` multiplies `real` where the conditions hold."""
    sizes = sizes or SIZES
    rng = np.random.default_rng(seed)
    values = [[f"{name}{n}" for n in range(size)] for name, size in sizes.items()]
    frame = pl.DataFrame(list(product(*values)), schema=list(sizes), orient="row")
    predict = rng.gamma(0.7, scale, frame.height)
    factor = rng.normal(1, noise, frame.height).clip(0)
    frame = frame.with_columns(real=pl.Series(predict * factor), predict=pl.Series(predict))
    for conditions, change in changes.items():
        frame = frame.with_columns(
            real=pl.when(holds(conditions)).then(pl.col("predict") * change).otherwise("real")
        )
    return frame


def holds(conditions: str) -> pl.Expr:
    pairs = [one.split("=") for one in conditions.split("&")]
    return pl.all_horizontal([pl.col(name) == value for name, value in pairs])


def found(frame: pl.DataFrame) -> set[str]:
    return {one.text for one in localize(frame).elements}


@pytest.mark.parametrize(
    "planted",
    [
        {"a=a1": 0.5},
        {"a=a1": 1.6},
        {"b=b2&d=d3": 0.3},
        {"a=a0&b=b1&c=c2&d=d3": 0.1},
        {"a=a1": 0.4, "b=b5&c=c2": 0.7},
        {"a=a1&c=c1": 0.5, "a=a2&c=c3": 0.5, "a=a4&c=c7": 0.5},
        {"c=c3": 0.6, "b=b1&d=d2": 1.8},
        {"a=a1": 0.0},
    ],
    ids=lambda planted: ";".join(planted),
)
def test_planted_elements_come_back(planted: dict[str, float]) -> None:
    assert found(table(planted)) == set(planted)


def test_an_element_tells_what_it_carries() -> None:
    frame = table({"a=a1": 0.5, "c=c2": 0.8}, noise=0.01)
    first, second = localize(frame).elements
    assert (first.text, first.direction, first.leaves) == ("a=a1", "below", 192)
    assert first.real == pytest.approx(frame.filter(holds("a=a1"))["real"].sum(), rel=1e-6)
    assert first.gain > second.gain > 100
    assert first.share + second.share == pytest.approx(1.0, abs=0.05)


def test_the_result_as_text_and_frame() -> None:
    told = localize(table({"b=b2&d=d3": 0.3}))
    assert told.set == "b=b2&d=d3"
    row = told.frame().row(0, named=True)
    assert row["label"] == "b=b2&d=d3"
    assert row["conditions"] == [["b", "b2"], ["d", "d3"]]
    assert Localization(()).frame().is_empty()
    assert Localization(()).set == ""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.2])
def test_quiet_tables_stay_quiet(seed: int, noise: float) -> None:
    assert localize(table({}, noise=noise, seed=seed)) == Localization(())


@pytest.mark.parametrize("seed", range(6))
def test_quiet_counts_stay_quiet(seed: int) -> None:
    frame = table({}, seed=seed, scale=20.5)
    counts = np.random.default_rng(seed).poisson(frame["predict"].to_numpy())
    assert localize(frame.with_columns(real=pl.Series(counts))).set == ""


@pytest.mark.parametrize("change", [0.4, 2.5])
def test_an_element_of_counts(change: float) -> None:
    frame = table({}, scale=20.5)
    hit = frame.select(holds("b=b1&d=d2")).to_series().to_numpy()
    mean = frame["predict"].to_numpy() * np.where(hit, change, 1.0)
    counts = np.random.default_rng(3).poisson(mean)
    assert localize(frame.with_columns(real=pl.Series(counts))).set == "b=b1&d=d2"


@pytest.mark.parametrize("factor", [0.7, 0.9, 1.3])
def test_a_forecast_that_drifts_is_no_root_cause(factor: float) -> None:
    frame = table({"b=b2&d=d3": 0.3}).with_columns(pl.col("predict") * factor)
    told = localize(frame)
    assert told.set == "b=b2&d=d3"
    assert told.drift == pytest.approx(1 / factor, rel=0.01)


def test_a_quiet_forecast_is_not_moved() -> None:
    assert localize(table({"a=a1": 0.5, "a=a2": 0.5})).drift == 1.0


def test_one_attribute_only() -> None:
    assert found(table({"a=a3": 0.5}, {"a": 40}, noise=0.02)) == {"a=a3"}


def test_constant_attributes_tell_nothing() -> None:
    frame = table({"a=a3": 0.5}).with_columns(
        always=pl.lit("x"), never=pl.lit(None, dtype=pl.String)
    )
    assert found(frame) == {"a=a3"}
    assert localize(frame.select("always", "real", "predict")).set == ""


def test_all_zero() -> None:
    nothing = table({}).with_columns(real=pl.lit(0.0), predict=pl.lit(0.0))
    assert localize(nothing).set == ""
    unforeseen = table({}).with_columns(predict=pl.lit(0.0))
    assert localize(unforeseen).set == ""


def test_twelve_attributes() -> None:
    rng = np.random.default_rng(4)
    columns = {f"k{n:02}": [f"v{v}" for v in rng.integers(0, 5, 1000)] for n in range(12)}
    predict = rng.gamma(0.8, 50.5, 1000)
    frame = pl.DataFrame(columns).with_columns(predict=pl.Series(predict))
    hit = (pl.col("k03") == "v1") & (pl.col("k07") == "v4")
    real = predict * rng.normal(1, 0.05, 1000).clip(0)
    frame = frame.with_columns(real=pl.when(hit).then(0.4 * pl.col("predict")).otherwise(real))
    assert localize(frame).set == "k03=v1&k07=v4"


def test_missing_values_count_but_never_match() -> None:
    frame = table({"a=a1": 0.5})
    blank = frame.with_columns(
        a=pl.when(pl.col("a") == "a1").then(None).otherwise("a"),
        e=pl.when(pl.col("c") == "c1").then(None).otherwise(pl.lit("x")),
    )
    told = localize(blank)
    assert all("None" not in one.text for one in told.elements)
    assert all(one.conditions.get("a") != "a1" for one in told.elements)
    whole = table({"b=b2": 0.5}).with_columns(
        a=pl.when(pl.col("a") == "a1").then(None).otherwise("a")
    )
    assert localize(whole).set == "b=b2"


def test_rows_of_a_leaf_are_added_up() -> None:
    frame = table({"b=b2&d=d3": 0.3})
    half = frame.with_columns(pl.col("real", "predict") * 0.5)
    assert localize(pl.concat([half, half])) == localize(frame)


def test_conditions_with_the_same_leaves_are_equivalents() -> None:
    frame = table({"a=a1": 0.5}).with_columns(
        site=pl.col("a").replace_strict({f"a{n}": f"site{n}" for n in range(5)}),
        region=pl.when(pl.col("a").is_in(["a1", "a2"])).then(pl.lit("r1")).otherwise(pl.lit("r2")),
    )
    (element,) = localize(frame).elements
    assert element.text == "a=a1"
    assert [dict(other) for other in element.equivalents] == [{"site": "site1"}]


def test_of_equivalents_the_shallower_comes_first() -> None:
    frame = table({"b=b1&d=d2": 0.4}).with_columns(
        pair=pl.when(holds("b=b1&d=d2"))
        .then(pl.lit("special"))
        .otherwise(pl.concat_str(pl.lit("other"), pl.col("c")))
    )
    (element,) = localize(frame).elements
    assert element.text == "pair=special"
    assert [dict(other) for other in element.equivalents] == [{"b": "b1", "d": "d2"}]


def test_ratios_are_weighed_by_attempts() -> None:
    rng = np.random.default_rng(5)
    frame = table({}).with_columns(predict_b=pl.col("predict").ceil())
    hit = frame.select(holds("b=b2")).to_series().to_numpy()
    tried = frame["predict_b"].to_numpy().astype(int)
    success = rng.binomial(tried, np.where(hit, 0.8, 0.97))
    frame = frame.with_columns(
        predict_a=pl.col("predict_b") * 0.97, real_b=pl.Series(tried), real_a=pl.Series(success)
    ).drop("real", "predict")
    (element,) = localize(frame).elements
    assert (element.text, element.direction) == ("b=b2", "below")
    assert element.real == pytest.approx(0.8, abs=0.02)
    assert element.predict == pytest.approx(0.97, abs=0.01)


def test_signs_in_values_are_written_so_that_they_can_be_told() -> None:
    frame = (
        table({"a=a1": 0.5})
        .with_columns(pl.col("a").replace("a1", "x&y;z=1%26,5%").alias("a=b"))
        .drop("a")
    )
    assert localize(frame).set == "a%3Db=x%26y%3Bz%3D1%2526,5%"


def test_other_frames_are_taken_too() -> None:
    frame = table({"a=a1": 0.5})
    assert localize(frame.lazy()).set == "a=a1"
    assert localize(frame.to_dict(as_series=False)).set == "a=a1"
    assert localize(frame.with_columns(pl.col("a").cast(pl.Categorical))).set == "a=a1"
    numbered = frame.with_columns(pl.col("a").str.slice(1).cast(pl.Int64))
    assert localize(numbered).set == "a=1"
    assert localize(frame, attributes=["a", "b"]).set == "a=a1"
