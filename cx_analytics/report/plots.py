"""Pictures: from a frame to a Vega-Lite specification, and from that to SVG or PNG.

Belongs here: how a picture looks. Stays out: what the numbers are (sql/report/).

The renderer brings its own fonts (Latin, Greek, Cyrillic) and is given no address to load
from, so a picture comes out the same in a bare container and without a network.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Literal, TypeAlias

import polars as pl

from cx_analytics.contracts.words import BACKGROUND

Spec: TypeAlias = dict[str, Any]
Theme = Literal["light", "dark"]

VEGA_LITE = "6.4"
SHOWN_CAUSES = 8
"""Causes with a colour of their own; the others are drawn together."""

OTHERS = "other causes"
INDIVIDUALS = "individual causes"
LABEL_LENGTH = 60
"""Longer labels are cut in pictures; tables hold them whole."""

_PALETTE = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
    "#b8a600",
    "#7a5195",
)
"""Okabe and Ito's colours, told apart by people with any colour vision; yellow darkened."""

_ON_DARK = {"#0072b2": "#4da3e0", "#56b4e9": "#b3e0ff", "#7a5195": "#a98bc4"}
"""Colours that are too dark on a dark page (or then too near), and what stands for them."""

_GREYS = {OTHERS: "#6b7785", INDIVIDUALS: "#98a2ad", BACKGROUND: "#c6ccd3"}
_REASONS = {
    "device": "device",
    "app": "app",
    "network": "network",
    INDIVIDUALS: "individual",
    BACKGROUND: "background",
}
"""What the index is lost to: word → column."""

_INK = {"light": "#1f2933", "dark": "#e4e9ef"}
_GRID = {"light": "#e3e8ee", "dark": "#343d48"}
_PAPER = {"light": "#ffffff", "dark": "#15191e"}
_FLOOR = 0.1
"""Smallest rate ratio that a logarithmic axis shows."""


def faults_by_day(frame: pl.DataFrame, *, theme: Theme = "light") -> Spec:
    """Faults of each day, stacked and coloured by what explains them.

    Parameters
    ----------
    frame : `day` (date), `cause` (label, or `background`), `faults`, as the model
        report/faults_by_day gives it.
    """
    shown, order = _few_causes(frame)
    colours = dict(zip(order, _palette(theme), strict=False)) | _GREYS
    domain = [*order, *(word for word in _GREYS if word in set(shown["cause"]))]
    return _base("Faults by day and cause", theme, height=240) | {
        "data": {"values": _values(_placed(shown, domain))},
        "mark": {"type": "bar", "width": {"band": 0.85}},
        "encoding": {
            "x": _days(),
            "y": {"field": "faults", "type": "quantitative", "title": "faults", "stack": "zero"},
            "color": {
                "field": "cause",
                "type": "nominal",
                "title": None,
                "scale": {"domain": domain, "range": [colours[word] for word in domain]},
                "legend": {"orient": "bottom", "columns": 2, "labelLimit": 330},
            },
            "order": {"field": "position", "type": "quantitative"},
        },
    }


