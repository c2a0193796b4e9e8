"""`bench care`: are the fixes the right ones, and do they avoid as many faults as was said?

Belongs here: the fixes of a finished run held against the planted truth of the same days, and
against the days that follow. Stays out: planting (simulate), running (it is handed in).

A customer counts when he has at least FEWEST faults and one true cause (background is one) makes
more than half of them. A fix names that cause when the cause it acts against covers the same
faults (Jaccard overlap of 0.3 or more, and of no other planted cause more); where background is the
main cause, "not explained" does. A broken unit, a bad SIM and a weak home may well cover the same
faults of a customer: a fix addresses one of these only when it also is one that helps there. The
follow-up goes on after the last day with nothing done: the faults of a cause in it are what taking
the cause away would avoid (the simulator's chance is common to both futures), times the share that
the playbook says the fix takes away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from cx_analytics.bench.attribution import Run, read_findings
from cx_analytics.bench.scoring import matched
from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.simulate import Difficulty, Truth, follow_up, make_world, write_world

FEWEST = 3
"""Faults from which on a customer is judged."""

DAYS_AFTER = 30
DECILES = 10

HELPS: dict[str, tuple[str, ...]] = {
    "unit_or_sim": ("unit_id", "customer_id"),
    "replace_unit": ("unit_id",),
    "test_unit": ("unit_id",),
    "change_sim": ("customer_id",),
    "watch_customer": ("customer_id",),
    "check_coverage": ("cell_id & customer_id",),
    "watch_place": ("cell_id & customer_id",),
}
"""Fixes of individual causes: conditions (their keys) of the causes against which each helps."""

HEADER = (
    "world",
    "customers",
    "addressed",
    "named",
    "the oracle",
    "wrongly replaced",
    "SIM or home",
    "not explained is right",
    "avoided, said",
    "avoided, true",
    "deciles inside",
    "customers inside",
)


@dataclass(frozen=True)
class CareScore:
    """Figures of one world; shares unless said otherwise, nan when there is nothing to judge.

    `named` counts a fix against the right faults even where it would not help (see above). `oracle`
    is the share of the customers whose largest posterior, given the true hazards, is that of their
    main cause. `wrongly_replaced` are customers told to exchange the unit although a network or app
    cause is their main one, `replaced_for_own` the same of a bad SIM or a weak home; both are
    shares of the customers with such a cause. `deciles_inside` is the share of tenths of customers,
    by what was said, whose mean of avoided faults lies in the mean 90 % interval;
    `customers_inside` the share of single customers whose number of avoided faults lies in theirs.
    """

    customers: float
    addressed: float
    named: float
    oracle: float
    wrongly_replaced: float
    replaced_for_own: float
    not_explained_right: float
    avoided_said: float
    avoided_true: float
    deciles_inside: float
    customers_inside: float


def care(
    seeds: Sequence[int],
    difficulties: Sequence[Difficulty],
    *,
    sessions: int,
    folder: Path,
    run: Run,
    say: Callable[[str], None] = print,
) -> list[tuple[str, ...]]:
    """Rows under HEADER, one a world and the mean of each difficulty; `say` is told of each."""
    rows: list[tuple[str, ...]] = []
    for difficulty in difficulties:
        scores: list[CareScore] = []
        for seed in seeds:
            here = folder / f"{difficulty}-{seed}"
            scores.append(judge_world(here, seed, difficulty, sessions, run))
            rows.append((f"{difficulty} {seed}", *_words(scores[-1])))
            say(" | ".join(rows[-1]))
        if len(scores) > 1:
            rows.append((f"{difficulty}, mean", *_words(mean_of(scores))))
    return rows


def mean_of(scores: Sequence[CareScore]) -> CareScore:
    """The mean of each figure over the worlds that have it."""
    table = np.array([astuple(score) for score in scores])
    known = ~np.isnan(table)
    total = np.where(known, table, 0.0).sum(axis=0)
    return CareScore(*np.where(known.any(axis=0), total / known.sum(axis=0).clip(1), np.nan))


def _words(told: CareScore) -> tuple[str, ...]:
    shares = (
        *(told.addressed, told.named, told.oracle),
        *(told.wrongly_replaced, told.replaced_for_own, told.not_explained_right),
    )
    return (
        f"{told.customers:.0f}",
        *(f"{one:.3f}" for one in shares),
        f"{told.avoided_said:.0f}",
        f"{told.avoided_true:.0f}",
        f"{told.deciles_inside:.2f}",
        f"{told.customers_inside:.3f}",
    )


def judge_world(
    root: Path, seed: int, difficulty: Difficulty, sessions: int, run: Run
) -> CareScore:
    """Plant a world, run the pipeline on it, go on for 30 days, and score the fixes."""
    world = make_world(sessions=sessions, days=28, seed=seed, difficulty=difficulty)
    write_world(world, root)
    (root / "truth").rename(apart := root.with_name(f"{root.name}-truth"))
    run(root)
    after = pl.concat(
        day.truth.join(day.sessions.select("session_id", "customer_id"), on="session_id")
        for day in follow_up(world, days=DAYS_AFTER).each_day()
    )
    return score_fixes(root, Truth.read(apart), after)


def score_fixes(root: Path, truth: Truth, after: pl.DataFrame) -> CareScore:
    """Score the fixes of a finished workspace.

    Parameters
    ----------
    truth : of the days that the workspace has seen.
    after : `customer_id` and true `cause_id` of each fault of the days that follow.
    """
    found = read_findings(root)
    fixes = _fixes(root)
    known, matching = matched(truth, found.causes, found.faults)
    planted = truth.causes.get_column("cause_id").to_list()
    stands_for = {
        cause: planted[true] if true >= 0 else "nothing planted"
        for cause, true in zip(
            found.causes.get_column("cause_id").to_list(), matching.about.tolist(), strict=True
        )
    }
    fixes = fixes.with_columns(
        against=pl.col("cause_id").replace_strict(stands_for | {BACKGROUND: BACKGROUND})
    )
    return CareScore(**judge_fixes(fixes, truth, known), **_avoided(fixes, after))


def _fixes(root: Path) -> pl.DataFrame:
    """Each customer's first fix, with the share of the cause's faults that it takes away."""
    import duckdb

    from cx_analytics.care import default_playbook

    removes = {rule.then.fix_code: rule.then.removes for rule in default_playbook().rules}
    with duckdb.connect(str(root / "warehouse" / "cx.duckdb"), read_only=True) as connection:
        fixes: pl.DataFrame = connection.sql("SELECT * FROM customer_fixes WHERE rank = 1").pl()
    return fixes.with_columns(removes=pl.col("fix_code").replace_strict(removes))


def judge_fixes(fixes: pl.DataFrame, truth: Truth, known: pl.DataFrame) -> dict[str, float]:
    """Whether first fixes address the main cause of the customers who have one.

    Parameters
    ----------
    fixes : `customer_id`, `fix_code`, `confidence` and `against` (the planted cause that the fix
        acts against) of each customer's first fix.
    known : `session_id` and `customer_id` of the faults.
    """
    mine = truth.fault_causes.join(known.select("session_id", "customer_id"), on="session_id")
    counted = mine.group_by("customer_id", true="cause_id").agg(struck=pl.len())
    main = (
        counted.with_columns(faults=pl.col("struck").sum().over("customer_id"))
        .filter(pl.col("faults") >= FEWEST, pl.col("struck") * 2 > pl.col("faults"))
        .join(fixes, on="customer_id", how="left")
        .join(_facts(truth), left_on="true", right_on="cause_id", how="left")
    )
    silent = pl.col("confidence") == "not explained"
    unknown = pl.col("true") == BACKGROUND
    named = ((unknown & silent) | (pl.col("against") == pl.col("true"))).fill_null(False)
    replaced = pl.col("fix_code") == "replace_unit"
    elsewhere = main.filter(~pl.col("own"), pl.col("domain") != "device")
    own_elsewhere = main.filter(pl.col("own"), pl.col("keys") != "unit_id")
    return {
        "customers": float(main.height),
        "addressed": _share(main.select(named & (~_is_own() | _helps()))),
        "named": _share(main.select(named)),
        "oracle": _share(
            main.join(_likeliest(truth, known), on="customer_id").select(
                pl.col("likeliest") == pl.col("true")
            )
        ),
        "wrongly_replaced": _share(elsewhere.select(replaced)),
        "replaced_for_own": _share(own_elsewhere.select(replaced)),
        "not_explained_right": _share(main.filter(silent).select(pl.col("true") == BACKGROUND)),
    }


def _likeliest(truth: Truth, known: pl.DataFrame) -> pl.DataFrame:
    """Each customer's likeliest cause by the sum of the oracle's posteriors."""
    mine = truth.fault_posteriors.join(known.select("session_id", "customer_id"), on="session_id")
    summed = mine.group_by("customer_id", likeliest="cause_id").agg(pl.sum("posterior"))
    ranked = summed.sort("posterior", "likeliest", descending=[True, False])
    return ranked.unique("customer_id", keep="first", maintain_order=True)


def _facts(truth: Truth) -> pl.DataFrame:
    """Of each planted cause: domain, whether it is one customer's own, keys of its conditions."""
    keys = [
        " & ".join(sorted(dict(one))) for one in truth.causes.get_column("conditions").to_list()
    ]
    return truth.causes.select(
        "cause_id",
        "domain",
        own=pl.col("kind") == "individual",
        keys=pl.Series(keys, dtype=pl.String),
    )


