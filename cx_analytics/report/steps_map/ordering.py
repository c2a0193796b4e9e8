"""The order of things within a layer, and their places along it.

Belongs here: fewer crossings (medians, Sugiyama, Tagawa and Toda 1981) and straight ways without
overlaps (least squares under an order: isotonic regression). Stays out: layers (layout.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Layers = list[list[int]]
"""The things of each layer from left to right."""

SWEEPS = 24


def order_layers(
    layers: Layers, above: Sequence[Sequence[int]], below: Sequence[Sequence[int]]
) -> Layers:
    """Each layer ordered by where its neighbours stand, swept down and up; the best order seen.

    Parameters
    ----------
    above, below : the neighbours of each thing in the layer before and after its own.
    """
    best, fewest = [list(layer) for layer in layers], crossings(layers, below)
    now = [list(layer) for layer in layers]
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for layer in range(1, len(now)) if down else range(len(now) - 2, -1, -1):
            beside = now[layer - 1] if down else now[layer + 1]
            now[layer] = _by_neighbours(now[layer], beside, above if down else below)
        count = crossings(now, below)
        if count < fewest:
            best, fewest = [list(layer) for layer in now], count
    return best


def _by_neighbours(
    layer: Sequence[int], beside: Sequence[int], near: Sequence[Sequence[int]]
) -> list[int]:
    place = {one: at for at, one in enumerate(beside)}
    own = {one: at * (len(beside) / max(len(layer), 1)) for at, one in enumerate(layer)}

    def middle(one: int) -> float:
        known = [place[other] for other in near[one]]
        return sum(known) / len(known) if known else own[one]

    return sorted(layer, key=lambda one: (middle(one), own[one]))


def crossings(layers: Layers, below: Sequence[Sequence[int]]) -> int:
    """How many pairs of ways cross between neighbouring layers."""
    total = 0
    for layer, after in pairwise(layers):
        place = {one: at for at, one in enumerate(after)}
        ends = [sorted(place[other] for other in below[one]) for one in layer]
        flat = [end for each in ends for end in each]
        total += sum(1 for at, end in enumerate(flat) for later in flat[at + 1 :] if later < end)
    return total


def spread(
    layers: Layers,
    widths: Sequence[float],
    near: Sequence[Sequence[tuple[int, float]]],
    gap: float,
) -> list[float]:
    """The middle of each thing along its layer: near to its neighbours, never overlapping.

    Parameters
    ----------
    widths : of each thing.
    near : the neighbours of each with how strongly they draw.
    gap : free space between two things.
    """
    place = [0.0] * len(widths)
    for layer in layers:
        at = -sum(widths[one] + gap for one in layer) / 2
        for one in layer:
            place[one] = at + widths[one] / 2
            at += widths[one] + gap
    for sweep in range(60):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = [_wanted(place, one, near) for one in layer]
            for one, at in zip(
                layer, _apart(wanted, [widths[one] for one in layer], gap), strict=True
            ):
                place[one] = at
    left = min(at - width / 2 for at, width in zip(place, widths, strict=True))
    return [at - left for at in place]


def _wanted(place: Sequence[float], one: int, near: Sequence[Sequence[tuple[int, float]]]) -> float:
    weight = sum(pull for _, pull in near[one])
    if not weight:
        return place[one]
    return sum(place[other] * pull for other, pull in near[one]) / weight


def _apart(wanted: Sequence[float], widths: Sequence[float], gap: float) -> list[float]:
    """The places nearest to those wanted at which neighbours keep their distance."""
    offset, offsets = 0.0, []
    for at, width in enumerate(widths):
        offset += 0.0 if at == 0 else (widths[at - 1] + width) / 2 + gap
        offsets.append(offset)
    blocks: list[list[float]] = []
    for want, shift in zip(wanted, offsets, strict=True):
        blocks.append([want - shift, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            value, count = blocks.pop()
            mean, before = blocks[-1]
            blocks[-1] = [(mean * before + value * count) / (before + count), before + count]
    flat = [value for value, count in blocks for _ in range(round(count))]
    return [value + shift for value, shift in zip(flat, offsets, strict=True)]
