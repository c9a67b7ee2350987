"""What a simulated treadmill says of itself: Treadmill Data 0x2ACD as its machine file has it (FTMS 4.4)."""

from __future__ import annotations

from math import atan, pi
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from backstride.machines.facts import RecordLayout
from backstride.protocol.treadmill_data import DataFlag, TreadmillData, encode_treadmill_data, split_record
from backstride.simulator.belt import REST_UPTAKE
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.machines.facts import MachineFacts
    from backstride.simulator.belt import Belt
    from backstride.simulator.session import MachineSession

LAYOUT_LASTS: Final = 30.0
"""Seconds of motion after which a machine whose records change sends the next layout."""

_TRUNCATED_OCTETS: Final = 20
_UINT8: Final = 0xFE  # the highest number that is not a sentinel
_UINT16: Final = 0xFFFE
_UINT24: Final = 0xFFFFFF

_Fields: TypeAlias = "dict[str, int | None]"


class _Packet(NamedTuple):
    """One notification of a record: its flags, where its fields come from, and those that never change."""

    flags: int
    measures: list[Callable[[], _Fields]]
    fixed: _Fields


class Telemetry:
    """Builds the notifications of one record from the belt's present state."""

    def __init__(self, facts: MachineFacts, belt: Belt, session: MachineSession) -> None:
        self._facts = facts
        self._belt = belt
        self._session = session
        telemetry = facts.telemetry
        self._step_octets = telemetry.step_octets
        self._to_wire = facts.speed.unit.to_wire
        split = telemetry.layout is RecordLayout.SPLIT
        self._packets = [self._packet(flags) for flags in (telemetry.packets if split else (telemetry.flags,))]
        self._later = [[self._packet(flags)] for flags in telemetry.later_flags]

    def notifications(self, size: int) -> tuple[bytes, ...]:
        """Return the values that carry the present record, each of at most `size` octets (ATT_MTU - 3)."""
        telemetry = self._facts.telemetry
        packets = [self._packets, *self._later][min(len(self._later), int(self._belt.elapsed / LAYOUT_LASTS))]
        last = packets[-1]
        records = [self._record(packet, telemetry.trailing_octets if packet is last else 0) for packet in packets]
        if telemetry.layout is RecordLayout.STANDARD:
            return split_record(records[0], size)
        values = tuple(map(encode_treadmill_data, records))
        if telemetry.layout is RecordLayout.TRUNCATED:
            return tuple(value[:_TRUNCATED_OCTETS] for value in values)
        return values

    def _packet(self, flags: int) -> _Packet:
        """Return where the fields come from that `flags` announce, and those that this machine never tells."""
        measures = {
            DataFlag.AVERAGE_SPEED: self._average_speed,
            DataFlag.TOTAL_DISTANCE: self._distance,
            DataFlag.INCLINATION_AND_RAMP_ANGLE: self._incline,
            DataFlag.ELEVATION_GAIN: self._elevation,
            DataFlag.INSTANTANEOUS_PACE: self._pace,
            DataFlag.AVERAGE_PACE: self._average_pace,
            DataFlag.EXPENDED_ENERGY: self._energy,
            DataFlag.HEART_RATE: self._heart_rate,
            DataFlag.METABOLIC_EQUIVALENT: self._metabolic_equivalent,
            DataFlag.ELAPSED_TIME: self._elapsed_time,
            DataFlag.REMAINING_TIME: self._remaining_time,
            DataFlag.STEPS: self._steps,
        }
        chosen = [measure for flag, measure in measures.items() if flags & flag]
        if not flags & DataFlag.MORE_DATA:
            chosen.append(self._speed)
        told = {name for measure in chosen for name in measure()}
        telemetry = self._facts.telemetry
        fixed: dict[str, int | None] = {name: None for name in telemetry.unavailable if name in told}
        fixed |= {name: 0 for name in telemetry.stuck if name in told}
        return _Packet(flags, chosen, fixed)

    def _record(self, packet: _Packet, trailing_octets: int) -> TreadmillData:
        fields: dict[str, Any] = {}
        for measure in packet.measures:
            fields.update(measure())
        fields.update(packet.fixed)
        fields["step_octets"] = self._step_octets
        return TreadmillData(packet.flags, trailing=bytes(trailing_octets), **fields)

    # One method for each flag; Force on Belt and Power Output are not measured and go out as "not available"

    def _speed(self) -> _Fields:
        return {"instantaneous_speed": self._to_wire(self._belt.reported_speed)}

    def _average(self) -> float:
        elapsed = self._belt.elapsed
        return self._belt.distance / elapsed * 3.6 if elapsed > 0 else 0.0

    def _average_speed(self) -> _Fields:
        return {"average_speed": self._to_wire(Speed(min(_UINT16, round(self._average() * 100))))}

    def _distance(self) -> _Fields:
        return {"total_distance": min(_UINT24, int(self._belt.distance))}

    def _incline(self) -> _Fields:
        facts = self._facts.incline
        if facts is None or facts.fixed is not None or not facts.reported:
            return {"inclination": Incline(0), "ramp_angle": 0}
        ramp_angle = round(atan(self._belt.incline / 100) * 1800 / pi)
        return {"inclination": facts.to_telemetry(self._belt.reported_incline), "ramp_angle": ramp_angle}

    def _elevation(self) -> _Fields:
        return {
            "positive_elevation_gain": min(_UINT16, round(self._belt.ascent * 10)),
            "negative_elevation_gain": min(_UINT16, round(self._belt.descent * 10)),
        }

    def _pace(self) -> _Fields:
        return {"instantaneous_pace": _seconds_per_500_m(self._belt.speed)}

    def _average_pace(self) -> _Fields:
        return {"average_pace": _seconds_per_500_m(self._average())}

    def _energy(self) -> _Fields:
        energy, elapsed = self._belt.energy, self._belt.elapsed
        rate = energy / elapsed if elapsed > 0 else 0.0
        return {
            "total_energy": min(_UINT16, int(energy)),
            "energy_per_hour": min(_UINT16, round(rate * 3600)),
            "energy_per_minute": min(_UINT8, round(rate * 60)),
        }

    def _heart_rate(self) -> _Fields:
        return {"heart_rate": 0}  # nobody holds the sensors

    def _metabolic_equivalent(self) -> _Fields:
        return {"metabolic_equivalent": min(_UINT8, round(self._belt.oxygen_uptake / REST_UPTAKE * 10))}

    def _elapsed_time(self) -> _Fields:
        return {"elapsed_time": min(0xFFFF, int(self._belt.elapsed))}

    def _remaining_time(self) -> _Fields:
        return {"remaining_time": self._session.remaining_time or 0}

    def _steps(self) -> _Fields:
        return {"steps": int(self._belt.steps) % (1 << 8 * self._step_octets)}


def _seconds_per_500_m(kmh: float) -> int:
    """Return seconds per 500 m; 0 for a standing belt, where the standard is silent."""
    return min(_UINT16, round(1800 / kmh)) if kmh > 0 else 0
