"""A machine file's facts as plain values, in the words that the file itself uses, and back. Pure."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

from backstride.errors import ConfigError
from backstride.machines.facts import facts_of
from backstride.units import Incline, Speed, SpeedUnit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backstride.machines.facts import MachineFacts


def as_written(facts: MachineFacts) -> dict[str, object]:
    """Return what a machine file with these facts says, its id included; what is as the standard has it is left out."""
    written = {key: _written(value) for key, value in facts.model_dump(exclude_defaults=True).items()}
    if written.get("incline", ...) is None:
        written["incline"] = False  # as in a file: TOML has no null
    return written


def from_written(values: Mapping[str, object]) -> MachineFacts:
    """Return the facts that `values` describe. Raises ConfigError, whose sentence says what is wrong."""
    try:
        return facts_of(values)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The facts of the machine cannot be read: {error}") from error


def _written(value: object) -> object:
    match value:
        case Speed():
            return value.text(SpeedUnit.KMH)
        case Incline():
            return str(value)
        case IntEnum() | IntFlag() if value.name is not None:
            return value.name.lower().replace("_", " ")
        case dict():
            return {str(_written(key)): _written(inner) for key, inner in value.items()}
        case tuple() | list():
            return [_written(inner) for inner in value]
        case str():
            return str(value)
        case _:
            return value
