import numpy as np
import pytest

from cx_analytics.care.gain import Gain, Rates, gain_of, learned


def gain(
    faults: float, exposed: float, rate: float = 0.1, shared: bool = True, probability: float = 1
) -> Gain:
    """As many sessions to come as there were; individuals have 0.5 faults a session on average."""
    return gain_of(
        faults=np.array([faults]),
        exposed=np.array([exposed]),
        coming=np.array([exposed]),
        cause_rate=np.array([rate]),
        is_shared=np.array([shared]),
        probability=np.array([probability]),
        rates=Rates(shape=1.5, own_shape=2.0, own_mean=0.5),
    )


def test_one_fault_in_few_sessions_is_shrunk_to_the_cause() -> None:
    found = gain(faults=1, exposed=5)
    assert found.mean[0] == pytest.approx(5 * 2.5 / 20)
    assert found.low[0] < found.mean[0] < found.high[0]


def test_an_individual_is_shrunk_to_the_other_individuals() -> None:
    assert gain(faults=9, exposed=10, shared=False).mean[0] == pytest.approx(10 * 11 / 14)


def test_a_cause_that_may_not_be_real_may_bring_nothing() -> None:
    sure, unsure = gain(4, 10), gain(4, 10, probability=0.6)
    assert unsure.mean[0] == pytest.approx(0.6 * sure.mean[0])
    assert unsure.low[0] == 0
    assert 0 < unsure.high[0] <= sure.high[0]


def test_who_expects_next_to_nothing_sees_none_most_likely() -> None:
    rare = gain(faults=0, exposed=1, rate=0.01)
    assert rare.low[0] == 0
    assert rare.mean[0] < rare.high[0] < 1


def test_a_cause_without_excess_brings_nothing() -> None:
    assert gain(faults=1, exposed=5, rate=0).mean[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("shape", [1.5, 20.0])
def test_the_interval_covers_the_numbers_it_is_made_for(shape: float) -> None:
    """Customers drawn from the model: what chance deals them lies in their intervals as often as
    whole numbers allow, nearly nothing lies outside for want of width, and the mean over those
    with many faults is right, whether customers differ much or little."""
    chance = np.random.default_rng(1)
    truth = chance.gamma(shape, 0.1 / shape, 20_000)
    exposed = chance.integers(1, 40, 20_000).astype(float)
    faults = chance.poisson(truth * exposed).astype(float)
    known = {
        "faults": faults,
        "exposed": exposed,
        "cause_rate": np.full(20_000, 0.1),
        "is_shared": np.ones(20_000, bool),
    }
    rates = learned(**known, chance=faults, is_telling=np.ones(20_000, bool))
    found = gain_of(**known, coming=exposed, probability=np.ones(20_000), rates=rates)
    assert rates.shape == pytest.approx(shape, rel=0.25)
    spared = truth * exposed
    number = chance.poisson(spared)
    inside = (found.low <= number) & (number <= found.high)
    assert inside.mean() > 0.9
    some = (found.mean > 1) & (found.low == 0)
    assert some.sum() > 500
    assert 0.9 <= inside[some].mean() < 0.955, "nothing lies below none"
    much = found.mean > 2
    assert 0.9 < inside[much].mean() < 0.96
    assert np.all((found.low <= found.mean) & (found.mean <= found.high))
    many = faults >= 3
    assert found.mean[many].sum() == pytest.approx(spared[many].sum(), rel=0.03)


def test_the_loudest_individuals_are_louder_than_they_will_be() -> None:
    """Of 5,000 with 0.4 faults a session, those with 5 faults or more in 10 were found."""
    faults = np.random.default_rng(2).poisson(4.0, 5000).astype(float)
    found = faults[faults >= 5]
    many = np.full(len(found), 10.0)
    known = {
        "faults": found,
        "exposed": many,
        "cause_rate": np.zeros(len(found)),
        "is_shared": np.zeros(len(found), bool),
    }
    rates = learned(**known, chance=found, is_telling=np.ones(len(found), bool))
    spared = gain_of(**known, coming=many, probability=np.ones(len(found)), rates=rates)
    assert spared.mean.mean() == pytest.approx(4.0, rel=0.05)
