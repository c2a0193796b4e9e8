"""Whether a fix helped this customer, beside the fix.

Belongs here: joining `customer_verdicts` to `customer_fixes`. Stays out: the verdicts (loop).
"""

from __future__ import annotations

import polars as pl

from cx_analytics.contracts.tables import CUSTOMER_FIXES

_VERDICT = ("verdict", "verdict_on", "verdict_smallest_effect")


def with_verdicts(fixes: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """The fixes with the verdict of the last action that reached the customer.

    An action against a cause tells about the customer's fix of that cause. One without a cause
    tells about the customer's first fix, and only when it lists whom it reached.

    Parameters
    ----------
    fixes : the table `customer_fixes`, its verdicts null.
    verdicts : the table `customer_verdicts`.
    """
    latest = verdicts.sort("reached_on", "action_id", descending=[True, False]).with_columns(
        verdict_smallest_effect=pl.col("smallest_effect")
    )
    of_cause = latest.filter(pl.col("cause_id").is_not_null()).select(
        "customer_id", "cause_id", *_VERDICT
    )
    of_customer = latest.filter(pl.col("cause_id").is_null() & pl.col("listed")).select(
        "customer_id", *_VERDICT, rank=pl.lit(1, dtype=pl.Int64)
    )
    found = fixes.drop(_VERDICT)
    for one, keys in (
        (of_cause, ["customer_id", "cause_id"]),
        (of_customer, ["customer_id", "rank"]),
    ):
        first = one.unique(keys, keep="first", maintain_order=True)
        found = found.join(first, on=keys, how="left", maintain_order="left", suffix="_other")
    return found.with_columns(
        pl.when(pl.col("verdict").is_null()).then(f"{name}_other").otherwise(name).alias(name)
        for name in _VERDICT
    ).select(CUSTOMER_FIXES.names)
