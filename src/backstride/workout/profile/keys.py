"""What a key of the file format is, and a section: a group of keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Shape(Enum):
    """What stands after a key's colon."""

    FIGURE = "a number with its unit, a word or a whole number"
    TEXT = "a sentence"
    CUE = "one cue, at the start of the step"
    CUES = "cues by their offsets"
    SECTION = "a group of keys"
    STEPS = "a list of steps"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the format.

    Attributes:
        name: How it is written.
        fills: Model fields it can fill; the first one is where a value that fits none is reported.
        allowed: What may be written, as an error sentence says it.
        help: What it does, as an editor shows it.
        schema: Its JSON Schema; empty where its shape says it all.
        shape: What stands after its colon.
        read: Of a figure or text: the text to values by field; raises ValueError.
        hint: Of a figure: text that could not be read to advice, or "".
    """

    name: str
    fills: tuple[str, ...]
    allowed: str
    help: str
    schema: Mapping[str, object]
    shape: Shape = Shape.FIGURE
    read: Callable[[str], Mapping[str, object]] = lambda _: {}
    hint: Callable[[str], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class Section:
    """A group of keys.

    Attributes:
        name: What it is called.
        help: What it does, as an editor shows it.
        keys: What may be written in it.
        needs: Groups of key names; at least one of each must be there.
        never_both: Pairs of key names that exclude each other.
        model: What the section becomes.
    """

    name: str
    help: str
    keys: tuple[Key, ...]
    model: Callable[..., Any]
    needs: tuple[tuple[str, ...], ...] = ()
    never_both: tuple[tuple[str, str], ...] = ()

    def __getitem__(self, name: str) -> Key:
        return next(key for key in self.keys if key.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its keys, in the order in which they are listed to a person."""
        return tuple(key.name for key in self.keys)
