"""What may be changed in a replay, in words: 'hold lot=L', 'add resource=X', 'halve batch step=S'.

Belongs here: the words, and what they mean for a log. Stays out: letting it happen (floor.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import polars as pl

from cx_analytics.contracts.errors import InputRefused, NotFound, did_you_mean
from cx_analytics.supply.replaying.floor import FOREVER, Rules
from cx_analytics.supply.replaying.hours import Bools, Floats, Ints
from cx_analytics.supply.replaying.log import Log
from cx_analytics.supply.replaying.queue import UNSEEN

FORMS: Mapping[str, tuple[str, ...]] = {
    "hold": ("lot", "case", "from", "for"),
    "add": ("resource",),
    "open": ("resource",),
    "halve batch": ("step",),
}
"""Each change with the keys that it takes."""

EXAMPLES = (
    "'hold lot=L', 'hold case=C', 'hold lot=L from=2026-03-02 for=5' (days), 'add resource=X', "
    "'open resource=X', 'halve batch step=S'"
)

DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Change:
    """One change: its verb (a key of FORMS) and the values of its keys."""

    verb: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        return " ".join([self.verb, *(f"{key}={value}" for key, value in self.values.items())])


@dataclass(frozen=True)
class World:
    """A log with its rules: what is replayed."""

    log: Log
    rules: Rules


def parse_change(text: str) -> Change:
    """A change from words; values may hold blanks, up to the next key.

    >>> parse_change("halve batch step=Final test")
    Change(verb='halve batch', values={'step': 'Final test'})
    >>> str(parse_change("hold lot=L7 for=5"))
    'hold lot=L7 for=5'

    Raises
    ------
    InputRefused : for other words, with those that are possible.
    """
    words = " ".join(text.split())
    for verb, keys in FORMS.items():
        if words.startswith(f"{verb} "):
            return _checked(text, Change(verb, _values(words[len(verb) :], keys)))
    raise _refused(text, "it begins with none of " + ", ".join(FORMS))


def _values(words: str, keys: Sequence[str]) -> dict[str, str]:
    mark = re.compile(rf"\s({'|'.join(keys)})=")
    parts = mark.split(words)
    return {} if parts[0] else dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))


def _checked(text: str, change: Change) -> Change:
    whom = [key for key in FORMS[change.verb] if key not in ("from", "for")]
    if sum(bool(change.values.get(key)) for key in whom) != 1:
        raise _refused(text, f"'{change.verb}' needs {' or '.join(f'{key}=…' for key in whom)}")
    return change


def _refused(text: str, why: str) -> InputRefused:
    return InputRefused(
        f"{text!r} is no change: {why}", where="--what-if", todo=f"write it as {EXAMPLES}"
    )


def apply(log: Log, changes: Sequence[Change]) -> World:
    """The log with these changes, one after the other.

    Raises
    ------
    NotFound : for a lot, case, resource or step that the log does not have.
    InputRefused : for a time that is none, or a step that does not work in batches.
    """
    world = World(log, Rules())
    for change in changes:
        world = _ACTS[change.verb](world, change)
    return world


def _hold(world: World, change: Change) -> World:
    """Nothing of it begins a step within the window; without one, from its first step on."""
    log = world.log
    if "lot" in change.values:
        names = _of_lot(log, change.values["lot"])
    else:
        names = [change.values["case"]]
        if names[0] not in log.cases:
            raise _missing("case", names[0], log.cases)
    number = {name: case for case, name in enumerate(log.cases)}
    windows = {number[name]: _window(log, number[name], change) for name in names}
    return replace(world, rules=replace(world.rules, held={**world.rules.held, **windows}))


def _of_lot(log: Log, lot: str) -> list[str]:
    cases: list[str] = log.lots.filter(pl.col("lot") == lot)["case_id"].to_list()
    if not cases:
        raise _missing("lot", lot, log.lots["lot"].unique())
    return cases


def _window(log: Log, case: int, change: Change) -> tuple[int, int]:
    since, days = change.values.get("from"), change.values.get("for")
    begins = UNSEEN if since is None else _moment(str(change), since)
    if days is None:
        return begins, FOREVER
    first = int(log.start_us[log.rows_of[case]])
    return begins, max(begins, first) + _microseconds(str(change), days)


def _moment(text: str, since: str) -> int:
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        raise _refused(
            text, f"from={since} is no time such as 2026-03-02 or 2026-03-02T06:00"
        ) from None
    known = at if at.tzinfo else at.replace(tzinfo=UTC)
    return round(known.timestamp() * 1_000_000)


def _microseconds(text: str, days: str) -> int:
    try:
        length = float(days.removesuffix("d").strip())
    except ValueError:
        length = -1.0
    if not 0 < length < 36_500:
        raise _refused(text, f"for={days} is no number of days")
    return round(length * DAY_US)


def _add(world: World, change: Change) -> World:
    """One more resource like it, with the same hours, before the same queue."""
    place = _place(world.log, change)
    added = {**world.rules.added, place: world.rules.added.get(place, 0) + 1}
    return replace(world, rules=replace(world.rules, added=added))


def _open(world: World, change: Change) -> World:
    """It works around the clock."""
    opened = world.rules.always_open | {_place(world.log, change)}
    return replace(world, rules=replace(world.rules, always_open=opened))


def _place(log: Log, change: Change) -> int:
    name = change.values["resource"]
    if name not in log.resources:
        raise _missing("resource", name, log.resources)
    return log.resources.index(name)


def _halve(world: World, change: Change) -> World:
    """Each batch of the step becomes two, in the order in which its cases came.

    How long half a batch takes is learned from how long batches of other sizes took.
    """
    log, step = world.log, change.values["step"]
    if step not in log.frame["step"]:
        raise _missing("step", step, log.frame["step"].unique())
    row_is_its = (log.frame["step"] == step).to_numpy()
    size = np.bincount(log.activity, minlength=len(log.place))
    its = np.unique(log.activity[row_is_its])
    split = its[(log.batch[its] >= 0) & (size[its] > 1)]
    if not len(split):
        raise InputRefused(
            f"step {step!r} does not work in batches of cases",
            where="--what-if",
            todo="name a step that begins several cases together; cx steps DIR shows where "
            "cases wait for batching",
        )
    return replace(world, log=_split(log, split, size, _faster(log, its, size)))


def _faster(log: Log, its: Ints, size: Ints) -> Callable[[Ints], Floats]:
    """How long a batch of each size takes: a + b × size by least squares, neither below 0."""
    sizes, spans = size[its].astype(float), log.span_us[its].astype(float)
    mean, center = spans.mean(), sizes.mean()
    spread = ((sizes - center) ** 2).sum()
    slope = ((sizes - center) * (spans - mean)).sum() / spread if spread else 0.0
    slope = min(max(slope, 0.0), mean / center)
    return lambda count: np.asarray(mean + slope * (count - center))


def _split(log: Log, split: Ints, size: Ints, takes: Callable[[Ints], Floats]) -> Log:
    later = _later_half(log, split)
    number = np.full(len(log.place), -1)
    number[split] = len(log.place) + np.arange(len(split))
    activity = np.where(later, number[log.activity], log.activity)
    parent = np.concatenate([np.arange(len(log.place)), split])
    now = np.bincount(activity, minlength=len(parent))
    scale = log.scale[parent] * takes(now) / np.maximum(takes(size[parent]), 1)
    scale = np.where(now == size[parent], log.scale[parent], scale)
    halves = replace(log.queues, **{
        name: getattr(log.queues, name)[parent] for name in ("line", "beside", "idle_us")
    })  # fmt: skip
    order = np.empty(len(parent), np.int64)
    order[np.lexsort((np.arange(len(parent)), log.order[parent]))] = np.arange(len(parent))
    shorter = scale / log.scale[parent]
    return replace(
        log,
        queues=halves,
        activity=activity,
        place=log.place[parent],
        order=order,
        batch=log.batch[parent],
        patience_us=log.patience_us[parent],
        span_us=np.rint(log.span_us[parent] * shorter).astype(np.int64),
        work_us=np.rint(log.work_us * shorter[activity]).astype(np.int64),
        drawn_as=log.drawn_as[parent],
        scale=scale,
    )


def _later_half(log: Log, split: Ints) -> Bools:
    """(rows,) whether it came to one of these batches in its second half."""
    before = np.where(np.arange(len(log.activity)) == log.rows_of[log.case], UNSEEN, 0)
    ended = log.start_us + log.work_us
    before[1:] = np.where(before[1:] == UNSEEN, UNSEEN, ended[:-1])
    rows = pl.DataFrame({"activity": log.activity, "came": before}).with_row_index("row")
    place = rows.select(
        (pl.struct("came", "row").rank("ordinal").over("activity") - 1) * 2
        >= pl.len().over("activity") + pl.len().over("activity") % 2
    ).to_series()
    return np.asarray(place.to_numpy() & np.isin(log.activity, split))


def _missing(what: str, given: str, known: Sequence[str] | pl.Series) -> NotFound:
    names = list(known)
    todo = did_you_mean(given, names) if names else f"the log names no {what}"
    return NotFound(
        f"there is no {what} {given!r} in the log", where="--what-if", todo=_short(todo)
    )


def _short(todo: str, most: int = 300) -> str:
    return todo if len(todo) <= most else todo[:most].rsplit(",", 1)[0] + ", …"


_ACTS: Mapping[str, Callable[[World, Change], World]] = {
    "hold": _hold,
    "add": _add,
    "open": _open,
    "halve batch": _halve,
}
