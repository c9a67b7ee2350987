"""A walk as lines of text, for pipes, files and terminals that cannot draw: one line for each event worth reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.apps.cli.wording import UNKNOWN, distance_text, in_unit
from backstride.units import Incline, Speed, SpeedUnit, format_duration
from backstride.workout import events
from backstride.workout.events import Ending, SessionEvent, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

STATUS_EVERY: Final = 30
"""Seconds between two lines that tell how it goes."""

_TOLD_BY_END: Final = (SessionState.FINISHED, SessionState.ABORTED)
_TOLD_SECONDS: Final = (10, 3)
_RAILS: Final = {"both": "both hands on the rails", "one": "one hand on the rail", "none": "hands free, rails in reach"}
_ENDINGS: Final = {Ending.FINISHED: "Finished", Ending.STOPPED: "Stopped", Ending.ABORTED: "Aborted"}
_BELT: Final = {True: "the belt stands", False: "THE BELT MOVES", None: "NOBODY CAN SEE WHETHER THE BELT STANDS"}


class PlainLines:
    """Writes a walk line by line.

    Args:
        write: Takes each line.
        unit: Unit of speeds.
        steps: Number of steps of the plan.
    """

    def __init__(self, write: Callable[[str], None], unit: SpeedUnit, steps: int) -> None:
        self._write = write
        self._unit = unit
        self._steps = steps
        self._status_at = float(STATUS_EVERY)

    def show(self, event: SessionEvent, at: float) -> None:
        """Write the line of `event`, if it is worth one."""
        text = self._sample(event, at) if isinstance(event, events.Sample) else self._line(event)
        if text:
            self._write(f"{format_duration(at):>7}  {in_unit(text, self._unit)}")

    def note(self, text: str) -> None:
        """Write a remark; an empty one is none."""
        if text:
            self._write(f"{'':>7}  {text}")

    def close(self) -> None:
        """Nothing is held open."""

    def _sample(self, sample: events.Sample, at: float) -> str:
        if at < self._status_at or sample.step is None:
            return ""
        self._status_at = at - at % STATUS_EVERY + STATUS_EVERY
        target = "" if sample.target_speed is None else f" (target {sample.target_speed.text(self._unit)})"
        stale = ", NOT FRESH" if sample.stale else ""
        parts = (
            self._speed(sample.speed) + target,
            _incline(sample.incline),
            distance_text(sample.distance, self._unit),
        )
        return f"{', '.join(parts)}{stale}"

    def _line(self, event: SessionEvent) -> str:
        match event:
            case events.StateChanged(state, reason) if state not in _TOLD_BY_END:
                return f"{state.value.capitalize()}{f': {reason}' if reason else ''}"
            case events.StepStarted():
                rails = _RAILS.get(event.handrails, event.handrails)
                return f"Step {event.step + 1} of {self._steps}: {event.label}; {event.facing}, {rails}"
            case events.StepEnded(how=how) if how != "completed":
                return f"Step {event.step + 1} {how}"
            case events.Cue(text):
                return f"Cue: {text}"
            case events.Countdown(seconds, following) if seconds in _TOLD_SECONDS:
                return f"In {seconds} s: {following}"
            case events.TargetSet(speed, incline):
                both = (None if speed is None else self._speed(speed), None if incline is None else incline.text())
                return f"Target {' and '.join(filter(None, both))}"
            case _:
                return self._remark(event)

    def _remark(self, event: SessionEvent) -> str:
        match event:
            case events.CommandSettled(command, outcome, reason) if outcome != "confirmed":
                return f"The {command} command is {outcome}: {reason}"
            case events.Overridden(change, speed, incline):
                value = self._speed(speed) if change == "speed" else _incline(incline)
                return f"Console: {change} {value}, held to the end of the step"
            case events.Held(rule, reason):
                return f"Held: {reason} ({rule})"
            case events.Warned(text, rule, urgent):
                return f"{'URGENT' if urgent else 'Warning'}: {text}{f' ({rule})' if rule else ''}"
            case events.PersonNeeded(text=text):
                return f"{text} Press Enter; q stops."
            case events.LinkChanged(connected):
                return "Connected again" if connected else "CONNECTION LOST"
            case events.Ended(ending, reason, standing):
                return f"{_ENDINGS[ending]}{f': {reason}' if reason else ''}; {_BELT[standing]}"
            case _:
                return ""

    def _speed(self, speed: Speed | None) -> str:
        return UNKNOWN if speed is None else speed.text(self._unit)


def _incline(incline: Incline | None) -> str:
    return UNKNOWN if incline is None else incline.text()
