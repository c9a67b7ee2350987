"""The decoders of the protocol: what a radio may hand over.

Nothing here knows a fuzzer, so pytest and a person with one input in their hand run the same code.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, TypeVar

from backstride.errors import DecodeError, EncodeError
from backstride.protocol import advertisement, control_point, features, machine_status, ranges, training_status
from backstride.protocol.readable import describe
from backstride.protocol.treadmill_data import (
    RecordAssembler,
    TreadmillData,
    decode_treadmill_data,
    encode_treadmill_data,
    split_record,
    whole_fields,
)
from backstride.protocol.uuids import NAMES
from tests.fuzz import seeds
from tests.fuzz.documents import Choices
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from backstride.protocol.wire import Layout

Value = TypeVar("Value")

LONGEST_VALUE: Final = 64
"""Octets of an input: three notifications of 20, for records in parts."""


def decoded(decode: Callable[[bytes], Value], value: bytes) -> Value | None:
    """Return what `decode` makes of `value`, or None after a DecodeError that says what is wrong, and where."""
    try:
        return decode(value)
    except DecodeError as error:
        _explains(error, value)
        return None


def _explains(error: DecodeError, value: bytes) -> None:
    assert str(error)
    assert "\n" not in str(error)
    assert 0 <= error.offset <= len(value)


def survives(decode: Callable[[bytes], Value], encode: Callable[[Value], bytes], value: bytes) -> Value | None:
    """Return what `decode` makes of `value`, after making sure that it is still the same when it was sent again."""
    first = decoded(decode, value)
    if first is not None:
        assert decode(encode(first)) == first
    return first


def treadmill_data(value: bytes) -> None:
    data = decoded(decode_treadmill_data, value)
    if data is None:
        return
    whole_fields(data)
    try:
        again = encode_treadmill_data(data)
    except EncodeError:
        again = b""
    assert again == (value if data.missing is None else b"")


def split_records(value: bytes) -> None:
    """Read `value` as notifications, each after two octets: tenths of a second since the one before, and its length."""
    assembler, now = RecordAssembler(), 0.0
    while value:
        header, value = value[:2], value[2:]
        now += header[0] / 10
        length = header[-1] % 32
        data = decoded(decode_treadmill_data, value[:length])
        value = value[length:]
        if data is None:
            continue
        record = assembler.feed(data, now)
        assert (record is None) == data.more_data
        if record is not None:
            assert not record.more_data
            assert all(getattr(record, name) == _known(data, name) for name in whole_fields(data) if _known(data, name))
            _comes_together_again(record, 9 + length)


def _known(data: TreadmillData, name: str) -> int | None:
    value: int | None = getattr(data, name)
    return value


def _comes_together_again(record: TreadmillData, size: int) -> None:
    """Split `record`, if it can be sent at all, into values of at most `size` octets, and put them together."""
    try:
        parts = split_record(record, size)
    except EncodeError:
        return
    assert all(len(part) <= size for part in parts)
    assembler = RecordAssembler()
    *early, last = [assembler.feed(decode_treadmill_data(part), now=0.0) for part in parts]
    assert early == [None] * len(early)
    assert last == record


def training_statuses(value: bytes) -> None:
    status = survives(training_status.decode_training_status, training_status.encode_training_status, value)
    if status is not None:
        size = 2 + value[0] % 19
        fitted = training_status.fit_training_status(status, size)
        assert len(training_status.encode_training_status(fitted)) <= size


def feature_bits(value: bytes) -> None:
    survives(features.decode_features, features.encode_features, value)


def supported_ranges(value: bytes) -> None:
    survives(ranges.decode_speed_range, ranges.encode_speed_range, value)
    survives(ranges.decode_inclination_range, ranges.encode_inclination_range, value)
    survives(ranges.decode_heart_rate_range, ranges.encode_heart_rate_range, value)
    survives(ranges.decode_power_range, ranges.encode_power_range, value)
    survives(ranges.decode_resistance_range, ranges.encode_resistance_range, value)


def requests(value: bytes) -> None:
    request = decoded(control_point.decode_request, value)
    assert request is None or control_point.encode_request(request) == value


def responses(value: bytes) -> None:
    response = decoded(control_point.decode_response, value)
    assert response is None or control_point.encode_response(response) == value


def machine_statuses(value: bytes) -> None:
    survives(machine_status.decode_machine_status, machine_status.encode_machine_status, value)


def advertisements(value: bytes) -> None:
    survives(advertisement.decode_service_data, advertisement.encode_service_data, value)
    survives(advertisement.decode_advertising_structure, advertisement.encode_advertising_structure, value)


_RANGES: Final = (ranges.SpeedRange, ranges.InclinationRange, ranges.HeartRateRange, ranges.PowerRange)
_LAYOUTS: Final[tuple[Layout, ...]] = tuple(
    message.layout for message in (*control_point.REQUESTS.values(), *machine_status.STATUSES.values(), *_RANGES)
) + tuple(ranges.ResistanceRange.layouts.values())


def wire(value: bytes) -> None:
    """Read a layout, chosen by the first octet, at an offset, which the second one chooses."""
    choices = Choices(value)
    layout, offset = choices.among(_LAYOUTS), choices.below(min(4, len(value) + 1))
    numbers = layout.whole_numbers(value, offset)
    values = decoded(lambda octets: layout.read(octets, offset), value)
    if values is None:
        return
    assert list(numbers.values()) == values
    message = SimpleNamespace(**dict(zip(numbers, values, strict=True)))
    assert layout.write(message) == value[offset : offset + layout.size]


_CHARACTERISTICS: Final = tuple(NAMES)


def readable(value: bytes) -> None:
    """Describe the value of a characteristic, which the first octet chooses."""
    described = describe(Choices(value).among(_CHARACTERISTICS), value[1:])
    assert json.loads(json.dumps(described, allow_nan=False)) == described


def _readable_seeds() -> Iterable[bytes]:
    for uuid16, values in seeds.vectors().items():
        if uuid16 in NAMES:
            yield from (bytes([_CHARACTERISTICS.index(uuid16)]) + value for value in values)


def _vectors(*uuid16s: int) -> Callable[[], Sequence[bytes]]:
    return lambda: [value for uuid16 in uuid16s for value in seeds.vectors()[uuid16]]


def _split_seeds() -> Iterable[bytes]:
    for value in seeds.vectors()[0x2ACD]:
        yield bytes([1, len(value)]) + value
    for value in seeds.vectors()[0x2ACD][:9]:
        first, rest = bytes([value[0] | 1]) + value[1:2] + value[4:], value
        yield bytes([1, len(first)]) + first + bytes([1, len(rest)]) + rest


def _wire_seeds() -> Iterable[bytes]:
    return [bytes([number, number % 4]) + bytes(range(1, 20)) for number in range(len(_LAYOUTS))]


def _decoder(
    name: str, holds: str, check: Callable[[bytes], None], begin: Callable[[], Iterable[bytes]], inputs: int
) -> Target:
    return Target(name, holds, check, begin, inputs, LONGEST_VALUE, slowest=0.2)


_SAME: Final = "decoded, encoded and decoded again it is the same"
_OCTETS: Final = "what can be decoded encodes to the same octets"

DECODERS: Final = (
    _decoder("treadmill-data", _OCTETS, treadmill_data, _vectors(0x2ACD), 2_000_000),
    _decoder("split-records", "a record is whole, and can be split and joined", split_records, _split_seeds, 1_000_000),
    _decoder("readable", "any octets of any characteristic are a JSON object", readable, _readable_seeds, 1_500_000),
    _decoder("requests", _OCTETS, requests, _vectors(0x2AD9), 1_500_000),
    _decoder("responses", _OCTETS, responses, _vectors(0x2AD9), 500_000),
    _decoder("machine-status", _SAME, machine_statuses, _vectors(0x2ADA), 1_000_000),
    _decoder("training-status", f"{_SAME}; cut to fit, it fits", training_statuses, _vectors(0x2AD3), 750_000),
    _decoder("ranges", f"{_SAME}, all five", supported_ranges, _vectors(*range(0x2AD4, 0x2AD9)), 750_000),
    _decoder("features", _SAME, feature_bits, _vectors(0x2ACC), 500_000),
    _decoder("advertisement", _SAME, advertisements, _vectors(0x1826), 750_000),
    _decoder("wire", "every layout at any offset writes what it read", wire, _wire_seeds, 750_000),
)
