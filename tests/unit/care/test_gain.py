import numpy as np
import pytest

from cx_analytics.care.gain import Gain, gain_of


def gain(
    faults: float, exposed: float, rate: float = 0.1, shared: bool = True, probability: float = 1
) -> Gain:
    return gain_of(
        faults=np.array([faults]),
        exposed=np.array([exposed]),
        days=np.array([30.0]),
        cause_rate=np.array([rate]),
        is_shared=np.array([shared]),
        probability=np.array([probability]),
    )


def test_one_fault_in_few_sessions_is_shrunk_to_the_cause() -> None:
    found = gain(faults=1, exposed=5)
    assert found.mean[0] == pytest.approx(5 * 2.5 / 20)
    assert found.low[0] < found.mean[0] < found.high[0]


def test_an_individual_stands_on_its_own_faults() -> None:
    assert gain(faults=4, exposed=10, shared=False).mean[0] == pytest.approx(4)


def test_a_cause_that_may_not_be_real_may_bring_nothing() -> None:
    sure, unsure = gain(4, 10), gain(4, 10, probability=0.6)
    assert unsure.mean[0] == pytest.approx(0.6 * sure.mean[0])
    assert unsure.low[0] == 0
    assert 0 < unsure.high[0] < sure.high[0]


def test_a_cause_without_excess_brings_nothing() -> None:
    assert gain(faults=1, exposed=5, rate=0).mean[0] == pytest.approx(0, abs=1e-6)


def test_the_interval_covers_the_rates_it_is_made_for() -> None:
    """Customers drawn from the model: 90 % of their true rates lie in their intervals."""
    chance = np.random.default_rng(1)
    rates = chance.gamma(1.5, 0.1 / 1.5, 20_000)
    exposed = chance.integers(1, 40, 20_000).astype(float)
    found = gain_of(
        faults=chance.poisson(rates * exposed).astype(float),
        exposed=exposed,
        days=np.full(20_000, 30.0),
        cause_rate=np.full(20_000, 0.1),
        is_shared=np.ones(20_000, bool),
        probability=np.ones(20_000),
    )
    truth = rates * exposed
    covered = np.mean((found.low <= truth) & (truth <= found.high))
    assert covered == pytest.approx(0.9, abs=0.02)
    assert found.mean.mean() == pytest.approx(truth.mean(), rel=0.02)
