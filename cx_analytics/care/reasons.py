"""To which reason the loss under a cause is booked: device, app, network, individual, background.

Belongs here: that one mapping. Stays out: how much was lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from cx_analytics.contracts.attributes import Domain
from cx_analytics.contracts.words import BACKGROUND

REASONS = ("device", "app", "network", "individual", BACKGROUND)
"""The reasons of `customer_experience`, in the order of its columns."""


def reason_weights(causes: pl.DataFrame, domain_of: Mapping[str, Domain]) -> pl.DataFrame:
    """The share of a cause's loss that each reason takes; the shares of a cause add up to 1.

    An individual's cause is `individual`. A shared one goes evenly to the domains that its
    attributes lie in, so app × device is half `app`, half `device`, whatever the number of
    attributes. A cause without an attribute of a known domain is `background`.

    Parameters
    ----------
    causes : columns cause_id, kind, conditions of the table `causes`.
    domain_of : attribute → domain.

    Returns
    -------
    Columns cause_id, reason, weight.
    """
    rows = [
        (cause["cause_id"], reason, weight)
        for cause in causes.select("cause_id", "kind", "conditions").rows(named=True)
        for reason, weight in _weights(cause, domain_of).items()
    ]
    schema = {"cause_id": pl.String, "reason": pl.String, "weight": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _weights(cause: Mapping[str, Any], domain_of: Mapping[str, Domain]) -> dict[str, float]:
    if cause["kind"] == "individual":
        return {"individual": 1.0}
    domains = sorted({domain_of[key] for key in cause["conditions"] if key in domain_of})
    return {domain: 1 / len(domains) for domain in domains} or {BACKGROUND: 1.0}
