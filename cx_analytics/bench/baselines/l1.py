"""Baseline: logistic regression with an L1 penalty on values and screened pairs of values.

Belongs here: the design matrix and the fit. It explains away what goes along with a cause, but
knows neither windows nor individuals, and its terms multiply where causes add.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from cx_analytics.bench.baselines.diagnosis import Cell, Diagnosis, diagnosis
from cx_analytics.bench.baselines.sample import Condition, Sample, covered, pair_cells, single_cells

MOST_PAIRS = 300
INVERSE_PENALTY = 6.0
"""Over the root of the number of faults: the penalty keeps pace with the noise of a coefficient."""

LEAST_RATIO = 1.6
"""Terms with a smaller odds ratio are noise that the penalty left over. Both settings are
near the best F1 of a grid on a medium world that is not among the published ones: the baseline
gets a fair chance."""


def l1_logistic(sample: Sample) -> Diagnosis:
    """Terms with a positive coefficient as causes, their odds ratio as rate ratio.

    Faults are rare, so odds stand for rates. Tibshirani, JRSS B 58 (1996); the solver is
    liblinear (Fan et al., JMLR 9, 2008).
    """
    terms = candidates(sample)
    if not terms:
        return diagnosis([], sample.faults)
    coefficients = _fit(_design(sample, terms), sample)
    chosen = [
        Cell(dict(term), float(np.exp(coefficient)))
        for term, coefficient in zip(terms, coefficients, strict=True)
        if coefficient >= np.log(LEAST_RATIO)
    ]
    return diagnosis(chosen, sample.faults)


def candidates(sample: Sample) -> list[Condition]:
    """Every value with enough faults, and the pairs that stand out most from their two values.

    A pair is screened by the log-likelihood ratio of its faults against the product of its
    values' rate ratios.
    """
    singles = single_cells(sample)
    rate = sample.rate
    ratio = singles.select("a", "value_a", ratio=pl.col("faults") / (pl.col("sessions") * rate))
    other = ratio.rename({"a": "b", "value_a": "value_b", "ratio": "ratio_b"})
    expected = pl.col("ratio") * pl.col("ratio_b") * rate * pl.col("sessions")
    observed = pl.col("faults")
    gain = observed * (observed / expected).log() - observed + expected
    pairs = (
        pair_cells(sample)
        .join(ratio, on=["a", "value_a"])
        .join(other, on=["b", "value_b"])
        .filter(observed > expected)
        .with_columns(gain=gain)
        .sort(["gain", "a", "value_a", "b", "value_b"], descending=[True, *[False] * 4])
        .head(MOST_PAIRS)
    )
    alone: list[Condition] = [((a, v),) for a, v in singles.select("a", "value_a").iter_rows()]
    both = pairs.select("a", "value_a", "b", "value_b").iter_rows()
    return alone + [((a, v), (b, w)) for a, v, b, w in both]


def _design(sample: Sample, terms: Sequence[Condition]) -> Any:
    """A sparse matrix: a row a session, a column a term, 1 where the term's values are."""
    columns = [np.flatnonzero(covered(sample, term)) for term in terms]
    row = np.concatenate(columns)
    column = np.repeat(np.arange(len(terms)), [len(one) for one in columns])
    shape = (sample.sessions.height, len(terms))
    return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)


def _fit(design: Any, sample: Sample) -> NDArray[np.float64]:
    """Coefficients of the terms; the intercept is not told."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        l1_ratio=1.0,
        C=INVERSE_PENALTY / float(np.sqrt(max(1, sample.faulty.sum()))),
        solver="liblinear",
        random_state=0,
        max_iter=200,
    )
    model.fit(design, sample.faulty, sample_weight=sample.weight)
    return np.asarray(model.coef_[0], dtype=np.float64)
