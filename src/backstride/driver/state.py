"""What is known of the belt at an instant, and how telemetry becomes it. Pure.

A missing value is None, never zero; a value that has not been heard for a while is aged, not erased, because some
machines alternate records with different fields (facts 4.2, quirks point 10).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from backstride.driver.events import ConsoleStopped, SafetyKeyPulled
from backstride.errors import DecodeError
from backstride.protocol.treadmill_data import RecordAssembler, TreadmillData, decode_treadmill_data
from backstride.units import Distance, Incline, Speed

if TYPE_CHECKING:
    from backstride.driver.events import MachineEvent
    from backstride.machines.facts import InclineFacts

Value = TypeVar("Value")

DOUBLED_WITHIN: Final = 0.1
"""Seconds within which an identical record is the same one delivered twice (S9)."""

FORGOTTEN_AFTER: Final = 5.0
"""Seconds after which a field that has not come again is unknown."""

STANDING_SAMPLES: Final = 2
"""Records of zero speed in a row that mean a standing belt: single zero frames are glitches (Merach, entry 28)."""

SLOWING_BY: Final = Speed(5)
"""Loss of speed between records that counts as slowing: half the usual step of 0.1 km/h."""

MOVES_AGAIN_AFTER: Final = 3.0
"""Seconds after a stop on the console at which a belt that has not lost speed since the last record moves again, or
still; and seconds of silence that mean a standing belt where telemetry ends with the motion."""


class TelemetryUnit(Protocol):
    """What turns a reported number into a speed."""

    def from_wire(self, number: Speed, /) -> Speed:
        """Return the speed that the machine means by `number`."""


class Telemetry(Protocol):
    """What must be known of a machine to read its telemetry; its `Capabilities` are that."""

    @property
    def telemetry_unit(self) -> TelemetryUnit:
        """The unit of reported speeds."""

    @property
    def silent_when_stopped(self) -> bool:
        """True if telemetry ends while the belt stands."""

    def is_absurd(self, speed: Speed, /) -> bool:
        """Tell a broken frame from a speed."""


@dataclass(frozen=True, slots=True)
class MachineState:
    """One immutable view of the belt.

    Attributes:
        at: Loop time of the last good record, or None before the first.
        speed: Reported speed; None is unknown.
        incline: Reported inclination; None is unknown.
        standing: True if the belt is seen to stand, False if it is seen to move, None if nobody can tell.
        slowing: True if the last two records show it losing speed.
        samples: Good records since the link was made, doubled deliveries counted once (S9).
        distance: Distance the machine reports, in metres.
        elapsed_s: Session time the machine reports, in seconds.
        training_status: Last Training Status code, or None.
        connected: True while the link is up.
    """

    at: float | None = None
    speed: Speed | None = None
    incline: Incline | None = None
    standing: bool | None = None
    slowing: bool = False
    samples: int = 0
    distance: Distance | None = None
    elapsed_s: int | None = None
    heart_rate_bpm: int | None = None
    energy_kcal: int | None = None
    power_w: int | None = None
    steps: int | None = None
    training_status: int | None = None
    connected: bool = True

    def age(self, now: float) -> float:
        """Return the seconds since the last good record; infinite before the first."""
        return float("inf") if self.at is None else now - self.at


class TelemetryWatch:
    """Turns Treadmill Data values into `MachineState`, and says which values were no good.

    Args:
        capabilities: What the machine can do.
        incline: How its records tell the inclination, where a machine file knows.

    Attributes:
        state: The latest state.
        dropped: Values that could not be used: malformed, or absurd.
        value_at: Loop time of the last value, used or not, doubled deliveries aside; None before the first on a link.
    """

    def __init__(self, capabilities: Telemetry, incline: InclineFacts | None = None) -> None:
        self.state = MachineState(connected=False)
        self.dropped = 0
        self.value_at: float | None = None
        self._capabilities = capabilities
        self._incline = incline
        self._assembler = RecordAssembler()
        self._recent: dict[bytes, float] = {}
        self._zeros = 0
        self._stopped_at: float | None = None  # on the console, and no motion seen since
        self._heard: dict[str, float] = {}

    def is_moving(self, now: float) -> bool:
        """Tell whether a target may go to the belt: it is seen to move, and no silence says otherwise (S2)."""
        state = self.state
        silent = self._capabilities.silent_when_stopped and state.age(now) > MOVES_AGAIN_AFTER
        return state.standing is False and bool(state.speed) and not silent

    def console_acted(self, event: MachineEvent, now: float) -> MachineState | None:
        """Take note of what the console did; return the new state, or None if it changed nothing.

        After a stop nobody knows what the belt does, until it is seen to stand or to move again (S2).
        """
        if not isinstance(event, ConsoleStopped | SafetyKeyPulled) or self.state.standing is True:
            return None
        self._stopped_at = now
        self.state = replace(self.state, standing=None, slowing=False)
        return self.state

    def link_made(self) -> MachineState:
        """Start afresh: nothing heard on an earlier link is known to be true."""
        self._assembler.reset()
        self.value_at = None
        self._zeros, self._stopped_at = 0, None
        self._recent.clear()
        self._heard.clear()
        self.state = MachineState(connected=True)
        return self.state

    def link_lost(self) -> MachineState:
        """Keep the last values, aged, but know nothing of the belt any more."""
        self._assembler.reset()
        self.state = replace(self.state, connected=False, standing=None, slowing=False)
        return self.state

    def training_status(self, code: int) -> MachineState:
        """Take a Training Status code."""
        self.state = replace(self.state, training_status=code)
        return self.state

    def feed(self, value: bytes, now: float) -> MachineState | None:
        """Take a notification; return the new state, or None if it changed nothing.

        A doubled delivery, a part of a split record, a malformed and an absurd value change nothing.
        """
        if self._is_doubled(value, now):
            return None
        self.value_at = now
        try:
            record = self._assembler.feed(decode_treadmill_data(value), now)
        except DecodeError:
            self.dropped += 1
            return None
        if record is None:
            return None
        if record.instantaneous_speed is None:
            self.dropped += 1
            return None
        speed = self._capabilities.telemetry_unit.from_wire(record.instantaneous_speed)
        if self._capabilities.is_absurd(speed):
            self.dropped += 1
            return None
        self.state = self._merged(record, speed, now)
        return self.state

    def _is_doubled(self, value: bytes, now: float) -> bool:
        """Tell a second delivery; the parts of a split record may come twice in turn."""
        self._recent = {heard: at for heard, at in self._recent.items() if now - at < DOUBLED_WITHIN}
        doubled = value in self._recent
        self._recent.setdefault(value, now)
        return doubled

    def _told_incline(self, number: Incline | None) -> Incline | None:
        """Return the inclination that a record means; None where it says nothing, or nothing true (quirks)."""
        facts = self._incline
        if facts is None:
            return number
        if facts.fixed is not None:
            return facts.fixed
        if number is None or not facts.reported:
            return None
        return facts.from_telemetry(number, self.state.incline)

    def _merged(self, record: TreadmillData, speed: Speed, now: float) -> MachineState:
        before = self.state
        self._zeros = self._zeros + 1 if speed == 0 else 0
        distance = None if record.total_distance is None else Distance(record.total_distance)
        return MachineState(
            at=now,
            speed=speed,
            incline=self._aged("incline", self._told_incline(record.inclination), before.incline, now),
            standing=self._standing(speed, now),
            slowing=before.speed is not None and before.speed - speed >= SLOWING_BY,
            samples=before.samples + 1,
            distance=self._aged("distance", distance, before.distance, now),
            elapsed_s=self._aged("elapsed", record.elapsed_time, before.elapsed_s, now),
            heart_rate_bpm=self._aged("heart_rate", record.heart_rate or None, before.heart_rate_bpm, now),
            energy_kcal=self._aged("energy", record.total_energy, before.energy_kcal, now),
            power_w=self._aged("power", record.power_output, before.power_w, now),
            steps=self._aged("steps", record.steps, before.steps, now),
            training_status=before.training_status,
            connected=True,
        )

    def _standing(self, speed: Speed, now: float) -> bool | None:
        before = self.state
        if speed == 0 and self._zeros >= STANDING_SAMPLES:
            self._stopped_at = None
            return True
        if speed == 0:
            return before.standing
        if self._stopped_at is not None and self._may_be_stopping(speed, now):
            return None
        self._stopped_at = None
        return False

    def _may_be_stopping(self, speed: Speed, now: float) -> bool:
        """Tell whether `speed` fits a belt that comes to rest after a stop on the console."""
        before = self.state
        if before.speed is None or before.age(now) > MOVES_AGAIN_AFTER:
            return False
        gained = speed - before.speed
        return gained < 0 or (gained < SLOWING_BY and now - (self._stopped_at or now) < MOVES_AGAIN_AFTER)

    def _aged(self, name: str, heard: Value | None, before: Value | None, now: float) -> Value | None:
        if heard is not None:
            self._heard[name] = now
            return heard
        if before is not None and now - self._heard[name] <= FORGOTTEN_AFTER:
            return before
        return None
