"""The answer to "what if": what a change would do to production, and how far to believe it.

Belongs here: warehouse rows → replay → sentences and a table. Stays out: the replay itself
(supply/replaying), SQL (sql/answers/), layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import polars as pl

from cx_analytics.cli.phrases import counted
from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.screen import Answer, Sheet, number
from cx_analytics.supply import replaying

WORDS = {
    "units": "units finished",
    "cases": "cases finished",
    "lead_time_days": "lead time, mean (d)",
    "slow_lead_time_days": "lead time, slowest tenth above (d)",
    "held_lead_time_days": "lead time of what is held (d)",
    "waiting_days": "waiting, all cases (d)",
    "batching_days": "  for a batch (d)",
    "busy_days": "  for a busy resource (d)",
    "closed_days": "  for a closed resource (d)",
    "other_days": "  otherwise (d)",
}
"""How the measures are called."""


def what_if(reader: Reader, changes: Sequence[str], *, seed: int, draws: int) -> Answer:
    """What the changes would do; NotFound and InputRefused for those that cannot be."""
    parsed = [replaying.parse_change(text) for text in changes]
    rows = reader.rows("replay_steps", most=replaying.MOST_STEPS)
    found = replaying.what_if(
        _frame(rows),
        parsed,
        seed=seed,
        draws=draws,
        lots=_lots(reader.rows("replay_lots")),
        calendar=reader.workspace.settings.calendar,
    )
    cases = reader.row("lead_time")["cases"]
    sentences = (*_effects(found), *_caution(parsed), _validity(found), *_left_out(found, cases))
    return Answer(sentences, (_sheet(found),), asdict(found) | {"cases_in_log": cases})


def _frame(rows: Sequence[Row]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    if frame.is_empty():
        return frame
    texts = ("case_id", "step", "resource", "line", "from_step", "unit_id", "lot")
    times = pl.col("started_at", "ended_at").cast(pl.Datetime("us"))
    return frame.with_columns(
        pl.col(texts).cast(pl.String), times, pl.col("quantity_completed").cast(pl.Float64)
    )


def _lots(rows: Sequence[Row]) -> pl.DataFrame | None:
    return pl.DataFrame(rows, infer_schema_length=None) if rows else None


def _effects(found: replaying.Comparison) -> list[str]:
    """One sentence: what it costs in units, in days, in waiting."""
    by_name = {one.name: one for one in found.measures}
    parts = []
    if by_name["units"].difference:
        parts.append(f"{_signed(by_name['units'].difference, 0)} units")
    for name, words in (
        ("held_lead_time_days", "days for each case that is held"),
        ("lead_time_days", "days from end to end for each case"),
    ):
        if name in by_name:
            parts.append(f"{_signed(by_name[name].difference, 2)} {words}")
    parts.append(f"{_signed(by_name['waiting_days'].difference, 1)} days of waiting in all")
    return [f"What if: {', '.join(found.changes)}?", f"{'; '.join(parts)}."]


def _caution(changes: Sequence[replaying.Change]) -> list[str]:
    """Where the replay is known to say too little."""
    if not any(change.verb == "add" for change in changes):
        return []
    return ["Set-ups are replayed as they were: a resource that saves some does more than this."]


def _validity(found: replaying.Comparison) -> str:
    told = found.fidelity
    replayed, drawn = _percent(told.replayed_error), _percent(told.drawn_error)
    return (
        f"Replayed as it was, {counted(found.cases, 'case')} of {counted(found.steps, 'step')} "
        f"take {told.replayed_days:.2f} d on average, in the log {told.lead_time_days:.2f} d "
        f"(error {replayed}); with times drawn anew, on which the differences rest, "
        f"{told.drawn_days:.2f} d ({drawn}, largest gap of the distributions "
        f"{100 * told.largest_gap:.0f} %). {found.draws} draws, seed {found.seed}."
    )


def _left_out(found: replaying.Comparison, cases: int) -> list[str]:
    if found.cases == cases:
        return []
    return [
        f"Only the last {counted(found.cases, 'case')} of {cases:,} are replayed: "
        f"{replaying.MOST_STEPS:,} steps at most."
    ]


def _sheet(found: replaying.Comparison) -> Sheet:
    cells = tuple(
        (
            WORDS[one.name],
            number(one.as_it_was, _digits(one)),
            number(one.what_if, _digits(one)),
            _signed(one.difference, _digits(one)),
            f"{_signed(one.low, _digits(one))} to {_signed(one.high, _digits(one))}",
        )
        for one in found.measures
    )
    return Sheet("", ("", "as it was", "what if", "difference", "90 % interval"), cells)


def _digits(one: replaying.Measure) -> int:
    return 0 if one.unit != "days" else 2 if "lead_time" in one.name else 1


def _signed(value: float, digits: int) -> str:
    """A difference with its sign; what rounds to nothing has none.

    >>> _signed(1234.5, 1), _signed(-0.04, 1)
    ('+1,234.5', '0.0')
    """
    text = f"{value:+,.{digits}f}"
    return text if text.strip("+-0.,") else f"{0:.{digits}f}"


def _percent(share: float) -> str:
    text = f"{100 * share:+.1f} %"
    return text if text.strip("+-0. %") else "0.0 %"
