"""The table step_waste: what waiting, rework and rejects cost at each step, and what can be saved.

Belongs here: amounts → money, interval, saving. Stays out: counting (sql/supply/step_days.sql) and
tracing rejects (makers.py).

What a waste cost is known but for the luck of the days: its interval is that of the cost of as many
days like these, drawn with replacement (Efron 1979, Annals of Statistics 7:1). A saving is promised
only where the data show a way. Of waiting that is the step itself: what would not have been waited
had the worse half of its days been like their median, by pass. Of rejects and rework it is what the
causes in reject_causes explain. All else has no saving: none is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import STEP_WASTE
from cx_analytics.contracts.words import WAIT_CAUSES
from cx_analytics.supply.scan import Floats

DRAWS = 400
SEED = 20260302
LOW, HIGH = 0.05, 0.95

PARTS = tuple(cause for cause in WAIT_CAUSES if cause != "none")
"""Causes of waiting, each a column of the model supply/step_days."""

Row = dict[str, object]


def step_waste(
    days: pl.DataFrame,
    made: pl.DataFrame,
    causes: pl.DataFrame,
    costs: Mapping[str, float],
    field: Sequence[Row] = (),
) -> pl.DataFrame:
    """Rows of the table step_waste, the dearest first.

    Parameters
    ----------
    days : rows of the model supply/step_days.
    made : rows of MADE_REJECTS.
    causes : rows of the table reject_causes.
    costs : rates of [costs] in cx.toml; what has no rate has no cost.
    field : rows of faults in the field, as `field_wastes` makes them.
    """
    rows = [*_waiting(days, costs), *_rejects(made, causes, costs)]
    rows += [*_rework(days, made, causes, costs), *field]
    kept = [row for row in rows if row["amount"]]
    kept.sort(key=lambda row: (-(row["cost"] or 0.0), str(row["waste"]), str(row["step"])))  # type: ignore[operator]
    for rank, row in enumerate(kept, start=1):
        row["rank"] = None if row["cost"] is None else rank
    return frame_of(kept, STEP_WASTE)


def priced(row: Row, rate: float | None) -> Row:
    """A waste whose amounts are given, with its money; without a rate there is none."""
    ends = ("", "_low", "_high")
    money = {f"cost{end}": _times(row[f"amount{end}"], rate) for end in ends}
    saved = {f"saving{end}": _times(row[f"saved{end}"], rate) for end in ends}
    amounts = {key: value for key, value in row.items() if not key.startswith("saved")}
    return {**amounts, **money, **saved}


def _times(amount: object, rate: float | None) -> float | None:
    return None if rate is None or amount is None else float(amount) * rate  # type: ignore[arg-type]


def _waiting(days: pl.DataFrame, costs: Mapping[str, float]) -> list[Row]:
    rows = []
    for (step,), of_step in days.group_by("step", maintain_order=True):
        draws = _draws(of_step.height)
        passes = of_step["passes"].to_numpy().astype(float)
        for part in PARTS:
            hours = of_step[part].to_numpy()
            low, high = np.quantile(hours[draws].sum(axis=1), [LOW, HIGH])
            saved = _saved(hours[draws], passes[draws])
            saved_low, saved_high = np.quantile(saved, [LOW, HIGH])
            row: Row = {
                "step": step,
                "waste": "waiting",
                "detail": part,
                "unit": "h",
                "amount": float(hours.sum()),
                "amount_low": float(low),
                "amount_high": float(high),
                "saved": float(_saved(hours, passes)),
                "saved_low": float(saved_low),
                "saved_high": float(saved_high),
            }
            rows.append(priced(row, costs.get("wait_hour")))
    return rows


def _draws(days: int) -> np.ndarray:
    """Days drawn with replacement; the same for the same number of days."""
    return np.random.default_rng(SEED).integers(0, days, size=(DRAWS, days))


def _saved(hours: Floats, passes: Floats) -> Floats:
    """Hours above what a pass waits on the median day (of the passes), over the last axis."""
    each = hours / passes
    order = np.argsort(each, axis=-1, kind="stable")
    below = np.cumsum(np.take_along_axis(passes, order, -1), axis=-1)
    middle = (below < passes.sum(axis=-1, keepdims=True) / 2).sum(axis=-1, keepdims=True)
    usual = np.take_along_axis(each, np.take_along_axis(order, middle, -1), -1)
    return np.asarray(np.clip(hours - usual * passes, 0, None).sum(axis=-1))


def _rejects(made: pl.DataFrame, causes: pl.DataFrame, costs: Mapping[str, float]) -> list[Row]:
    """Rejects at the step that made them: a row for each cause, one for the background."""
    facts = {row["reject_cause_id"]: row for row in causes.iter_rows(named=True)}
    sums = made.group_by("step", "reject_cause_id").agg(pl.col("rejects").sum())
    rows = []
    for step, cause, rejects in sums.sort("step", "reject_cause_id").iter_rows():
        fact = facts.get(cause)
        low, high = _cause_ends(fact, rejects) if fact else _poisson(rejects)
        row: Row = {
            "step": step,
            "waste": "rejects",
            "detail": fact["label"] if fact else None,
            "unit": "pieces",
            "amount": rejects,
            "amount_low": low,
            "amount_high": high,
            "saved": rejects if fact else None,
            "saved_low": low if fact else None,
            "saved_high": high if fact else None,
        }
        rows.append(priced(row, costs.get("reject_piece")))
    return rows


def _cause_ends(fact: Mapping[str, float], rejects: float) -> tuple[float, float]:
    """Ends of the part of a cause's rejects that a step has."""
    part = rejects / fact["excess_rejects"]
    return fact["excess_low"] * part, fact["excess_high"] * part


