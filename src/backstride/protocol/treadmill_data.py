"""Treadmill Data 0x2ACD: one measured record, whole or in parts (FTMS 4.4).

The flags say which fields follow; the order never changes (`treadmill_fields`). A `_Plan` is what that comes to for one
flags word at one length: everything the length decides (legacy pace, steps, truncation) is decided once and kept.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.treadmill_fields import (
    BIT_OF_VALUE,
    FIELDS,
    FLAGS,
    MORE_DATA,
    RESERVED,
    STEP_FIELDS,
    STEPS,
    DataFlag,
    Field,
    announced_fields,
    fields_of,
)
from backstride.protocol.wire import SINT16, UINT8, UINT16, UINT24

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.units import Incline, Speed

__all__ = [
    "DataFlag",
    "RecordAssembler",
    "TreadmillData",
    "decode_treadmill_data",
    "encode_treadmill_data",
    "narrow_record",
    "split_record",
    "whole_fields",
]

_ONE_MET: Final = 10  # in 0.1 MET


@dataclass(frozen=True, slots=True)
class TreadmillData:
    """The fields of one value of 0x2ACD, or of a whole record put together.

    A field is None if its flag is clear, if the machine says "not available", or if the value ends before it.

    Attributes:
        flags: The flags word as sent, reserved bits included.
        instantaneous_speed: In 0.01 km/h.
        average_speed: In 0.01 km/h, since the session began.
        total_distance: In metres, since the session began.
        inclination: In 0.1 %; negative is downhill.
        ramp_angle: In 0.1 degree.
        positive_elevation_gain: In 0.1 m.
        negative_elevation_gain: In 0.1 m, a magnitude. Some makers send 0x7FFF or 0xFFFF for "not available".
        instantaneous_pace: In seconds per 500 m.
        average_pace: In seconds per 500 m.
        instantaneous_pace_legacy: In 0.1 km/min, the form of one octet of 2017.
        average_pace_legacy: In 0.1 km/min, same.
        total_energy: In kilocalories.
        energy_per_hour: In kilocalories.
        energy_per_minute: In kilocalories.
        heart_rate: In beats per minute. Machines send 0 without contact.
        metabolic_equivalent: As sent; `metabolic_rate` gives it a unit.
        elapsed_time: In seconds.
        remaining_time: In seconds.
        force_on_belt: In newtons; positive if the person drives the belt.
        power_output: In watts; same sign.
        steps: The vendor's step counter under the reserved bit 13.
        step_octets: How many octets that counter takes, 2 or 3.
        missing: Name of the first field the flags promise and the value does not hold, or None.
        trailing: The octets after the last whole field.
    """

    flags: int = 0
    instantaneous_speed: Speed | None = None
    average_speed: Speed | None = None
    total_distance: int | None = None
    inclination: Incline | None = None
    ramp_angle: int | None = None
    positive_elevation_gain: int | None = None
    negative_elevation_gain: int | None = None
    instantaneous_pace: int | None = None
    average_pace: int | None = None
    instantaneous_pace_legacy: int | None = None
    average_pace_legacy: int | None = None
    total_energy: int | None = None
    energy_per_hour: int | None = None
    energy_per_minute: int | None = None
    heart_rate: int | None = None
    metabolic_equivalent: int | None = None
    elapsed_time: int | None = None
    remaining_time: int | None = None
    force_on_belt: int | None = None
    power_output: int | None = None
    steps: int | None = None
    step_octets: int = 3
    missing: str | None = None
    trailing: bytes = b""

    @property
    def more_data(self) -> bool:
        """Whether the record goes on in the next notification."""
        return bool(self.flags & MORE_DATA)

    @property
    def metabolic_rate(self) -> int | None:
        """The metabolic equivalent in 0.1 MET.

        Sources disagree on its resolution. Below 1.0 while the belt moves is no living person, so such a number is
        whole METs, as a Matrix treadmill sends them.
        """
        raw = self.metabolic_equivalent
        return raw * 10 if raw is not None and raw < _ONE_MET and self.instantaneous_speed else raw


class _Plan(NamedTuple):
    """How to read a value of one flags word and one length.

    The cells are a list of None, for what is absent, and the numbers of the value in order.
    """

    unpack: Callable[[bytes], tuple[Any, ...]]
    sentinels: tuple[tuple[int, int], ...]  # (cell, number that means "not available")
    kinds: tuple[tuple[int, Callable[[Any], int]], ...]  # (cell, what its number becomes)
    arrange: Callable[[list[Any]], tuple[Any, ...]]  # cells in the order of the attributes of TreadmillData
    end: int
    step_octets: int
    missing: str | None


_from_uint24: Final[Callable[[bytes], int]] = partial(int.from_bytes, byteorder="little")
_STRUCT_CODES: Final = {UINT8: "B", UINT16: "H", UINT24: "3s", SINT16: "h"}
_MEASURES: Final = tuple(field.name for field in fields(TreadmillData) if field.name in BIT_OF_VALUE)


@lru_cache(maxsize=512)
def _plan(flags: int, length: int) -> _Plan:
    end, missing = FLAGS.octets, None
    whole: list[Field] = []
    for field in fields_of(flags, length):
        if end + field.width.octets > length:
            missing = field.name
            break
        whole.append(field)
        end += field.width.octets
    cells = {field.name: cell for cell, field in enumerate(whole, start=1)}
    kinds = {field.name: _from_uint24 if field.width is UINT24 else field.kind for field in whole}
    return _Plan(
        unpack=struct.Struct("<2x" + "".join(_STRUCT_CODES[field.width] for field in whole)).unpack_from,
        sentinels=tuple((cells[field.name], field.sentinel) for field in whole if field.sentinel is not None),
        kinds=tuple((cells[name], kind) for name, kind in kinds.items() if kind is not None),
        arrange=itemgetter(*(cells.get(name, 0) for name in _MEASURES)),
        end=end,
        step_octets=whole[-1].width.octets if "steps" in cells else UINT24.octets,
        missing=missing,
    )


def decode_treadmill_data(value: bytes) -> TreadmillData:
    """Read one value of 0x2ACD, leniently (FTMP 4.4.2).

    Reserved bits mean nothing, octets left over are kept in ``trailing``, and a value that ends before its flags say
    keeps its whole fields and names the first lost one in ``missing``. Pace has one octet if the value is shorter by
    exactly one for each pace than it should be and the flags leave nobody else to blame; bit 13 alone brings steps if
    two or three octets are left for them.

    Raises:
        DecodeError: Not even the flags are whole.
    """
    length = len(value)
    if length < FLAGS.octets:
        raise DecodeError("the value ends before its flags", field="flags")
    flags = value[0] | value[1] << 8
    plan = _plan(flags, length)
    cells = [None, *plan.unpack(value)]
    for cell, sentinel in plan.sentinels:
        if cells[cell] == sentinel:
            cells[cell] = None
    for cell, kind in plan.kinds:
        if cells[cell] is not None:
            cells[cell] = kind(cells[cell])
    trailing = value[plan.end :]
    values: tuple[Any, ...] = (flags, *plan.arrange(cells), plan.step_octets, plan.missing, trailing)
    return TreadmillData(*values)


def whole_fields(data: TreadmillData) -> tuple[str, ...]:
    """Return the names of the standard fields that a decoded value holds whole, known or not, in their order."""
    names = [field.name for field in _announced(data) if field.bit != STEPS]
    return tuple(names if data.missing is None else names[: names.index(data.missing)])


def encode_treadmill_data(data: TreadmillData) -> bytes:
    """Return the octets of one value of 0x2ACD.

    A field whose flag is set and whose value is None goes out as "not available".

    Raises:
        EncodeError: A number is out of range, flags and fields contradict each other, the record was cut off, or the
            octets would read as something else.
    """
    _refuse_ambiguity(data)
    for name in _unannounced(data.flags, _step_octets(data), legacy=_is_legacy(data)):
        if getattr(data, name) is not None:
            raise EncodeError(f"{name} is given, but its flag is clear or it contradicts another field")
    flags = FLAGS.write(data.flags, "flags")
    octets = [_encode_field(field, getattr(data, field.name)) for field in _announced(data)]
    return flags + b"".join(octets) + data.trailing


@lru_cache(maxsize=512)
def _unannounced(flags: int, step_octets: int, *, legacy: bool) -> tuple[str, ...]:
    """Return the names of the measures that are not among the announced fields."""
    names = {field.name for field in announced_fields(flags, legacy=legacy, step_octets=step_octets)}
    return tuple(name for name in _MEASURES if name not in names)


def _refuse_ambiguity(data: TreadmillData) -> None:
    """Refuse what the length alone would make a reader take for something else."""
    if data.missing is not None:
        raise EncodeError(f"the record was cut off before {data.missing}")
    reserved = data.flags & RESERVED
    if _is_legacy(data) and (reserved or data.trailing):
        raise EncodeError("nothing may follow the fields of a record with a pace of one octet")
    if data.steps is None and reserved == STEPS and len(data.trailing) in STEP_FIELDS:
        raise EncodeError(f"{len(data.trailing)} octets after the fields under bit 13 are steps; say so")
    if data.steps is not None and (reserved != STEPS or data.trailing or data.step_octets not in STEP_FIELDS):
        raise EncodeError("steps take 2 or 3 octets under bit 13 as the only reserved one, and nothing may follow them")


def _is_legacy(data: TreadmillData) -> bool:
    return data.instantaneous_pace_legacy is not None or data.average_pace_legacy is not None


def _announced(data: TreadmillData) -> tuple[Field, ...]:
    return announced_fields(data.flags, legacy=_is_legacy(data), step_octets=_step_octets(data))


def _step_octets(data: TreadmillData) -> int:
    return 0 if data.steps is None else data.step_octets


def _encode_field(field: Field, number: int | None) -> bytes:
    if number is None:
        if field.sentinel is None:
            raise EncodeError(f'{field.name} is announced by the flags and knows no "not available"')
        return field.width.write(field.sentinel, field.name)
    if number == field.sentinel:
        raise EncodeError(f'{field.name} {int(number)} means "not available"; say None')
    return field.width.write(number, field.name)


def narrow_record(data: TreadmillData, flags: int) -> TreadmillData:
    """Return the part of `data` that `flags` announce; octets beyond the fields stay only under a reserved bit."""
    dropped: dict[str, Any] = dict.fromkeys(name for name, bit in BIT_OF_VALUE.items() if not (flags ^ MORE_DATA) & bit)
    return replace(data, flags=flags, trailing=data.trailing if flags & RESERVED else b"", **dropped)


def split_record(data: TreadmillData, size: int) -> tuple[bytes, ...]:
    """Return the values that carry a whole record, as few as the order of the fields allows (FTMS 4.19).

    Args:
        data: A whole record: More Data clear.
        size: Octets that fit into one notification, ATT_MTU - 3: 20 at the default.

    Raises:
        EncodeError: `data` cannot be encoded, is itself a part, or a group of fields does not fit into `size`.
    """
    whole = encode_treadmill_data(data)
    if data.more_data:
        raise EncodeError("only a whole record can be split")
    if len(whole) <= size:
        return (whole,)
    tail = (data.step_octets if data.steps is not None else 0) + len(data.trailing)
    last_octets = FIELDS[0].width.octets + tail
    groups: dict[int, int] = {}
    for field in _announced(data):
        if field.bit not in {MORE_DATA, STEPS}:
            groups[field.bit] = groups.get(field.bit, 0) + field.width.octets
    if FLAGS.octets + max((*groups.values(), last_octets)) > size:
        raise EncodeError(f"{size} octets are too few for one group of fields")
    parts, used = [MORE_DATA], FLAGS.octets
    for bit, octets in (*groups.items(), (0, last_octets)):
        if used + octets > size:
            parts.append(MORE_DATA)
            used = FLAGS.octets
        parts[-1] |= bit
        used += octets
    parts[-1] = parts[-1] & ~MORE_DATA | data.flags & RESERVED
    narrowed = [narrow_record(data, flags) for flags in parts]
    narrowed[-1] = replace(narrowed[-1], trailing=data.trailing)
    return tuple(encode_treadmill_data(part) for part in narrowed)


class RecordAssembler:
    """Puts the parts of split records together: one for each connection and subscription (FTMS 4.19)."""

    def __init__(self, patience: float = 2.0) -> None:
        """Start empty; parts older than `patience` seconds no longer belong to what comes."""
        self._patience = patience
        self._parts: TreadmillData | None = None
        self._since = 0.0

    def feed(self, data: TreadmillData, now: float) -> TreadmillData | None:
        """Take one decoded value at `now` seconds; return the record it completes, or None while there is more to come.

        If a field comes twice the later known value counts.
        """
        if self._parts is None or now - self._since > self._patience:
            self._since = now
            record = data
        else:
            record = _joined(self._parts, data)
        self._parts = record if data.more_data else None
        return None if data.more_data else record

    def reset(self) -> None:
        """Forget the parts of a record that a lost link cut off; they are never sent again (FTMS 4.18)."""
        self._parts = None


def _joined(first: TreadmillData, second: TreadmillData) -> TreadmillData:
    news: dict[str, Any] = {name: getattr(second, name) for name in _MEASURES if getattr(second, name) is not None}
    return replace(
        first,
        flags=first.flags & ~MORE_DATA | second.flags,
        step_octets=first.step_octets if second.steps is None else second.step_octets,
        missing=first.missing or second.missing,
        trailing=second.trailing or first.trailing,
        **news,
    )
