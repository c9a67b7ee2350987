"""Sentences and figures in the person's own unit. Pure.

The layers below speak km/h in their sentences, which is exact; here every such speed becomes the unit that was chosen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from backstride.record.energy import EnergyEstimate
from backstride.units import Distance, Speed, SpeedUnit, climb_text, format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.record.summary import Summary

Value = TypeVar("Value")

UNKNOWN: Final = "\N{EN DASH}"
_KMH: Final = re.compile(r"\b\d+\.\d\d km/h")
_SENTENCE_END: Final = re.compile(r"(?<=[a-z0-9)'%][.!?])\s+")  # not behind an initial
_ENDINGS: Final = {"finished": "Finished", "stopped": "Stopped", "aborted": "Ended by a safety rule or a fault"}


def in_unit(text: str, unit: SpeedUnit) -> str:
    """Return `text` with every speed in `unit`; in mph with two decimals, so that a rounding stays visible."""
    if unit is SpeedUnit.KMH:
        return text
    return _KMH.sub(lambda match: Speed.parse(match[0]).text(unit, digits=2), text)


def speed_figure(speed: Speed | None, unit: SpeedUnit) -> str:
    """Return the bare number of a speed to a tenth: ``3.2``; a dash where it is unknown."""
    return UNKNOWN if speed is None else speed.text(unit, digits=1).partition(" ")[0]


def distance_text(metres: float | None, unit: SpeedUnit) -> str:
    """Return a distance as a person reads it beside `unit`."""
    return UNKNOWN if metres is None else Distance(round(metres)).text(unit)


def first_sentence(text: str) -> str:
    """Return `text` up to the end of its first sentence."""
    return _SENTENCE_END.split(text, maxsplit=1)[0]


def ending_text(summary: Summary, unit: SpeedUnit, *, running: bool = False) -> str:
    """Return how a session ended, in a sentence, or that it is `running`."""
    if summary.ending is None:
        return "Under way: the record has no end yet." if running else "Interrupted: the record has no end."
    reason = f": {in_unit(summary.reason, unit)}" if summary.reason else ""
    return f"{_ENDINGS.get(summary.ending, summary.ending)}{reason}.".replace("..", ".")


def summary_rows(summary: Summary, unit: SpeedUnit) -> list[tuple[str, str]]:
    """Return what a session came to as names and values; what nobody knows is left out."""
    rows: list[tuple[str, str | None]] = [
        ("Time", f"{format_duration(summary.duration)}, of it moving {format_duration(summary.moving)}"),
        ("Distance", distance_text(summary.distance, unit)),
        ("Climb", climb_text(summary.climb, unit)),
        ("Average speed", _known(summary.average_speed, lambda speed: speed.text(unit))),
        ("Highest speed", _known(summary.best_speed, lambda speed: speed.text(unit))),
        ("Highest incline", _known(summary.highest_incline, str)),
        ("Average pulse", _known(summary.average_heart_rate, str)),
        ("Highest pulse", _known(summary.highest_heart_rate, str)),
        ("Energy", _known(summary.energy, EnergyEstimate.text)),
        ("Machine's energy", _known(summary.machine_energy, lambda energy: f"{energy} kcal")),
        ("Steps", _known(summary.steps_taken, str)),
        ("Times held back", str(summary.holds) if summary.holds else None),
        ("Console changes", str(summary.overrides) if summary.overrides else None),
        ("Warnings", str(summary.warnings) if summary.warnings else None),
        ("Without data", f"{summary.gap_s:.0f} s" if summary.gaps else None),
    ]
    return [(name, value) for name, value in rows if value is not None]


def _known(value: Value | None, form: Callable[[Value], str]) -> str | None:
    return None if value is None else form(value)