def causes_forest(causes: pl.DataFrame, *, theme: Theme = "light", rows: int = 20) -> Spec:
    """Rate ratio of each cause with its 90 % interval, the largest excess first.

    Parameters
    ----------
    causes : `label`, `domain`, `rate_ratio`, `rate_ratio_low`, `rate_ratio_high`,
        `excess_faults` (columns of the table `causes`).
    rows : how many causes are drawn at most.
    """
    drawn = (
        causes.filter(pl.col("rate_ratio").is_finite() & (pl.col("rate_ratio") > 0))
        .sort("excess_faults", descending=True, nulls_last=True)
        .head(rows)
        .select(
            _short("label").alias("cause"),
            "domain",
            pl.col("rate_ratio").clip(lower_bound=_FLOOR),
            _end("rate_ratio_low"),
            _end("rate_ratio_high"),
        )
    )
    domains = sorted(set(drawn["domain"]))
    y = {"field": "cause", "type": "nominal", "title": None, "sort": None}
    x = {
        "type": "quantitative",
        "scale": {"type": "log", "nice": False, "padding": 10},
        "title": "rate ratio (90 % interval)",
    }
    colour = {
        "field": "domain",
        "type": "nominal",
        "title": None,
        "scale": {"domain": domains, "range": _palette(theme)[: len(domains)]},
        "legend": {"orient": "bottom"},
    }
    return _base("Causes: how much more often faults occur", theme, height={"step": 24}) | {
        "width": 380,
        "data": {"values": _values(drawn)},
        "layer": [
            {
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": _INK[theme]},
                "encoding": {"x": {"datum": 1, **x}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "y": y,
                    "x": {"field": "rate_ratio_low", **x},
                    "x2": {"field": "rate_ratio_high"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {"y": y, "x": {"field": "rate_ratio", **x}, "color": colour},
            },
        ],
    }


def experience_over_time(frame: pl.DataFrame, *, theme: Theme = "light") -> Spec:
    """The experience index day by day with the interval of the mean, and below what it lacks.

    The index of all customers moves by tenths of a point, so its axis begins just below it, and
    says so; what was lost, and to what, is shown from 0 on.

    Parameters
    ----------
    frame : `day` (date), `score`, `low`, `high` (0-100) and `lost_to_<reason>`, as the model
        report/experience_by_day gives it.
    """
    whole = _base("Experience of all customers", theme, height=0)
    views = [_index(frame, theme), _lost(frame, theme)]
    kept = {key: value for key, value in whole.items() if key not in ("width", "height")}
    return kept | {"vconcat": views, "spacing": 12}


def _index(frame: pl.DataFrame, theme: Theme) -> Spec:
    seen = pl.concat([frame["low"].cast(pl.Float64), frame["score"].cast(pl.Float64)]).min()
    start = _floor_of(seen if isinstance(seen, float) else None)
    y: Spec = {
        "type": "quantitative",
        "scale": {"domain": [start, 100], "zero": False},
        "axis": {"tickCount": 5},
        "title": f"index, {start} to 100",
    }
    colour = _palette(theme)[0]
    return {
        "width": 640,
        "height": 150,
        "data": {"values": _values(frame.select("day", "score", "low", "high"))},
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.25, "color": colour},
                "encoding": {"x": _days(), "y": {"field": "low", **y}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "color": colour, "point": {"color": colour, "size": 25}},
                "encoding": {"x": _days(), "y": {"field": "score", **y}},
            },
        ],
    }


def _floor_of(lowest: float | None) -> int:
    """Where the axis of an index begins: at a multiple of 5, or of 1 when nearly all is well.

    >>> [_floor_of(one) for one in (71.2, 98.6, 100.0, None)]
    [70, 98, 95, 0]
    """
    if lowest is None:
        return 0
    return 95 if lowest > 99 else int(lowest) if lowest >= 95 else int(lowest // 5) * 5


def _lost(frame: pl.DataFrame, theme: Theme) -> Spec:
    colours = dict(zip(_REASONS, _palette(theme), strict=False)) | {
        INDIVIDUALS: _GREYS[INDIVIDUALS],
        BACKGROUND: _GREYS[BACKGROUND],
    }
    points = frame.select(
        "day", *(pl.col(f"lost_to_{name}").alias(word) for word, name in _REASONS.items())
    ).unpivot(index="day", variable_name="reason", value_name="points")
    return {
        "width": 640,
        "height": 110,
        "data": {"values": _values(_placed(points, list(_REASONS), "reason"))},
        "mark": {"type": "bar", "width": {"band": 0.85}},
        "encoding": {
            "x": _days(),
            "y": {
                "field": "points",
                "type": "quantitative",
                "title": "points lost",
                "stack": "zero",
                "axis": {"tickCount": 4},
            },
            "color": {
                "field": "reason",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(colours), "range": list(colours.values())},
                "legend": {"orient": "bottom"},
            },
            "order": {"field": "position", "type": "quantitative"},
        },
    }


def satisfaction_by_score(frame: pl.DataFrame, *, theme: Theme = "light") -> Spec:
    """What customers say of their satisfaction against their index, and the map as a line.

    Parameters
    ----------
    frame : the table `satisfaction_by_score`; an empty one gives an empty plot.
    """
    colour = _palette(theme)[0]
    x: Spec = {
        "field": "score",
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "title": "experience index (0-100)",
    }
    y: Spec = {
        "type": "quantitative",
        "scale": {"domain": [1, 5]},
        "title": "stated satisfaction (1-5)",
    }
    said = frame.filter(pl.col("contacts") > 0)
    known = frame.drop_nulls("expected_satisfaction")
    return _base("What customers say, by index", theme, height=240) | {
        "layer": [
            {
                "data": {"values": said.drop_nulls("stated_low").to_dicts()},
                "mark": {"type": "rule", "strokeWidth": 2, "color": colour},
                "encoding": {
                    "x": x,
                    "y": {"field": "stated_low", **y},
                    "y2": {"field": "stated_high"},
                },
            },
            {
                "data": {"values": said.to_dicts()},
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": {"field": "stated_satisfaction", **y},
                    "color": {"value": colour},
                },
            },
            {
                "data": {"values": known.to_dicts()},
                "mark": {"type": "line", "color": _INK[theme], "strokeDash": [4, 3]},
                "encoding": {"x": x, "y": {"field": "expected_satisfaction", **y}},
            },
        ],
    }


