"""Reading single fields of a record: what is missing or is no sane value is None, never zero (S10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST: Final = 1e12  # nothing a treadmill does in km/h, seconds or metres comes near it; infinity is beyond it


def number(values: Mapping[str, object], key: str) -> float | None:
    """Return the number under `key`, or None."""
    value = values.get(key)
    if isinstance(value, (int, float)) and -_LARGEST <= value <= _LARGEST:
        return value
    return None


def text(values: Mapping[str, object], key: str) -> str | None:
    """Return the text under `key`, or None."""
    value = values.get(key)
    return value if isinstance(value, str) else None
