"""The first line of a record: what was walked, on what, and what was planned."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Final, Self, cast

from backstride.record.fields import number, text
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backstride.workout.plan import PlanStep

SCHEMA: Final = 1
"""Version of the record's format; it rises when a key goes away or changes its meaning (docs/json.md)."""


SIMULATED: Final = " (simulated)"
"""What the name of a treadmill that is none ends with in a record."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of the plan as it was compiled for the machine; its place in the plan is its number, from 0.

    Attributes:
        label: The step as a person reads it.
        kind: ``steady``, ``ramp`` or ``stand``.
        facing: ``backward`` or ``forward``.
        seconds: Planned duration; None where only a person ends the step, or the distance does.
        metres: Planned distance; None where the step goes by time.
        speed_from: Speed at the start of the step; None where it is not planned.
        speed_to: Speed at its end, the same as `speed_from` unless it is a ramp.
        incline_from: Inclination at the start of the step; None where it is not planned.
        incline_to: Inclination at its end.
    """

    label: str
    kind: str
    facing: str = "backward"
    seconds: float | None = None
    metres: float | None = None
    speed_from: Speed | None = None
    speed_to: Speed | None = None
    incline_from: Incline | None = None
    incline_to: Incline | None = None

    @property
    def expected_seconds(self) -> float:
        """The planned duration, or what the planned distance takes at the mean speed, or 0 where nothing tells."""
        if self.seconds is not None:
            return self.seconds
        speeds = [speed.metres_per_second for speed in (self.speed_from, self.speed_to) if speed is not None]
        mean = sum(speeds) / len(speeds) if speeds else 0.0
        return self.metres / mean if self.metres is not None and mean > 0 else 0.0

    @classmethod
    def of(cls, step: PlanStep, label: str) -> Self:
        """Return `step` of a compiled plan under `label`."""
        by_time = step.length is None and not step.until_confirmed
        return cls(
            label=label,
            kind=step.kind.value,
            facing=step.facing.value,
            seconds=step.duration if by_time else None,
            metres=None if step.length is None else float(step.length),
            speed_from=step.speed_from,
            speed_to=step.speed,
            incline_from=step.incline_from,
            incline_to=step.incline,
        )

    def to_payload(self) -> dict[str, object]:
        """Return the step as JSON values, the unit in the key."""
        return {
            "label": self.label,
            "kind": self.kind,
            "facing": self.facing,
            "planned_s": self.seconds,
            "planned_m": self.metres,
            "speed_from_km_h": _unless_none(self.speed_from, 100),
            "speed_to_km_h": _unless_none(self.speed_to, 100),
            "incline_from_percent": _unless_none(self.incline_from, 10),
            "incline_to_percent": _unless_none(self.incline_to, 10),
        }

    @classmethod
    def from_payload(cls, values: Mapping[str, object]) -> Self:
        """Return the step that `values` describe. Raises ValueError, whose sentence names the key."""
        speed_from, speed_to = _number(values, "speed_from_km_h"), _number(values, "speed_to_km_h")
        incline_from, incline_to = _number(values, "incline_from_percent"), _number(values, "incline_to_percent")
        return cls(
            label=_text(values, "label"),
            kind=_text(values, "kind"),
            facing=_text(values, "facing"),
            seconds=_number(values, "planned_s"),
            metres=_number(values, "planned_m"),
            speed_from=None if speed_from is None else Speed(round(speed_from * 100)),
            speed_to=None if speed_to is None else Speed(round(speed_to * 100)),
            incline_from=None if incline_from is None else Incline(round(incline_from * 10)),
            incline_to=None if incline_to is None else Incline(round(incline_to * 10)),
        )


@dataclass(frozen=True, slots=True)
class ProfileRef:
    """The profile that was walked.

    Attributes:
        name: Its name, as the file gives it.
        ref: The path or the shipped name it was loaded by; empty for a profile built in Python.
    """

    name: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class MachineRef:
    """The treadmill that was walked on.

    Attributes:
        name: The name it advertises.
        address: Its Bluetooth address, or the platform's identifier for it.
        model: Name of the machine file it was driven by.
    """

    name: str
    address: str = ""
    model: str = ""

    @property
    def is_simulated(self) -> bool:
        """True if it was no real treadmill, which its name says."""
        return self.name.endswith(SIMULATED)


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a record.

    Attributes:
        started: When the session was made; aware of its time zone.
        version: Version of Backstride that wrote the record.
        profile: What was walked.
        machine: On what.
        plan: The steps in order.
    """

    started: datetime
    version: str
    profile: ProfileRef
    machine: MachineRef
    plan: tuple[PlannedStep, ...] = ()

    def __post_init__(self) -> None:
        if self.started.tzinfo is None:
            raise ValueError("started: a time without its zone says nothing next summer")

    def to_payload(self) -> dict[str, object]:
        """Return the header as JSON values."""
        return {
            "schema": SCHEMA,
            "kind": "header",
            "started": self.started.isoformat(),
            "version": self.version,
            "profile": {"name": self.profile.name, "ref": self.profile.ref},
            "machine": {"name": self.machine.name, "address": self.machine.address, "model": self.machine.model},
            "plan": [step.to_payload() for step in self.plan],
        }

    @classmethod
    def from_payload(cls, values: Mapping[str, object]) -> Self:
        """Return the header that `values` describe. Raises ValueError, whose sentence names the key."""
        schema = values.get("schema")
        if values.get("kind") != "header" or not isinstance(schema, int):
            raise ValueError("this is not the header of a Backstride record")
        if schema > SCHEMA:
            raise ValueError(
                f"written by a newer Backstride (schema {schema}; this one reads up to {SCHEMA}); update Backstride"
            )
        plan = values.get("plan")
        if not isinstance(plan, list):
            raise ValueError(f"plan: found {plan!r:.60}, expected a list of steps")  # noqa: TRY004 - one class for all damage
        return cls(
            started=datetime.fromisoformat(_text(values, "started")),
            version=_text(values, "version"),
            profile=ProfileRef(**_texts(values, "profile", ProfileRef)),
            machine=MachineRef(**_texts(values, "machine", MachineRef)),
            plan=tuple(PlannedStep.from_payload(_mapping(step, "plan")) for step in plan),
        )


def _unless_none(value: int | None, scale: int) -> float | None:
    return None if value is None else int(value) / scale


def _text(values: Mapping[str, object], key: str) -> str:
    value = text(values, key)
    if value is None:
        raise ValueError(f"{key}: found {values.get(key)!r:.60}, expected text")
    return value


def _number(values: Mapping[str, object], key: str) -> float | None:
    value = number(values, key)
    if value is None and values.get(key) is not None:
        raise ValueError(f"{key}: found {values[key]!r:.60}, expected a number or null")
    return value


def _mapping(value: object, key: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{key}: found {value!r:.60}, expected an object")  # noqa: TRY004 - one class for all damage
    return cast("Mapping[str, object]", value)


def _texts(values: Mapping[str, object], key: str, shape: type[ProfileRef | MachineRef]) -> dict[str, str]:
    inner = _mapping(values.get(key), key)
    return {field.name: _text(inner, field.name) for field in fields(shape)}