def _is_own() -> pl.Expr:
    return pl.col("own").fill_null(False)


def _helps() -> pl.Expr:
    """Whether the fix is one that helps against an individual cause with these keys."""
    known = [
        (pl.col("fix_code") == code) & pl.col("keys").is_in(kinds) for code, kinds in HELPS.items()
    ]
    return pl.any_horizontal(known).fill_null(False)


def _avoided(fixes: pl.DataFrame, after: pl.DataFrame) -> dict[str, float]:
    """What was said to be avoided beside what the follow-up shows."""
    came = after.group_by("customer_id", against="cause_id").agg(came=pl.len())
    said = (
        fixes.filter(pl.col("faults_avoided_30d") > 0)
        .join(came, on=["customer_id", "against"], how="left")
        .with_columns(true=pl.col("came").fill_null(0) * pl.col("removes"))
        .sort("faults_avoided_30d", "customer_id")
        .with_row_index("place")
        .with_columns(tenth=pl.col("place") * DECILES // pl.len())
    )
    tenths = said.group_by("tenth").agg(pl.col("low", "high", "true").mean())
    within = pl.col("true").is_between(pl.col("low"), pl.col("high"))
    return {
        "avoided_said": float(said.get_column("faults_avoided_30d").sum()),
        "avoided_true": float(said.get_column("true").sum()),
        "deciles_inside": _share(tenths.select(within)),
        "customers_inside": _share(said.select(within)),
    }


def _share(flags: pl.DataFrame) -> float:
    values = flags.to_series().cast(pl.Float64).to_numpy()
    return float(np.mean(values)) if len(values) else float("nan")
