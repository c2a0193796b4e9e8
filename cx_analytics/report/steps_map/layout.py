"""A place for every step, way and label of the map, so that none lies upon another.

Belongs here: layers, and ways through them. Stays out: order and places along a layer
(ordering.py), ink (drawing.py).

Steps stand in layers from top to bottom; a way that crosses layers has a place of its own in each
of them, and its label has one as wide as its text. So nothing can be drawn over anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cx_analytics.report.steps_map.graph import StepGraph, Way
from cx_analytics.report.steps_map.ordering import Layers, order_layers, spread
from cx_analytics.report.steps_map.words import name_lines

STEP_WIDTH = 180.0
LOOP_WIDTH = 84.0
"""Room to the right of a step for the way back to itself, with its label."""

LEAST_HEIGHT, MOST_HEIGHT = 40.0, 92.0
LABEL_WIDTH, LABEL_HEIGHT = 62.0, 46.0
WAY_WIDTH = 18.0
GAP = 16.0
MARGIN = 16.0


@dataclass(frozen=True)
class Box:
    """A step on the map: its left upper corner and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """A way on the map: the points it goes through from source to target, and its label's middle.

    A way back leads up, to a step that cases come to earlier.
    """

    way: Way
    points: tuple[tuple[float, float], ...]
    label: tuple[float, float]
    back: bool


