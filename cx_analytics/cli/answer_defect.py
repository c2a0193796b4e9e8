"""What the factory reads of one defect: what it is, how its units die, what is to come.

Belongs here: warehouse rows → sentences and tables. Stays out: the lot (answer_factory.py).
No customer is named: no identity must ever reach the factory.
"""

from __future__ import annotations

from cx_analytics.cli.phrases import confidence, counted, in_words, status_words
from cx_analytics.cli.reader import Row
from cx_analytics.cli.screen import Sheet, interval, number, percent


def defect_sentences(defect: Row, coverage: Row, capture: Row) -> list[str]:
    """A defect in words, then how far its forecast and its ranking are to be trusted."""
    sentences = [
        f"Defect {defect['defect_id']} ({in_words(defect['label'])}, {_sure(defect)}, "
        f"{status_words(defect['status'])}): faults {number(defect['rate_ratio'], 1)} times as "
        f"often ({interval(defect['low'], defect['high'], 1)}).",
        _rivals_sentence(defect),
        _ahead_sentence(defect),
        _life_sentence(defect),
        coverage_sentence(coverage),
        capture_sentence(capture),
    ]
    return [sentence for sentence in sentences if sentence]


def _sure(defect: Row) -> str:
    return confidence({"probability": defect["probability"]})


def _rivals_sentence(defect: Row) -> str:
    unlike = defect["cannot_separate"]
    return f"By the data alone it {unlike}." if unlike else ""


def _ahead_sentence(defect: Row) -> str:
    return (
        f"In the next 90 days: {number(defect['forecast_faults_90d'])} faults more "
        f"({_bands(defect, 'forecast')}), {number(defect['forecast_returns_90d'])} units back for "
        f"the first time ({_bands(defect, 'returns')}); disposition to set: "
        f"{defect['recommended_disposition'] or 'none'}."
    )


def _bands(defect: Row, name: str) -> str:
    ends = {
        level: (defect[f"{name}_low_{level}"], defect[f"{name}_high_{level}"]) for level in (80, 95)
    }
    return ", ".join(f"{level} %: {interval(*pair)}" for level, pair in ends.items())


def _life_sentence(defect: Row) -> str:
    if defect["pattern"] is None:
        return ""
    failures = counted(defect["failures"], "first failure")
    if defect["shape"] is None:
        return f"By months in service: {defect['pattern']} ({failures})."
    return (
        f"By months in service: {defect['pattern']} ({failures}; Weibull shape "
        f"{number(defect['shape'], 2)}, {interval(defect['shape_low'], defect['shape_high'], 2)}; "
        f"B10 life {number(defect['b10_days'])} days, "
        f"{interval(defect['b10_low'], defect['b10_high'])})."
    )


def coverage_sentence(coverage: Row) -> str:
    """Whether past forecasts held what they said."""
    if not coverage["forecasts"]:
        return "No forecast could be held against what came yet: that takes 28 days of sessions."
    return (
        f"Of {counted(coverage['forecasts'], 'forecast')} made for {coverage['horizon_days']} days "
        f"that are past, the 80 % band held {percent(coverage['inside_80'])}, the 95 % band "
        f"{percent(coverage['inside_95'])}."
    )


def capture_sentence(capture: Row) -> str:
    """How much of the later failures the top of a past ranking held."""
    if not capture["failures"]:
        return ""
    return (
        f"Units ranked on past days: the top {percent(capture['top_share'])} held "
        f"{percent(capture['captured_share'])} of the {counted(capture['failures'], 'failure')} "
        f"of the {capture['horizon_days']} days after ({percent(capture['low'])} to "
        f"{percent(capture['high'])})."
    )


def ages_sheet(ages: list[Row]) -> Sheet:
    """The Nevada table of a defect, its months of production together."""
    cells = tuple(
        (
            number(row["months_in_service"]),
            number(row["units_at_risk"]),
            number(row["unit_months"], 1),
            number(row["units_failed"]),
            number(row["faults"], 1),
        )
        for row in ages
    )
    columns = ("months in service", "units at risk", "unit-months", "first failures", "faults")
    return Sheet("Faults of the first defect by months in service", columns, cells)
