"""What a session comes to: values only, and their form in JSON (docs/json.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backstride.units import Speed

if TYPE_CHECKING:
    from backstride.record.energy import EnergyEstimate
    from backstride.units import Incline


@dataclass(frozen=True, slots=True)
class StepSummary:
    """One step of the plan against what was walked of it.

    Attributes:
        step: Its number in the plan, from 0.
        label: The step as a person reads it.
        kind: ``steady``, ``ramp`` or ``stand``.
        planned_s: Planned seconds; None where a person or the distance ends the step.
        planned_m: Planned metres; None where the step goes by time.
        walked_s: Seconds spent in it, pauses left out, all visits together.
        walked_m: Metres walked in it.
        average_speed: Metres over seconds; None where nothing was walked.
        how: ``completed``, ``skipped``, ``repeated``, ``cut``; ``under way`` where the record ends in the step, and
            ``not reached``.
        visits: How often it was begun.
    """

    step: int
    label: str
    kind: str
    planned_s: float | None
    planned_m: float | None
    walked_s: float
    walked_m: float
    average_speed: Speed | None
    how: str
    visits: int

    def to_payload(self) -> dict[str, object]:
        """Return the step as JSON values."""
        return {
            "step": self.step,
            "label": self.label,
            "kind": self.kind,
            "planned_s": self.planned_s,
            "planned_m": self.planned_m,
            "walked_s": round(self.walked_s, 1),
            "walked_m": round(self.walked_m, 2),
            "average_speed_km_h": _scaled(self.average_speed, 100),
            "how": self.how,
            "visits": self.visits,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole session. None is unknown, never zero (S10).

    Attributes:
        at: Time of the last event, in seconds since the session was made.
        duration: Seconds from the first start of the belt to the end, pauses included; 0 if it never started.
        moving: Seconds in which distance was made.
        distance: Metres walked, by our own reckoning.
        climb: Metres climbed.
        average_speed: Distance over moving time.
        best_speed: Highest speed the machine reported.
        highest_incline: Highest inclination the machine reported while moving.
        average_heart_rate: Mean over the samples that have one, in beats per minute.
        highest_heart_rate: Highest of them.
        machine_energy: Growth of the machine's own counter, in kcal.
        machine_distance: Growth of the machine's own distance, in metres.
        steps_taken: Growth of the machine's step counter.
        energy: Our estimate with its range; None without a body mass.
        ending: ``finished``, ``stopped`` or ``aborted``; None while it runs, or where it was interrupted.
        reason: Why it ended.
        belt_standing: Whether the belt was seen standing at the end; None where nobody could see it.
        holds: How often a rule held something back.
        overrides: How often the console changed something.
        warnings: How many warnings were given.
        gaps: Stretches after the start without fresh samples.
        gap_s: Seconds in them.
        steps: Every step of the plan.
    """

    at: float
    duration: float
    moving: float
    distance: float
    climb: float
    average_speed: Speed | None
    best_speed: Speed | None
    highest_incline: Incline | None
    average_heart_rate: int | None
    highest_heart_rate: int | None
    machine_energy: int | None
    machine_distance: int | None
    steps_taken: int | None
    energy: EnergyEstimate | None
    ending: str | None
    reason: str
    belt_standing: bool | None
    holds: int
    overrides: int
    warnings: int
    gaps: int
    gap_s: float
    steps: tuple[StepSummary, ...]

    def to_payload(self) -> dict[str, object]:
        """Return the summary as JSON values: the last line of a record and of ``run --json`` (docs/json.md)."""
        return {
            "event": "summary",
            "t": round(self.at, 3),
            "ending": self.ending,
            "reason": self.reason,
            "belt_standing": self.belt_standing,
            "duration_s": round(self.duration, 1),
            "moving_s": round(self.moving, 1),
            "distance_m": round(self.distance, 2),
            "climb_m": round(self.climb, 2),
            "average_speed_km_h": _scaled(self.average_speed, 100),
            "best_speed_km_h": _scaled(self.best_speed, 100),
            "highest_incline_percent": _scaled(self.highest_incline, 10),
            "average_heart_rate_bpm": self.average_heart_rate,
            "highest_heart_rate_bpm": self.highest_heart_rate,
            "machine_energy_kcal": self.machine_energy,
            "machine_distance_m": self.machine_distance,
            "steps_taken": self.steps_taken,
            "energy_estimate": None if self.energy is None else self.energy.to_payload(),
            "holds": self.holds,
            "overrides": self.overrides,
            "warnings": self.warnings,
            "gaps": self.gaps,
            "gap_s": round(self.gap_s, 1),
            "steps": [step.to_payload() for step in self.steps],
        }


def average_speed(metres: float, seconds: float) -> Speed | None:
    """Return metres over seconds; None where nothing was walked."""
    return Speed(round(metres / seconds * 360)) if metres > 0 and seconds > 0 else None


def _scaled(value: int | None, scale: int) -> float | None:
    return None if value is None else int(value) / scale