@dataclass(frozen=True)
class Layout:
    """The map in pixels; boxes in the order of the steps."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def lay_out(graph: StepGraph) -> Layout:
    """Places for the steps and ways of a graph."""
    return _Plan(graph).layout()


class _Plan:
    """Things are numbered: first the steps, then the bends and labels of the ways."""

    def __init__(self, graph: StepGraph) -> None:
        self.graph = graph
        self.loops = {way.source: way for way in graph.ways if way.source == way.target}
        self.ways = [way for way in graph.ways if way.source != way.target]
        self.rank = _ranks(len(graph.steps), self.ways)
        self.layer = [2 * rank for rank in self.rank]
        self.widths = [
            STEP_WIDTH + (LOOP_WIDTH if place in self.loops else 0.0)
            for place in range(len(graph.steps))
        ]
        self.chains = [self._chain(way) for way in self.ways]

    def _chain(self, way: Way) -> list[int]:
        """The things from the upper to the lower end of a way."""
        upper, lower = sorted((way.source, way.target), key=lambda step: self.rank[step])
        between = range(2 * self.rank[upper] + 1, 2 * self.rank[lower])
        label = 2 * ((self.rank[upper] + self.rank[lower] - 1) // 2) + 1
        chain = [upper]
        for layer in between:
            chain.append(len(self.layer))
            self.layer.append(layer)
            self.widths.append(LABEL_WIDTH if layer == label else WAY_WIDTH)
        return [*chain, lower]

    def layout(self) -> Layout:
        layers = self._layers()
        heights = self._heights(layers)
        top = [MARGIN + sum(heights[:layer]) for layer in range(len(layers))]
        middles = [top[layer] + heights[layer] / 2 for layer in self.layer]
        places = [at + MARGIN for at in spread(layers, self.widths, self._near(), GAP)]
        boxes = [self._box(step, places, middles) for step in range(len(self.graph.steps))]
        lines = [
            self._line(way, chain, places, middles, boxes)
            for way, chain in zip(self.ways, self.chains, strict=True)
        ]
        lines += [_loop(way, boxes[step]) for step, way in self.loops.items()]
        width = max(at + wide / 2 for at, wide in zip(places, self.widths, strict=True))
        return Layout(width + MARGIN, MARGIN + sum(heights) + MARGIN, tuple(boxes), tuple(lines))

    def _layers(self) -> Layers:
        layers: Layers = [[] for _ in range(max(self.layer) + 1)]
        for thing, layer in enumerate(self.layer):
            layers[layer].append(thing)
        above: list[list[int]] = [[] for _ in self.layer]
        below: list[list[int]] = [[] for _ in self.layer]
        for chain in self.chains:
            for upper, lower in pairwise(chain):
                below[upper].append(lower)
                above[lower].append(upper)
        return order_layers(layers, above, below)

    def _near(self) -> list[list[tuple[int, float]]]:
        """Who draws whom: bends of one way most, so that it runs straight."""
        near: list[list[tuple[int, float]]] = [[] for _ in self.layer]
        steps = len(self.graph.steps)
        for way, chain in zip(self.ways, self.chains, strict=True):
            for upper, lower in pairwise(chain):
                bends = (upper >= steps) + (lower >= steps)
                pull = (1.0, 2.0, 12.0)[bends] * (1 + way.cases / 100)
                near[upper].append((lower, pull))
                near[lower].append((upper, pull))
        return near

    def _heights(self, layers: Layers) -> list[float]:
        steps = range(len(self.graph.steps))
        tall = {2 * rank: 0.0 for rank in self.rank}
        for step in steps:
            layer = self.layer[step]
            tall[layer] = max(tall[layer], self._height(step))
        return [tall.get(layer, LABEL_HEIGHT) for layer in range(len(layers))]

    def _height(self, step: int) -> float:
        most: float = max(node.work_s for node in self.graph.steps) or 1.0
        node = self.graph.steps[step]
        tall: float = LEAST_HEIGHT + (MOST_HEIGHT - LEAST_HEIGHT) * (node.work_s / most) ** 0.5
        return max(tall, LEAST_HEIGHT + 15.0 * (len(name_lines(node.name)) - 1))

    def _box(self, step: int, places: Sequence[float], middles: Sequence[float]) -> Box:
        height = self._height(step)
        left = places[step] - self.widths[step] / 2
        return Box(left, middles[step] - height / 2, STEP_WIDTH, height)

    def _line(
        self,
        way: Way,
        chain: Sequence[int],
        places: Sequence[float],
        middles: Sequence[float],
        boxes: Sequence[Box],
    ) -> Line:
        upper, lower = boxes[chain[0]], boxes[chain[-1]]
        bends = [(places[thing], middles[thing]) for thing in chain[1:-1]]
        first = (_toward(upper, bends[0][0]), upper.y + upper.height)
        last = (_toward(lower, bends[-1][0]), lower.y)
        label = next(
            (places[thing], middles[thing])
            for thing in chain[1:-1]
            if self.widths[thing] == LABEL_WIDTH
        )
        points = [first, *bends, last]
        back = chain[0] != way.source
        return Line(way, tuple(reversed(points) if back else points), label, back)


def _toward(box: Box, x: float) -> float:
    """Where on the edge of a box a way from there comes in: within its middle four fifths."""
    room = 0.4 * box.width
    middle = box.x + box.width / 2
    return middle + max(-room, min(room, (x - middle) * 0.5))


def _loop(way: Way, box: Box) -> Line:
    right, middle = box.x + box.width, box.y + box.height / 2
    rise = min(box.height / 2 - 6, 14.0)
    points = ((right, middle - rise), (right + 18, middle), (right, middle + rise))
    return Line(way, points, (right + 20 + LABEL_WIDTH / 2, middle), back=False)


def _ranks(steps: int, ways: Sequence[Way]) -> list[int]:
    """The layer of each step: below all that lead to it, steps being in the order of the flow.

    A step that none leads to stands right above the first one that it leads to.
    """
    pairs = sorted({(min(way.source, way.target), max(way.source, way.target)) for way in ways})
    rank = [0] * steps
    for upper, lower in pairs:
        rank[lower] = max(rank[lower], rank[upper] + 1)
    below = {lower for _, lower in pairs}
    for step in range(steps):
        lowers = [rank[lower] for upper, lower in pairs if upper == step]
        if step not in below and lowers:
            rank[step] = min(lowers) - 1
    return rank
