"""How wide a text is in print, and where its lines break.

Belongs here: advance widths and line breaking. Stays out: pages (paper.py).
The widths are those of Helvetica (Adobe Core 14 AFM), which Liberation Sans, the renderer's
font, shares. Letters that the table does not name count as a wide Latin one, East Asian
ones as a full em, so that a line is rather too short than too long.
"""

from __future__ import annotations

import unicodedata

_WIDTHS = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[\\]ft",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jcksvxyz",
    556: "#$0123456789?L_abdeghnopqu",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@",
}
_WIDTH = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_OTHER, _EM = 667, 1000
BOLD = 1.08
"""How much wider bold text is at most than this table says, for running words."""


def width(text: str, size: float) -> float:
    """The width of a text in points.

    >>> width("iW", 10)
    11.66
    """
    return sum(_advance(letter) for letter in text) * size / 1000


def _advance(letter: str) -> int:
    if letter in _WIDTH:
        return _WIDTH[letter]
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return _EM
    plain = unicodedata.normalize("NFD", letter)[0]
    return _WIDTH.get(plain, _OTHER)


def lines(text: str, size: float, room: float) -> list[str]:
    """The text in lines of at most `room` points, broken at blanks, and within words at need.

    >>> lines("aa bb cc", 10, 30)
    ['aa bb', 'cc']
    >>> lines("", 10, 30)
    ['']
    """
    found, line = [], ""
    for word in text.split():
        for piece in _pieces(word, size, room):
            joined = f"{line} {piece}" if line else piece
            if width(joined, size) <= room:
                line = joined
                continue
            found.append(line)
            line = piece
    return [*found, line]


def _pieces(word: str, size: float, room: float) -> list[str]:
    """A word that is wider than a line, cut; any other as it is."""
    if width(word, size) <= room:
        return [word]
    pieces, piece = [], ""
    for letter in word:
        if piece and width(piece + letter, size) > room:
            pieces.append(piece)
            piece = ""
        piece += letter
    return [*pieces, piece]
