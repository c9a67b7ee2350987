"""What one machine can do, from what it announces and what its machine file knows.

Everything above this layer asks `Capabilities` and never the model's name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from backstride.errors import SafetyError
from backstride.machines.facts import MachineFacts, PauseEffect, WireUnit
from backstride.machines.incline_facts import InclineMap
from backstride.protocol.control_point import OpCode
from backstride.protocol.features import Features, TargetSetting
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.protocol.ranges import InclinationRange, SpeedRange

ABSURD_FACTOR: Final = 1.25
"""A reported speed this far above the machine's maximum is a broken frame, not a speed."""


@dataclass(frozen=True, slots=True)
class SpeedGrid:
    """The speeds a machine can hold: `low`, then every `step` up to `high`; neighbours may differ by 0.01 km/h in mph.

    Attributes:
        low: Slowest speed in hundredths of `unit`, as the machine counts.
        high: Fastest speed, likewise.
        step: Minimum increment, likewise.
        unit: The unit the machine's announced and reported speeds are in; the standard says km/h (quirks, point 5).
        write_unit: The unit the machine takes a written target for.
    """

    low: int
    high: int
    step: int
    unit: WireUnit = WireUnit.KMH
    write_unit: WireUnit = WireUnit.KMH

    @property
    def minimum(self) -> Speed:
        """The slowest speed."""
        return self.unit.from_wire(Speed(self.low))

    @property
    def maximum(self) -> Speed:
        """The fastest speed."""
        return self.unit.from_wire(Speed(self.high))

    @property
    def increment(self) -> Speed:
        """The distance between two neighbouring speeds."""
        return self.unit.from_wire(Speed(self.step))

    def snap(self, speed: Speed, *, ceiling: Speed | None = None) -> Speed:
        """Return the grid speed nearest to `speed`, a tie to the slower one; none above `ceiling` but the slowest."""
        units = _snap(self.unit.to_wire(speed), self.low, self.high, self.step)
        while ceiling is not None and units > self.low and self.unit.from_wire(Speed(units)) > ceiling:
            units -= self.step
        return self.unit.from_wire(Speed(units))

    def above(self, speed: Speed) -> Speed:
        """Return the slowest grid speed above `speed`, or the fastest there is."""
        snapped = self.snap(speed)
        return snapped if snapped > speed else self.snap(snapped + self.increment)

    def check(self, speed: Speed) -> None:
        """Refuse what lies outside the grid's ends (S7). Raises SafetyError."""
        if not self.minimum <= speed <= self.maximum:
            raise SafetyError(
                f"{speed} is outside what this machine can do, {self.minimum} to {self.maximum}; nothing was sent.",
                rule="S7",
            )

    def require(self, speed: Speed) -> None:
        """Refuse what is not one of the grid's speeds (S7: never silently rounded). Raises SafetyError."""
        self.check(speed)
        if self.snap(speed) != speed:
            raise SafetyError(f"{speed} is between this machine's steps; the nearest is {self.snap(speed)}.", rule="S7")