def svg(spec: Spec) -> bytes:
    """The picture as SVG, its text as text."""
    import vl_convert

    text: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return text.encode()


def png(spec: Spec, *, scale: float = 1.3) -> bytes:
    """The picture as PNG, `scale` pixels a point; as it is, it fits Dagster's dialog."""
    import vl_convert

    data: bytes = vl_convert.vegalite_to_png(
        spec, vl_version=VEGA_LITE, scale=scale, allowed_base_urls=[]
    )
    return data


def svg_png(picture: str, *, scale: float = 1.3) -> bytes:
    """An SVG of our own as PNG; what it holds must be in it."""
    import vl_convert

    data: bytes = vl_convert.svg_to_png(picture, scale=scale)
    return data


def data_uri(picture: bytes) -> str:
    """A picture as an address that holds it, for HTML and for Dagster's Markdown.

    >>> data_uri(b"<svg/>")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    kind = "png" if picture.startswith(b"\x89PNG") else "svg+xml"
    return f"data:image/{kind};base64,{b64encode(picture).decode('ascii')}"


def _base(title: str, theme: Theme, *, height: Any) -> Spec:
    ink, grid = _INK[theme], _GRID[theme]
    axis = {"labelColor": ink, "titleColor": ink, "gridColor": grid, "domainColor": ink}
    return {
        "title": {"text": title, "anchor": "start", "color": ink, "fontSize": 15},
        "width": 640,
        "height": height,
        "background": _PAPER[theme],
        "padding": 12,
        "config": {
            "view": {"stroke": None},
            "font": "sans-serif",
            "axis": axis | {"labelFontSize": 12, "titleFontSize": 12, "labelLimit": 380},
            "legend": {"labelColor": ink, "titleColor": ink, "labelFontSize": 12},
        },
    }


def cause_colours(theme: Theme = "light") -> tuple[list[str], dict[str, str]]:
    """Colours of named causes, the largest first, and the greys of all that is drawn together."""
    return _palette(theme), dict(_GREYS)


def _palette(theme: Theme) -> list[str]:
    return [_ON_DARK.get(c, c) if theme == "dark" else c for c in _PALETTE]


def _days() -> Spec:
    axis = {"format": "%d %b", "labelOverlap": True, "grid": False}
    return {"field": "day", "type": "temporal", "timeUnit": "utcyearmonthdate", "axis": axis} | {
        "title": None
    }


def _few_causes(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The frame with small causes drawn together, and the named causes, the largest first."""
    named = frame.with_columns(_short("cause")).filter(~pl.col("cause").is_in(list(_GREYS)))
    ranked = (
        named.group_by("cause")
        .agg(pl.col("faults").sum())
        .sort(["faults", "cause"], descending=[True, False])
    )
    order = ranked["cause"].head(SHOWN_CAUSES).to_list()
    kept = pl.col("cause").is_in([*order, *_GREYS])
    drawn = frame.with_columns(_short("cause")).with_columns(
        pl.when(kept).then(pl.col("cause")).otherwise(pl.lit(OTHERS)).alias("cause")
    )
    return drawn.group_by("day", "cause").agg(pl.col("faults").sum()).sort("day", "cause"), order


def _placed(frame: pl.DataFrame, domain: list[str], column: str = "cause") -> pl.DataFrame:
    """The frame with the place of each cause in the stack."""
    places = dict(zip(domain, range(len(domain)), strict=True))
    return frame.with_columns(pl.col(column).replace_strict(places).alias("position"))


def _short(column: str) -> pl.Expr:
    long = pl.col(column).str.len_chars() > LABEL_LENGTH
    cut = pl.col(column).str.slice(0, LABEL_LENGTH - 1) + "…"
    return pl.when(long).then(cut).otherwise(pl.col(column)).alias(column)


def _end(column: str) -> pl.Expr:
    """An end of an interval, or the estimate itself where it is not known."""
    known = pl.when(pl.col(column).is_finite()).then(pl.col(column))
    return known.fill_null(pl.col("rate_ratio")).clip(lower_bound=_FLOOR).alias(column)


def _values(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON values, dates as text."""
    dates = [name for name, kind in frame.schema.items() if kind == pl.Date]
    return frame.with_columns(pl.col(name).dt.to_string("%Y-%m-%d") for name in dates).to_dicts()
