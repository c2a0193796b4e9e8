from typing import Any

import polars as pl
import pytest

from cx_analytics.care import campaign_stages, default_playbook, fix_campaigns
from cx_analytics.care.campaigns import threshold
from cx_analytics.care.playbook import Rollout
from cx_analytics.contracts.tables import FIX_CAMPAIGN_STAGES, FIX_CAMPAIGNS

CAUSES = pl.DataFrame(
    {
        "cause_id": ["app", "lot"],
        "probability": [0.99, 0.9],
        "excess_faults": [100.0, 50.0],
        "excess_low": [80.0, 40.0],
        "excess_high": [120.0, 60.0],
    }
)


def fixes(cause: str, code: str, customers: int, *, rank: int = 1, avoided: float = 1.9) -> Any:
    """The fix of customers numbered from 0; each avoids as much."""
    return pl.DataFrame(
        {
            "customer_id": [f"{cause}{i}" for i in range(customers)],
            "rank": rank,
            "cause_id": cause,
            "fix_code": code,
            "fix": f"{code} it",
            "share": 0.75,
            "faults_avoided_30d": avoided,
            "low": avoided / 2,
            "high": avoided * 2,
            "target_version": pl.Series([None] * customers, dtype=pl.String),
            "cost": 10.0,
        }
    )


def campaigns(*given: pl.DataFrame) -> pl.DataFrame:
    """Each customer had 4 faults in 56 sessions of 28 days."""
    frame = pl.concat(given)
    usage = frame.select(
        "customer_id", unit_id="u" + pl.col("customer_id"), sessions=56, faults=4
    ).unique()
    return fix_campaigns(frame, usage, CAUSES, default_playbook(), window_days=28)


def test_the_same_fix_for_all_who_profit() -> None:
    found = campaigns(fixes("app", "update_app", 40), fixes("lot", "replace_unit", 60))
    assert tuple(found.columns) == FIX_CAMPAIGNS.names
    assert found.select("rank", "cause_id", "customers", "units", "cost").rows() == [
        (1, "lot", 60, 60, 600.0),
        (2, "app", 40, 40, 400.0),
    ]
    app = found.row(1, named=True)
    assert app["faults_avoided_30d"] == pytest.approx(76)
    assert app["low"] < 76 < app["high"]
    assert app["cost_per_fault"] == pytest.approx(400 / 76)
    assert app["sessions_a_day"] == 80
    assert app["expected_rate"] == pytest.approx((2 / 30 + 1 / 28) / 2)


def test_its_interval_is_narrower_than_that_of_its_customers() -> None:
    row = campaigns(fixes("app", "update_app", 40)).row(0, named=True)
    assert 76 * 0.7 < row["low"] < 76 * 0.9
    assert 76 * 1.1 < row["high"] < 76 * 1.5


@pytest.mark.parametrize(
    "given",
    [
        fixes("app", "update_app", 19),
        fixes("app", "update_app", 40, rank=2),
        fixes("app", "await_app", 40, avoided=0.0),
        fixes("app", "update_app", 40, avoided=0.01),
        fixes("background", "observe", 40),
    ],
)
def test_no_campaign_for_few_or_little(given: pl.DataFrame) -> None:
    found = campaigns(given)
    assert (found.height, tuple(found.columns)) == (0, FIX_CAMPAIGNS.names)
    assert campaign_stages(found, default_playbook()).is_empty()


def test_the_order_of_the_customers_changes_nothing() -> None:
    given = pl.concat([fixes("app", "update_app", 40), fixes("lot", "replace_unit", 60)])
    assert campaigns(given).equals(campaigns(given.sample(fraction=1, shuffle=True, seed=1)))


def test_stages_of_a_large_campaign() -> None:
    stages = campaign_stages(campaigns(fixes("app", "update_app", 1000)), default_playbook())
    assert tuple(stages.columns) == FIX_CAMPAIGN_STAGES.names
    assert stages.select("stage", "name", "customers").rows() == [
        (1, "canaries", 10),
        (2, "5%", 50),
        (3, "25%", 250),
        (4, "50%", 500),
        (5, "100%", 1000),
    ]
    assert stages["abort_faults"].is_sorted(descending=True)
    assert stages["minimum_days"].is_sorted(descending=True)
    assert stages["abort_rate_ratio"].unique().to_list() == [2.0]


def test_a_stage_that_adds_nobody_is_left_out() -> None:
    stages = campaign_stages(campaigns(fixes("app", "update_app", 30)), default_playbook())
    assert stages["name"].to_list() == ["canaries", "50%", "100%"]


def test_a_repair_reaches_all_at_once() -> None:
    stages = campaign_stages(campaigns(fixes("app", "network_repair", 40)), default_playbook())
    assert stages.select("name", "customers").rows() == [("100%", 40)]


@pytest.mark.parametrize("shape", [15.0, 75.0, 1e6])
def test_a_fix_that_changes_nothing_is_rarely_stopped_and_one_that_harms_mostly(
    shape: float,
) -> None:
    from scipy.stats import nbinom

    faults, expected = threshold(Rollout(), shape)
    idle, harmed = (
        nbinom.sf(faults - 1, shape, shape / (shape + mean)) for mean in (expected, 2 * expected)
    )
    assert idle <= 0.05 + 1e-9
    assert harmed >= 0.8
