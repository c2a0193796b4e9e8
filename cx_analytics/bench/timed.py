"""`python -m cx_analytics.bench.timed JOB ROOT OUT`: one job, timed in a process of its own.

Belongs here: the jobs (a run, the raw floor beside it, models of production), and their steps as
JSON. Stays out: the tables that are made of them (speed.py, steps/many.py).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from cx_analytics.bench.stopwatch import Stopwatch, Used, highest_gb
from cx_analytics.engine.files import write_json

Mark = tuple[float, str]
"""When something began (seconds since 1970), and what."""


@dataclass(frozen=True)
class Step:
    """A step and what it used."""

    name: str
    used: Used


def main(job: str, root: Path, out: Path) -> None:
    """Do a job on a workspace and write its steps and its total."""
    with Stopwatch() as watch:
        spans = JOBS[job](root)
    steps = [Step(name, watch.between(began, ended)) for name, began, ended in spans]
    whole = watch.whole()
    # Sampling may miss a short peak; the system does not.
    total = Used(whole.wall_s, whole.cpu_s, highest_gb())
    write_json(out, {"steps": [asdict(step) for step in steps], "total": asdict(total)})


Span = tuple[str, float, float]


def timed_run(root: Path, *, one_fit: bool = False) -> list[Span]:
    """Bring a workspace up to date; a span for each step, those of attribution divided."""
    from cx_analytics import pipeline

    marks: list[Mark] = []

    def tell(stage: str, what: str, done: int, of: int) -> None:
        marks.append((time.time(), what))

    pipeline.run(root, progress=tell, one_fit=one_fit)
    spans: list[Span] = []
    for one in pipeline.step_times(root):
        if one.step == "attribution":
            spans += divided(marks, one.began, one.ended)
        else:
            spans.append(
                (NAMES.get(one.step, GROUPS.get(one.group, one.group)), one.began, one.ended)
            )
    return spans


NAMES = {
    "lake__sessions": "ingest of sessions",
    "exposure": "attribute: counting",
    "causes": "attribute: causes and pictures",
}
GROUPS = {"ingest": "ingest of other feeds"}
"""How the steps are called that have a name of their own, and the other steps of a group."""

PARTS = {
    "exposure": "attribute: exposure of asked-for cells",
    "fits": "attribute: fits",
    "shares": "attribute: shares, written",
}
"""What the asset of causes tells while it works, and how the part that begins then is called."""


def divided(marks: Sequence[Mark], began: float, ended: float) -> list[Span]:
    """The step of attribution in its parts.

    >>> divided([(2.0, "exposure"), (5.0, "fits"), (6.0, "2026-01-01")], 1.0, 9.0)[1:]
    [('attribute: exposure of asked-for cells', 2.0, 5.0), ('attribute: fits', 5.0, 9.0)]
    """
    inside = [(at, PARTS[what]) for at, what in marks if what in PARTS and began <= at <= ended]
    starts = [(began, "attribute: reading counts"), *inside]
    ends = [*(at for at, _ in inside), ended]
    return [(name, at, end) for (at, name), end in zip(starts, ends, strict=True)]


def timed_floor(root: Path) -> list[Span]:
    """The same questions asked of DuckDB alone; a span for each."""
    from cx_analytics.bench.raw import QUESTIONS

    spans = []
    for name, ask in QUESTIONS.items():
        began = time.time()
        ask(root)
        spans.append((name, began, time.time()))
    return spans


def timed_steps(root: Path) -> list[Span]:
    """Every table of the stage supply from the events in a workspace's lake; a span for each."""
    from cx_analytics.bench.steps.production import make
    from cx_analytics.defs import supply, waste
    from cx_analytics.defs.resources import House

    assets = {
        "step_times": supply.step_times,
        "step_time_issues": supply.step_time_issues,
        "reject_causes, step_defects": waste.rejects_traced,
        "step_field_faults": waste.step_field_faults,
        "step_map": supply.step_map,
        "step_waste": waste.step_waste,
        "case_genealogy": supply.case_genealogy,
    }
    house, spans = House(root=str(root), locked=False), []
    for name, asset in assets.items():
        began = time.time()
        make(house, asset)
        spans.append((name, began, time.time()))
    return spans


JOBS: dict[str, Callable[[Path], list[Span]]] = {
    "run": timed_run,
    "run with one fit": partial(timed_run, one_fit=True),
    "floor": timed_floor,
    "steps": timed_steps,
}

if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