@dataclass(frozen=True, slots=True)
class InclineGrid:
    """The inclinations a machine can hold.

    Attributes:
        minimum: The lowest.
        maximum: The highest.
        increment: The distance between two neighbours.
        reported: False where telemetry never shows them.
        written: What the numbers mean by which they are set.
    """

    minimum: Incline
    maximum: Incline
    increment: Incline
    reported: bool = True
    written: InclineMap = InclineMap()

    def snap(self, incline: Incline, *, ceiling: Incline | None = None) -> Incline:
        """Return the grid inclination nearest to `incline`, a tie to the lower; none above `ceiling` but the lowest."""
        units = _snap(incline, self.minimum, self.maximum, self.increment)
        while ceiling is not None and units > max(ceiling, self.minimum):
            units -= self.increment
        return Incline(units)

    def check(self, incline: Incline) -> None:
        """Refuse what lies outside the grid's ends (S7). Raises SafetyError."""
        if not self.minimum <= incline <= self.maximum:
            raise SafetyError(
                f"{incline} is outside what this machine can do, {self.minimum} to {self.maximum}; nothing was sent.",
                rule="S7",
            )

    def require(self, incline: Incline) -> None:
        """Refuse what is not one of the grid's inclinations (S7: never silently rounded). Raises SafetyError."""
        self.check(incline)
        if self.snap(incline) != incline:
            nearest = self.snap(incline)
            raise SafetyError(f"{incline} is between this machine's steps; the nearest is {nearest}.", rule="S7")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one connected machine can do.

    Attributes:
        speed: The speeds it can be told to hold, or None with the reason in `no_speed`.
        incline: The inclinations, or None with the reason in `no_incline`.
        pause: What Pause does here.
        gentle: True if the belt is known to gain at most 0.2 mph per second (S8).
        motion_within: Seconds from an acknowledged command to the first sign of it in telemetry.
        silent_when_stopped: True if telemetry ends while the belt stands.
        telemetry_unit: The unit of reported speeds.
        fixed_incline: Inclination of a deck that is not level and cannot be moved, or None.
        before: What a person has to see to before a session, in sentences.
    """

    model: str
    speed: SpeedGrid | None
    incline: InclineGrid | None
    no_speed: str = ""
    no_incline: str = ""
    pause: PauseEffect = PauseEffect.PAUSES
    gentle: bool = False
    motion_within: float = 4.0
    silent_when_stopped: bool = False
    telemetry_unit: WireUnit = WireUnit.KMH
    fixed_incline: Incline | None = None
    before: tuple[str, ...] = ()

    def is_absurd(self, speed: Speed) -> bool:
        """Tell a broken frame from a speed: far above anything the machine can do."""
        return self.speed is not None and speed > self.speed.maximum * ABSURD_FACTOR


def capabilities(
    facts: MachineFacts,
    features: Features,
    speed_range: SpeedRange | None,
    incline_range: InclinationRange | None,
    *,
    has_control_point: bool = True,
) -> Capabilities:
    """Join what the machine announces with what its file knows; the file wins where they differ.

    Args:
        facts: The machine file.
        features: Value of 0x2ACC.
        speed_range: Value of 0x2AD4, or None if it cannot be read.
        incline_range: Value of 0x2AD5, or None if it cannot be read.
        has_control_point: False for a machine that only reports.
    """
    fixed = None if facts.incline is None else facts.incline.fixed
    if not has_control_point:
        nothing = "the machine has no control point: it reports, and takes no commands"
        unit = facts.speed.unit
        return Capabilities(facts.model, None, None, nothing, nothing, telemetry_unit=unit, fixed_incline=fixed)
    no_speed = _why_not(facts, features, TargetSetting.SPEED_TARGET, OpCode.SET_TARGET_SPEED, "speed", speed_range)
    no_incline = _why_not(
        facts, features, TargetSetting.INCLINATION_TARGET, OpCode.SET_TARGET_INCLINATION, "incline", incline_range
    )
    return Capabilities(
        model=facts.model,
        speed=None if no_speed or speed_range is None else _speed_grid(facts, speed_range),
        incline=None if no_incline or incline_range is None else _incline_grid(facts, incline_range),
        no_speed=no_speed,
        no_incline=no_incline,
        pause=facts.control.pause,
        gentle=facts.gentle,
        motion_within=facts.control.motion_within,
        silent_when_stopped=not facts.telemetry.when_stopped,
        telemetry_unit=facts.speed.unit,
        fixed_incline=fixed,
        before=tuple(before_session(facts)),
    )


def before_session(facts: MachineFacts) -> Iterator[str]:
    """Yield what a person has to see to, or to know, before a session on the machine, in sentences."""
    if facts.control.locked is not None:
        yield facts.control.locked
    yield from facts.advice
    if facts.miles_console:
        in_miles = WireUnit.MPH in {facts.control.write_unit, facts.speed.unit}
        taken = "miles" if in_miles else "kilometres"
        yield (
            f"What the numbers of the {facts.model} mean depends on whether its console is set to km or miles. It is "
            f"taken to be set to {taken}; if it is not, set it so, or say in the settings what it is set to "
            '(console = "mph" or "km/h").'
        )


def _why_not(
    facts: MachineFacts,
    features: Features,
    target: TargetSetting,
    op_code: OpCode,
    word: str,
    announced: SpeedRange | InclinationRange | None,
) -> str:
    if target is TargetSetting.INCLINATION_TARGET and facts.incline is None:
        return f"the {facts.model} has no motor for its incline"
    if target is TargetSetting.INCLINATION_TARGET and facts.incline is not None and facts.incline.fixed is not None:
        return f"the deck of the {facts.model} is fixed at {facts.incline.fixed}"
    if target is TargetSetting.SPEED_TARGET and "instantaneous_speed" in facts.telemetry.stuck:
        return f"the {facts.model} reports a speed of zero whatever its belt does, so nobody can see what it does (S2)"
    if op_code in facts.control.ignored:
        return f"the {facts.model} acknowledges {word} commands without obeying them"
    if op_code in facts.control.refused:
        return f"the {facts.model} refuses {word} commands"
    if op_code in facts.control.withheld:
        return f"{word} commands are not sent to the {facts.model}: {facts.control.withheld[op_code]}"
    if target not in features.target:
        return f"the machine does not offer {word} as a target"
    if announced is None:
        return f"the machine does not tell its {word} range"
    if announced.increment <= 0 or announced.maximum < announced.minimum:
        return f"the machine tells a {word} range that makes no sense"
    return ""


def _speed_grid(facts: MachineFacts, announced: SpeedRange) -> SpeedGrid:
    unit = facts.speed.unit
    low = announced.minimum or announced.increment  # a target of zero is no way to walk
    grid = SpeedGrid(low, announced.maximum, announced.increment, unit=unit, write_unit=facts.control.write_unit)
    if facts.speed.floor is not None and facts.speed.floor > grid.minimum:
        return replace(grid, low=int(unit.to_wire(facts.speed.floor)))
    return grid


def _incline_grid(facts: MachineFacts, announced: InclinationRange) -> InclineGrid:
    known = facts.incline
    if known is None:
        return InclineGrid(announced.minimum, announced.maximum, announced.increment)
    low = announced.minimum if known.floor is None else max(announced.minimum, known.floor)
    high = announced.maximum if known.ceiling is None else min(announced.maximum, known.ceiling)
    step = announced.increment if known.step is None else max(announced.increment, known.step)
    return InclineGrid(low, max(low, high), step, known.reported, known.written)


def _snap(value: int, minimum: int, maximum: int, increment: int) -> int:
    steps = -((increment - 2 * (value - minimum)) // (2 * increment))  # to the nearest, a half down
    highest = (maximum - minimum) // increment
    return minimum + increment * max(0, min(steps, highest))