def _poisson(amount: float) -> tuple[float, float]:
    spread = 1.645 * float(np.sqrt(amount))
    return max(0.0, amount - spread), amount + spread


def _rework(
    days: pl.DataFrame, made: pl.DataFrame, causes: pl.DataFrame, costs: Mapping[str, float]
) -> list[Row]:
    """Passes that came back, by the fee for each and the hours of their work."""
    if "rework" not in costs and "work_hour" not in costs:
        rate, hour = None, 0.0
    else:
        rate, hour = costs.get("rework", 0.0), costs.get("work_hour", 0.0)
    part, part_low, part_high = _explained(made, causes)
    rows = []
    for (step,), of_step in days.group_by("step", maintain_order=True):
        times = of_step["rework"].to_numpy().astype(float)
        money = times * (rate or 0.0) + of_step["rework_hours"].to_numpy() * hour
        draws = _draws(of_step.height)
        ends = [np.quantile(one[draws].sum(axis=1), [LOW, HIGH]) for one in (times, money)]
        known = rate is not None
        total = float(money.sum())
        rows.append(
            {
                "step": step,
                "waste": "rework",
                "detail": None,
                "unit": "times",
                "amount": float(times.sum()),
                "amount_low": float(ends[0][0]),
                "amount_high": float(ends[0][1]),
                "cost": total if known else None,
                "cost_low": float(ends[1][0]) if known else None,
                "cost_high": float(ends[1][1]) if known else None,
                "saving": total * part if known and part else None,
                "saving_low": total * part_low if known and part else None,
                "saving_high": total * part_high if known and part else None,
            }
        )
    return rows


def _explained(made: pl.DataFrame, causes: pl.DataFrame) -> tuple[float, float, float]:
    """Share of all rejects that the causes explain, with its interval."""
    booked = float(made["rejects"].sum())
    if not booked:
        return 0.0, 0.0, 0.0
    ends = ("excess_rejects", "excess_low", "excess_high")
    middle, low, high = (min(1.0, float(causes[end].sum()) / booked) for end in ends)
    return middle, low, high
