"""What was found out, and what was not. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class How(Enum):
    """Where a fact can be learned from."""

    AIR = "from the air"
    PERSON = "from the person"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact and what it follows from.

    Attributes:
        field: Its place in the machine file, such as ``control.pacing``.
        value: The fact.
        seen: What was seen, and how often, as a sentence.
        how: Whether the air told it, or the person.
    """

    field: str
    value: Any
    seen: str
    how: How = How.AIR


@dataclass(frozen=True, slots=True)
class Gap:
    """A fact that was not found out, and why, in words that follow "because"."""

    field: str
    reason: str


@dataclass(slots=True)
class Findings:
    """What an analysis comes to.

    Attributes:
        found: What was found out, by field.
        gaps: What was not, by field.
    """

    found: dict[str, Finding] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)

    def learn(self, name: str, value: object, seen: str, how: How = How.AIR) -> None:
        """Take a fact."""
        self.found[name] = Finding(name, value, seen, how)
        self.gaps.pop(name, None)

    def miss(self, name: str, reason: str) -> None:
        """Take note that a fact was not found out, unless it was; the first reason counts."""
        if name not in self.found:
            self.gaps.setdefault(name, Gap(name, reason))

    def unlearn(self, name: str, reason: str) -> None:
        """Take a fact back."""
        del self.found[name]
        self.miss(name, reason)

    def value(self, name: str, otherwise: Any = None) -> Any:  # noqa: ANN401 - whatever the field holds
        """Return what was found of a field, or `otherwise`."""
        return self.found[name].value if name in self.found else otherwise
