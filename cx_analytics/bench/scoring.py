"""How good a diagnosis is: findings scored against the planted truth.

Belongs here: the published figures as one pure function of frames. Stays out: making worlds and
running the pipeline on them (attribution.py), and the figures of single faults (blame.py), of
sizes and dates (excess.py).

A planted cause is *detectable* with at least 10 true faults and a log-likelihood ratio of at least
12 nats given the true hazards; it is *hit* when a found cause covers the same fault rows with a
Jaccard overlap of 0.7 or more. A found cause is *false* when it overlaps every planted one by less
than 0.3. Where a definition can be read in two ways the figure takes the stricter reading and the
other one has a field of its own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.bench.blame import blame_scores
from cx_analytics.bench.excess import excess_scores
from cx_analytics.bench.matching import MISS, Matching, match
from cx_analytics.simulate import Truth


@dataclass(frozen=True)
class Score:
    """The figures of one world; nan = nothing to measure it on. Shares unless said otherwise.

    `f1`, `precision`, `recall` are those of shared causes; `all_…` take individuals in. A found
    cause counts as right when it hits a planted one, detectable or not, and none before it did.
    `false_causes`, `unmatched_causes` (overlap below 0.7), `found`, `detectable` are counts,
    log-losses are in nats, `days_to_report` in days.
    """

    f1: float
    precision: float
    recall: float
    individual_f1: float
    individual_precision: float
    individual_recall: float
    all_f1: float
    all_precision: float
    all_recall: float
    false_causes: float
    unmatched_causes: float
    fault_accuracy: float
    oracle_accuracy: float
    accuracy_gap: float
    log_loss_gap: float
    log_loss_gap_mild: float
    calibration_error: float
    calibration_error_all_shares: float
    customer_top_cause: float
    customer_top_cause_counted: float
    oracle_top_cause_counted: float
    lot_excess_error: float
    lot_excess_error_expected: float
    lot_excess_chance: float
    interval_coverage: float
    interval_coverage_counted: float
    credible_set: float
    credible_set_of_hits: float
    days_to_report: float
    found: float
    detectable: float

    @classmethod
    def mean(cls, scores: list[Score]) -> Score:
        """The mean of each figure over worlds that have it."""
        table = np.array([list(asdict(score).values()) for score in scores])
        known = ~np.isnan(table)
        total = np.where(known, table, 0.0).sum(axis=0)
        count = known.sum(axis=0)
        return cls(*np.where(count > 0, total / np.maximum(count, 1), np.nan).tolist())

    @classmethod
    def standard_error(cls, scores: list[Score]) -> Score:
        """The standard error of each mean over worlds; nan with fewer than two."""
        table = np.array([list(asdict(score).values()) for score in scores])
        known = ~np.isnan(table)
        count = known.sum(axis=0)
        centre = np.where(known, table, 0.0).sum(axis=0) / np.maximum(count, 1)
        spread = np.where(known, (table - centre) ** 2, 0.0).sum(axis=0)
        error = np.sqrt(spread / np.maximum(count - 1, 1) / np.maximum(count, 1))
        return cls(*np.where(count > 1, error, np.nan).tolist())


def score(
    truth: Truth,
    causes: pl.DataFrame,
    fault_causes: pl.DataFrame,
    faults: pl.DataFrame,
    rivals: pl.DataFrame | None = None,
) -> Score:
    """Score a diagnosis.

    Parameters
    ----------
    truth : the planted truth of the same world
    causes, fault_causes : the found tables, in the contract's columns
    faults : faulty rows of the table `sessions`, with all attribute columns
    rivals : `cause_id` and `rival` (a label) of each cause's credible set; None when there is
        none, and a cause's set is the cause alone

    Faults that the truth does not know are left out.
    """
    known, matching = matched(truth, causes, faults)
    names = {"": ("shared",), "individual_": ("individual",), "all_": ("shared", "individual")}
    again = {
        f"{prefix}{name}": value
        for prefix, kinds in names.items()
        for name, value in _found_again(causes, truth, matching, kinds).items()
    }
    credible = [credible_set(causes, truth, each, rivals) for each in _readings(matching)]
    return Score(
        **again,
        false_causes=float((matching.best < MISS).sum()),
        unmatched_causes=float((matching.stands_for < 0).sum()),
        **asdict(blame_scores(truth, causes, fault_causes, known, matching)),
        **asdict(excess_scores(truth, causes, known, matching)),
        credible_set=credible[0],
        credible_set_of_hits=credible[1],
        found=float(causes.height),
        detectable=float(truth.causes.get_column("detectable").sum()),
    )


def matched(
    truth: Truth, causes: pl.DataFrame, faults: pl.DataFrame
) -> tuple[pl.DataFrame, Matching]:
    """The faults that the truth knows, and which found cause is which planted one over them."""
    known = faults.join(truth.fault_causes.select("session_id"), on="session_id", how="semi")
    return known, match(causes, truth.causes, known)


def claims(truth: Truth, causes: pl.DataFrame, faults: pl.DataFrame) -> pl.DataFrame:
    """What was said of each shared cause and how it is: `probability`, `right` (0 or 1)."""
    _, matching = matched(truth, causes, faults)
    right = pl.Series("right", (matching.stands_for >= 0).astype(np.float64))
    return (
        causes.with_columns(right).filter(kind="shared").select("probability", "right").drop_nulls()
    )


def credible_set(
    causes: pl.DataFrame,
    truth: Truth,
    about: NDArray[np.int64],
    rivals: pl.DataFrame | None,
) -> float:
    """Share of shared causes whose label, or that of a rival, is the planted cause's label.

    `about` gives the planted cause (a row of `truth.causes`) that each found one is about, -1
    for none; those with none are left out.
    """
    labels = truth.causes.get_column("label").to_list()
    others: dict[str, set[str]] = {}
    for cause, rival in [] if rivals is None else rivals.select("cause_id", "rival").iter_rows():
        others.setdefault(cause, set()).add(rival)
    rows = zip(causes.select("cause_id", "kind", "label").iter_rows(), about.tolist(), strict=True)
    inside = [
        labels[true] in {label, *others.get(cause, ())}
        for (cause, kind, label), true in rows
        if kind == "shared" and true >= 0
    ]
    return float(np.mean(inside)) if inside else float("nan")


def _readings(matching: Matching) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every cause that is not false, and only the hits."""
    return matching.about, matching.stands_for


def _found_again(
    causes: pl.DataFrame, truth: Truth, matching: Matching, kinds: tuple[str, ...]
) -> dict[str, float]:
    """F1, precision and recall of some kinds; a share of nothing is nan, and so is its F1."""
    of_kind = causes.get_column("kind").is_in(kinds).to_numpy()
    good = (matching.partner >= 0)[of_kind]
    wanted = (truth.causes.get_column("kind").is_in(kinds)).to_numpy()
    wanted = wanted & truth.causes.get_column("detectable").to_numpy()
    precision = float(good.mean()) if good.size else np.nan
    recall = float(matching.hits[wanted].mean()) if wanted.any() else np.nan
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else np.nan
    if wanted.any() and not good.any():
        f1 = 0.0
    return {"f1": f1, "precision": precision, "recall": recall}


FIGURES = tuple(field.name for field in fields(Score))
"""The names of all figures, in the order of the score."""
