"""The entries of the research on real treadmills, as far as the tests need them: tests/data/quirks.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

COPY: Final = Path(__file__).parents[1] / "data" / "quirks.json"
ORIGINAL: Final = Path(__file__).parents[3] / "shared" / "machines" / "quirks.json"


@dataclass(frozen=True)
class Entry:
    """One entry. Hex and ranges are None or empty where nobody printed them."""

    number: int
    model: str
    name_prefix: str
    protocol: str
    source: tuple[str, ...]
    quirks: tuple[str, ...]
    feature_hex: str | None = None
    speed_range_hex: str | None = None
    speed_range_text: str | None = None
    inclination_range_text: str | None = None
    training_status_hex: str | None = None
    treadmill_data_hex: tuple[str, ...] = ()
    characteristics: dict[str, str] | None = None
    control_exchanges: tuple[dict[str, str], ...] = ()

    @property
    def text(self) -> str:
        """Everything the entry says."""
        ranges = (self.speed_range_hex, self.speed_range_text, self.inclination_range_text)
        return "\n".join((*self.quirks, *filter(None, ranges)))


def read(path: Path) -> list[dict[str, Any]]:
    """Return the entries of `path` as they are written."""
    entries: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return entries


@cache
def entries() -> tuple[Entry, ...]:
    """Return every entry, counted from 1."""
    return tuple(Entry(number, **_frozen(values)) for number, values in enumerate(read(COPY), 1))


def _frozen(values: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


def entry(number: int) -> Entry:
    """Return one entry by its number."""
    return entries()[number - 1]
