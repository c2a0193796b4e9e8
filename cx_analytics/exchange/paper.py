"""The 8D report on A4 pages, as PDF: text stays text, pictures stay sharp.

Belongs here: layout. Stays out: what is said (eight_d.py), the structure of the file (pdf.py).
A page is drawn as SVG and rendered by the renderer of our pictures, which brings its own fonts
(Latin, Greek, Cyrillic) and loads nothing: the same report gives the same file everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from cx_analytics.exchange.eight_d import FACTORY, Discipline, EightD, Picture
from cx_analytics.exchange.letters import BOLD, lines
from cx_analytics.exchange.pdf import join

WIDTH, HEIGHT = 595.0, 842.0
"""A4 in points."""

_MARGIN, _TOP, _BOTTOM = 48.0, 84.0, 60.0
_LABEL = 130.0
_SIZE, _LEADING = 9.5, 13.0
_HEADING, _ANSWER = 40.0, 26.0
"""Heights of a title and of an empty field."""

_INK, _SOFT, _BLUE, _LINE, _OPEN = "#1f2933", "#5f6c7b", "#0072b2", "#c6ccd3", "#fff8dc"
_SIZE_OF_SVG = re.compile(rb'<svg[^>]*? width="([\d.]+)"[^>]*? height="([\d.]+)"')


@dataclass
class _Paper:
    """Pages being drawn from top to bottom."""

    pages: list[list[str]] = field(default_factory=list)
    y: float = HEIGHT

    def room(self, height: float) -> float:
        """The upper edge of a piece of this height, on a new page where it does not fit."""
        if self.y + height > HEIGHT - _BOTTOM:
            self.pages.append([])
            self.y = _TOP
        top, self.y = self.y, self.y + height
        return top

    def draw(self, piece: str) -> None:
        self.pages[-1].append(piece)


def paper(report: EightD, *, at: datetime) -> bytes:
    """The report as a PDF of A4 pages."""
    import vl_convert

    sheet = _Paper()
    for discipline in report.disciplines:
        _discipline(sheet, discipline)
        if discipline.code == "D2":
            for number, picture in enumerate(report.pictures):
                _picture(sheet, picture, f"p{number}-")
    total = len(sheet.pages)
    drawn = [_page(report, pieces, n, total) for n, pieces in enumerate(sheet.pages, 1)]
    rendered = [bytes(vl_convert.svg_to_pdf(svg)) for svg in drawn]
    return join(rendered, title=f"8D report {report.case_id}", at=at)


def _discipline(sheet: _Paper, discipline: Discipline) -> None:
    """A title, then rows, then empty fields; on a page of its own rather than in two parts."""
    rows = sum(_row_height(*row) for row in discipline.rows)
    whole = _HEADING + rows + sum(_field_height(asked) for asked in discipline.asked)
    if sheet.y + whole > HEIGHT - _BOTTOM:
        sheet.y = HEIGHT
    top = sheet.room(_HEADING)
    sheet.draw(_rectangle(_MARGIN, top + 12, WIDTH - 2 * _MARGIN, 20, _BLUE))
    heading = f"{discipline.code}  {discipline.title}"
    sheet.draw(_words(heading, _MARGIN + 8, top + 26, size=11, bold=True, colour="#ffffff"))
    if not discipline.filled:
        right = WIDTH - _MARGIN - 8
        sheet.draw(_words(FACTORY, right, top + 26, colour="#ffffff", anchor="end"))
    for label, text in discipline.rows:
        _row(sheet, label, text)
    for question in discipline.asked:
        _field(sheet, question)


def _row_height(label: str, text: str) -> float:
    count = max(len(_label_lines(label)), len(_text_lines(text)))
    return count * _LEADING + 6


def _field_height(question: str) -> float:
    return max(_ANSWER, len(_label_lines(question)) * _LEADING + 6)


def _label_lines(label: str) -> list[str]:
    return lines(label, _SIZE * BOLD, _LABEL - 12)


def _text_lines(text: str) -> list[str]:
    return lines(text, _SIZE, WIDTH - 2 * _MARGIN - _LABEL - 8)


def _row(sheet: _Paper, label: str, text: str) -> None:
    height = _row_height(label, text)
    top = sheet.room(height)
    for number, line in enumerate(_label_lines(label)):
        at = top + 12 + number * _LEADING
        sheet.draw(_words(line, _MARGIN + 8, at, bold=True))
    for number, line in enumerate(_text_lines(text)):
        sheet.draw(_words(line, _MARGIN + _LABEL, top + 12 + number * _LEADING))
    sheet.draw(_rule(top + height))


def _field(sheet: _Paper, question: str) -> None:
    """A question and an empty field to write into."""
    asked = _label_lines(question)
    height = _field_height(question)
    top = sheet.room(height)
    left = _MARGIN + _LABEL - 4
    sheet.draw(_rectangle(left, top + 1, WIDTH - _MARGIN - left, height - 2, _OPEN))
    for number, line in enumerate(asked):
        sheet.draw(_words(line, _MARGIN + 8, top + 12 + number * _LEADING, colour=_SOFT))
    sheet.draw(_rule(top + height))


def _picture(sheet: _Paper, picture: Picture, prefix: str) -> None:
    """A picture in the width of the page, its own marks renamed so that none meet."""
    size = _SIZE_OF_SVG.search(picture.svg)
    wide, high = (float(size[1]), float(size[2])) if size else (4.0, 3.0)
    room = WIDTH - 2 * _MARGIN
    height = room * high / wide
    top = sheet.room(height + 10)
    inner = _own_marks(picture.svg.decode(), prefix)
    place = f'x="{_MARGIN}" y="{top + 6:.1f}" width="{room}" height="{height:.1f}"'
    start = inner.index("<svg") + 4
    head, rest = inner[start:].split(">", 1)
    kept = re.sub(r'\s(?:width|height|x|y)="[^"]*"', "", head)
    sheet.draw(f"<svg {place}{kept}>{rest}")


def _own_marks(svg: str, prefix: str) -> str:
    """Ids, and what refers to them, with a prefix: pictures on one page share no id."""
    named = re.sub(r'\bid="', f'id="{prefix}', svg)
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}", named)


def _page(report: EightD, pieces: list[str], number: int, total: int) -> str:
    right = WIDTH - _MARGIN
    frame = [
        _rectangle(0, 0, WIDTH, HEIGHT, "#ffffff"),
        _words("8D report", _MARGIN, 52, size=18, bold=True, colour=_BLUE),
        _words(report.case_id, right, 44, bold=True, anchor="end"),
        _words(f"data up to {report.as_of}", right, 58, colour=_SOFT, anchor="end"),
        _rule(68, _BLUE),
        _rule(HEIGHT - 44),
        _words(
            "D0 to D4 from the evidence of the field, D5 to D8 of the factory. No customer is "
            "named.",
            _MARGIN,
            HEIGHT - 30,
            size=8,
            colour=_SOFT,
        ),
        _words(f"{number} / {total}", right, HEIGHT - 30, size=8, colour=_SOFT, anchor="end"),
    ]
    size = f'width="{WIDTH:.0f}" height="{HEIGHT:.0f}" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}"'
    body = "\n".join((*frame, *pieces))
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{body}\n</svg>'


def _words(
    text: str,
    x: float,
    y: float,
    *,
    size: float = _SIZE,
    bold: bool = False,
    colour: str = _INK,
    anchor: str = "start",
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="Liberation Sans" font-size="{size}"'
        f'{weight} fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _rectangle(x: float, y: float, wide: float, high: float, fill: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{fill}"/>'


def _rule(y: float, colour: str = _LINE) -> str:
    right = WIDTH - _MARGIN
    return (
        f'<line x1="{_MARGIN:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
        f'stroke="{colour}" stroke-width="0.7"/>'
    )
