"""The nearest correct spelling of a word that is none of the allowed ones."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LIKENESS = 0.6  # difflib's own threshold; below it the guesses read as mockery


def nearest(word: str, allowed: Iterable[str], synonyms: Mapping[str, str] | None = None) -> str | None:
    """Return the allowed word that `word` was most likely meant to be, or None.

    Args:
        word: What was written; upper case counts as lower case.
        allowed: The correct spellings.
        synonyms: Words people write for an allowed one, such as ``{"grade": "incline"}``.
    """
    folded = word.strip().lower()
    choices = list(allowed)
    if synonyms and synonyms.get(folded) in choices:
        return synonyms[folded]
    if folded in choices:
        return folded
    return next(iter(get_close_matches(folded, choices, n=1, cutoff=_LIKENESS)), None)


def did_you_mean(word: str, allowed: Iterable[str], synonyms: Mapping[str, str] | None = None) -> str:
    """Return ``" (did you mean 'incline'?)"``, or "" if nothing allowed resembles `word`."""
    found = nearest(word, allowed, synonyms)
    return f" (did you mean '{found}'?)" if found else ""
