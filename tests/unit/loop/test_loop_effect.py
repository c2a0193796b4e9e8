"""What an action did: literal cases, and planted truth for the bars of the method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cx_analytics.bench.effects import Setting, bad_week, measure, panel_of, planted, selected
from cx_analytics.loop.effect import Effect, estimate
from cx_analytics.loop.expectation import Panel, expect
from cx_analytics.loop.verdicts import effect_row, verdict_of

SEEDS = range(200)
SLACK = 0.045
"""Three binomial standard errors of a share of 0.05 in 200 cases."""


def steady(before: float, after: float, controls: int = 6, days: int = 28) -> Panel:
    """Groups with 10 faults a day, of which the first goes from `before` to `after`."""
    faults = np.full((controls + 1, days), 10.0)
    faults[0, : days // 2], faults[0, days // 2 :] = before, after
    return panel_of(faults, np.full(faults.shape, 1000.0), 0, days // 2, 0)


def chance(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_fall_to_half_is_told_with_what_it_spared() -> None:
    effect = estimate(steady(10, 5), chance())
    assert effect.estimate == pytest.approx(0.5, abs=0.02)
    assert effect.prevented == pytest.approx(70, abs=5)
    assert (effect.days_before, effect.days_after) == (14, 14)
    assert (effect.treated_sessions, effect.control_sessions) == (28_000, 168_000)
    assert verdict_of(effect) == "worked"


def test_what_all_do_is_no_effect() -> None:
    panel = steady(10, 10)
    panel.faults[:, 14:] *= 3
    effect = estimate(panel, chance())
    assert effect.estimate == pytest.approx(1.0, abs=0.02)
    assert verdict_of(effect) == "did_not"


def test_a_rise_is_harm() -> None:
    assert verdict_of(estimate(steady(10, 20), chance())) == "harmed"


def test_an_excess_does_not_rise_with_everything_else() -> None:
    panel = steady(50, 60, controls=6)
    panel.faults[1:, 14:] *= 2
    assert expect(panel).expected == pytest.approx(100 * 14)
    assert expect(Panel(**{**vars(panel), "excess": 0.8})).expected == pytest.approx(60 * 14)


def test_groups_drift_apart_in_what_is_not_excess() -> None:
    panel = planted(Setting(drift=0.2), 1.0, 3)
    alone, most = (Panel(**{**vars(panel), "excess": part}) for part in (0.0, 0.8))
    assert expect(alone).moving == 1.0
    assert expect(most).moving == pytest.approx(0.2, abs=0.05)
    wide, narrow = (estimate(one, chance()) for one in (alone, most))
    assert (narrow.high or 0) - (narrow.low or 0) < 0.8 * ((wide.high or 0) - (wide.low or 0))
    assert (narrow.smallest_effect or 1) < (wide.smallest_effect or 0)


def test_those_not_yet_reached_are_the_controls_of_a_rollout() -> None:
    rng = np.random.default_rng(3)
    reached = np.arange(40)[None, :] >= np.array([[10], [18], [26], [34]])
    later = np.arange(40) >= 10
    shape = 1 + 0.5 * (np.arange(40) >= 20)
    faults = rng.poisson(20 * shape * np.where(reached, 0.5, 1.0)).astype(float)
    effect = estimate(Panel(faults, np.full((4, 40), 900.0), ~reached, reached, later), chance())
    assert effect.estimate is not None
    assert 0.4 < effect.estimate < 0.6
    assert effect.days_after == 24  # nobody is left untreated in the last six days
    assert verdict_of(effect) == "worked"


@pytest.mark.parametrize(
    "panel",
    [
        steady(0, 0),
        panel_of(np.ones((2, 5)), np.ones((2, 5)), 0, 3, 0),
        panel_of(np.ones((1, 20)), np.ones((1, 20)), 0, 10, 0),
        panel_of(np.zeros((3, 20)), np.zeros((3, 20)), 1, 10, 0),
        Panel(np.ones((2, 0)), np.ones((2, 0)), *np.ones((2, 2, 0), bool), np.ones(0, bool)),
    ],
    ids=["no faults", "two days after", "no control", "nothing at all", "no days"],
)
def test_too_little_is_too_early(panel: Panel) -> None:
    effect = estimate(panel, chance())
    assert effect.estimate is None
    row = effect_row("a-1", effect, "not estimated: too few days or faults")
    assert (row["verdict"], row["low"], row["placebo_p"]) == ("too_early", None, None)


def test_an_effect_as_large_as_many_placebos_is_not_believed() -> None:
    sure = Effect(estimate=0.5, low=0.3, high=0.8, placebo_p=0.2, placebos=60)
    assert verdict_of(sure) == "too_early"


def test_a_change_that_is_barely_probable_is_not_believed() -> None:
    barely, surely = (Effect(estimate=0.8, low=0.6, high=0.99, sure=p) for p in (0.965, 0.975))
    assert (verdict_of(barely), verdict_of(surely)) == ("too_early", "worked")
    assert estimate(steady(10, 5), chance()).sure > 0.99


def test_many_controls_that_do_not_drift_narrow_the_interval() -> None:
    """What is assumed of groups' drift gives way to what the controls show."""
    calm = Setting(faults=1000, daily_noise=0.0, drift=0.0)
    effects = [estimate(planted(replace(calm, controls=n), 1.0, 7), chance()) for n in (1, 30)]
    one, many = (np.log((effect.high or np.nan) / (effect.low or np.nan)) for effect in effects)
    poisson = 2 * 1.645 * np.sqrt(2 / 1000)
    assert one > 2.5 * poisson
    assert many < 1.3 * poisson


def test_the_same_chance_gives_the_same_figures() -> None:
    panel = planted(Setting(), 0.5, 7)
    assert estimate(panel, chance(5)) == estimate(panel, chance(5))


def test_the_order_of_the_groups_changes_nothing_but_chance() -> None:
    panel = planted(Setting(), 0.7, 8)
    turned = [4, 2, 0, 1, 3, *range(5, 13)]
    other = Panel(
        *(getattr(panel, name)[turned] for name in ("faults", "sessions", "untreated", "reached")),
        panel.later,
    )
    assert expect(other).expected == pytest.approx(expect(panel).expected)


def test_a_useless_fix_is_rarely_said_to_have_worked() -> None:
    found = measure(Setting(), 1.0, SEEDS)
    assert found.worked <= 0.05 + SLACK
    assert found.harmed <= 0.05 + SLACK
    assert 0.88 - SLACK <= found.coverage <= 0.97
    assert found.naive_worked > 0.15


def test_a_fix_that_halves_the_faults_is_found() -> None:
    found = measure(Setting(faults=200), 0.5, SEEDS)
    assert found.worked >= 0.8
    assert found.coverage >= 0.88 - SLACK


def test_a_harmful_fix_is_found() -> None:
    assert measure(Setting(), 2.0, SEEDS).harmed >= 0.9


def test_a_bad_week_by_chance_does_not_make_a_fix() -> None:
    found = selected(100, 5.0, SEEDS)
    assert found.worked <= 0.05 + SLACK
    assert found.naive_worked > 0.18


def test_the_worst_week_is_the_one_left_out() -> None:
    panel = bad_week(100, 5.0, 1)
    row = int(np.flatnonzero(panel.treated)[0])
    left_out = ~(panel.untreated | panel.reached)[row]
    week = np.flatnonzero(left_out)[-7:]
    weeks = [panel.faults[row, end - 7 : end].sum() for end in range(14, week[-1] + 2)]
    assert panel.faults[row, week].sum() == max(weeks)
