"""Figures five lines high, to be read from the far end of a belt. Pure."""

from __future__ import annotations

from typing import Final

HEIGHT: Final = 5

_GLYPHS: Final = {
    "0": "### #.# #.# #.# ###",
    "1": ".#. ##. .#. .#. ###",
    "2": "### ..# ### #.. ###",
    "3": "### ..# ### ..# ###",
    "4": "#.# #.# ### ..# ..#",
    "5": "### #.. ### ..# ###",
    "6": "### #.. ### #.# ###",
    "7": "### ..# ..# ..# ..#",
    "8": "### #.# ### #.# ###",
    "9": "### #.# ### ..# ###",
    "-": "... ... ### ... ...",
    ".": ". . . . #",
    " ": "... ... ... ... ...",
}
_PIXELS: Final = {"#": "██", ".": "  "}  # a character is twice as high as it is wide


def big(text: str) -> str:
    """Return `text`, of digits, point and minus, as five lines of equal width; a dash stands for the unknown.

    Any other character is drawn as a blank.
    """
    glyphs = [_GLYPHS.get(character, _GLYPHS[" "]).split() for character in text.replace("\N{EN DASH}", "-")]
    rows = (" ".join(glyph[row] for glyph in glyphs) for row in range(HEIGHT))
    return "\n".join("".join(_PIXELS.get(pixel, " ") for pixel in row) for row in rows)
