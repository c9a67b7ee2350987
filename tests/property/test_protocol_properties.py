"""What must hold for every value and for any bytes, not only for those somebody thought of."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from backstride.errors import DecodeError, EncodeError
from backstride.protocol import control_point, machine_status, ranges
from backstride.protocol.advertisement import (
    MachineType,
    ServiceData,
    decode_advertising_structure,
    decode_service_data,
    encode_advertising_structure,
    encode_service_data,
)
from backstride.protocol.control_point import (
    REQUESTS,
    Response,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)
from backstride.protocol.features import Features, MachineFeature, TargetSetting, decode_features, encode_features
from backstride.protocol.heart_rate import (
    HeartRateMeasurement,
    decode_body_sensor_location,
    decode_heart_rate,
    encode_body_sensor_location,
    encode_heart_rate,
)
from backstride.protocol.machine_status import (
    STATUSES,
    OtherStatus,
    StoppedOrPausedByUser,
    decode_machine_status,
    encode_machine_status,
)
from backstride.protocol.readable import describe
from backstride.protocol.running_speed import (
    RscFeature,
    RscMeasurement,
    decode_rsc_feature,
    decode_rsc_measurement,
    decode_sensor_location,
    encode_rsc_feature,
    encode_rsc_measurement,
    encode_sensor_location,
)
from backstride.protocol.training_status import (
    TrainingStatus,
    decode_training_status,
    encode_training_status,
    fit_training_status,
)
from backstride.protocol.treadmill_data import (
    RecordAssembler,
    TreadmillData,
    decode_treadmill_data,
    encode_treadmill_data,
    narrow_record,
    split_record,
)
from backstride.protocol.uuids import NAMES, full_uuid, short_uuid
from backstride.units import Distance, Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.protocol.wire import Message

ANY_BYTES: Final = st.binary(max_size=48)
UINT8: Final = st.integers(0, 0xFF)
UINT16: Final = st.integers(0, 0xFFFF)
UINT24: Final = st.integers(0, 0xFFFFFF)
SINT16: Final = st.integers(-0x8000, 0x7FFF)
KNOWN_SINT16: Final = st.none() | st.integers(-0x8000, 0x7FFE)
KNOWN_UINT16: Final = st.none() | st.integers(0, 0xFFFE)
KNOWN_UINT8: Final = st.none() | st.integers(0, 0xFE)

FIELDS_BY_BIT: Final[dict[int, dict[str, st.SearchStrategy[Any]]]] = {
    0x0002: {"average_speed": UINT16.map(Speed)},
    0x0004: {"total_distance": UINT24},
    0x0008: {
        "inclination": st.none() | st.integers(-0x8000, 0x7FFE).map(Incline),
        "ramp_angle": KNOWN_SINT16,
    },
    0x0010: {"positive_elevation_gain": UINT16, "negative_elevation_gain": UINT16},
    0x0020: {"instantaneous_pace": UINT16},
    0x0040: {"average_pace": UINT16},
    0x0080: {"total_energy": KNOWN_UINT16, "energy_per_hour": KNOWN_UINT16, "energy_per_minute": KNOWN_UINT8},
    0x0100: {"heart_rate": UINT8},
    0x0200: {"metabolic_equivalent": UINT8},
    0x0400: {"elapsed_time": UINT16},
    0x0800: {"remaining_time": UINT16},
    0x1000: {"force_on_belt": KNOWN_SINT16, "power_output": KNOWN_SINT16},
}
LEGACY_FIELDS_BY_BIT: Final = FIELDS_BY_BIT | {
    0x0020: {"instantaneous_pace_legacy": UINT8},
    0x0040: {"average_pace_legacy": UINT8},
}


@st.composite
def treadmill_data(draw: st.DrawFn, *, whole: bool = False) -> TreadmillData:
    """Any record that can be sent: both pace widths, steps in both widths, octets of a vendor."""
    legacy = draw(st.booleans())
    flags = 0
    values: dict[str, Any] = {}
    if whole or draw(st.booleans()):
        values["instantaneous_speed"] = Speed(draw(UINT16))
    else:
        flags |= 1
    for bit, fields in (LEGACY_FIELDS_BY_BIT if legacy else FIELDS_BY_BIT).items():
        if draw(st.booleans()):
            flags |= bit
            values |= {name: draw(strategy) for name, strategy in fields.items()}
    if legacy and flags & 0x0060:
        return TreadmillData(flags, **values)
    match draw(st.sampled_from(("nothing", "steps", "octets"))):
        case "steps":
            octets = draw(st.sampled_from((2, 3)))
            steps = draw(st.integers(0, 256**octets - 1))
            return TreadmillData(flags | 0x2000, **values, steps=steps, step_octets=octets)
        case "octets":
            reserved = draw(st.sampled_from((0x0000, 0x4000, 0x8000, 0xC000, 0xE000)))
            return TreadmillData(flags | reserved, **values, trailing=draw(st.binary(max_size=4)))
        case _:
            return TreadmillData(flags, **values)


@given(treadmill_data())
def test_treadmill_data_survives_encoding_and_decoding(data: TreadmillData) -> None:
    assert decode_treadmill_data(encode_treadmill_data(data)) == data


@given(ANY_BYTES)
@example(b"")
@example(b"\x00")
def test_any_bytes_are_treadmill_data_or_a_decode_error(value: bytes) -> None:
    try:
        data = decode_treadmill_data(value)
    except DecodeError:
        assert len(value) < 2
        return
    if data.missing is None:
        assert encode_treadmill_data(data) == value
    else:
        with pytest.raises(EncodeError):
            encode_treadmill_data(data)


@given(treadmill_data(), st.data())
def test_a_record_cut_short_keeps_every_field_before_the_cut(data: TreadmillData, draws: st.DataObject) -> None:
    assume(data.instantaneous_pace_legacy is None and data.average_pace_legacy is None)
    value = encode_treadmill_data(data)
    cut = decode_treadmill_data(value[: draws.draw(st.integers(2, len(value)))])
    assume(cut.instantaneous_pace_legacy is None and cut.average_pace_legacy is None)
    names = ["instantaneous_speed", *(name for fields in FIELDS_BY_BIT.values() for name in fields)]
    kept = names[: names.index(cut.missing)] if cut.missing else names
    assert [getattr(cut, name) for name in kept] == [getattr(data, name) for name in kept]
    assert all(getattr(cut, name) is None for name in names[len(kept) :])


@given(treadmill_data(whole=True), st.integers(9, 48))
def test_a_split_record_fits_and_comes_together_again(data: TreadmillData, size: int) -> None:
    parts = split_record(data, size)
    assert all(len(part) <= size for part in parts)
    assembler = RecordAssembler()
    records = [assembler.feed(decode_treadmill_data(part), now=0.0) for part in parts]
    assert records[:-1] == [None] * (len(parts) - 1)
    assert records[-1] == data


@given(treadmill_data(whole=True), UINT16)
def test_a_narrowed_record_has_only_what_its_flags_announce(data: TreadmillData, mask: int) -> None:
    flags = data.flags & mask & 0x1FFE
    narrowed = narrow_record(data, flags)
    assert decode_treadmill_data(encode_treadmill_data(narrowed)) == replace(narrowed, step_octets=3)


def _message(kind: type[Message]) -> st.SearchStrategy[Any]:
    """Any message of a class with one layout, from its raw numbers."""
    numbers = []
    for part in kind.layout.parts:
        raw = st.integers(part.width.minimum, part.width.maximum)
        if part.name in {"control", "action"}:
            raw = st.integers(1, 2)
        if part.name == "stage":
            raw = st.integers(1, 4)
        numbers.append(raw.map(part.kind))
    return st.tuples(*numbers).map(lambda values: kind(*values))


def _resistance(kind: Callable[..., Any]) -> st.SearchStrategy[Any]:
    narrow = UINT8.map(lambda level: kind(level, octets=1))
    return narrow | SINT16.map(lambda level: kind(level, octets=2))


REQUEST: Final = st.one_of(
    _resistance(control_point.SetTargetResistanceLevel),
    *(_message(kind) for kind in REQUESTS.values() if kind is not control_point.SetTargetResistanceLevel),
)
STATUS: Final = st.one_of(
    st.just(StoppedOrPausedByUser(None)),
    st.builds(OtherStatus, UINT8.filter(lambda code: code not in STATUSES), st.binary(max_size=19)),
    _resistance(machine_status.TargetResistanceLevelChanged),
    *(_message(kind) for kind in STATUSES.values() if kind is not machine_status.TargetResistanceLevelChanged),
)
TRAINING_STATUS: Final = st.builds(
    TrainingStatus,
    UINT8,
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    extended=st.booleans(),
    reserved=UINT8.map(lambda bits: bits & 0xFC),
)
RESISTANCE_RANGE: Final = st.one_of(
    st.builds(ranges.ResistanceRange, SINT16, SINT16, UINT16, octets=st.just(6)),
    st.builds(ranges.ResistanceRange, UINT8, UINT8, UINT8, octets=st.just(3)),
)
CODECS: Final[dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], bytes], Callable[[bytes], Any]]]] = {
    "service data": (
        st.builds(ServiceData, st.booleans(), st.integers(0, 0x3F).map(MachineType)),
        encode_service_data,
        decode_service_data,
    ),
    "AD structure": (
        st.builds(ServiceData, st.booleans(), st.integers(0, 0x3F).map(MachineType)),
        encode_advertising_structure,
        decode_advertising_structure,
    ),
    "features": (
        st.builds(
            Features,
            st.integers(0, 0xFFFFFFFF).map(MachineFeature),
            st.integers(0, 0xFFFFFFFF).map(TargetSetting),
        ),
        encode_features,
        decode_features,
    ),
    "speed range": (_message(ranges.SpeedRange), ranges.encode_speed_range, ranges.decode_speed_range),
    "inclination range": (
        _message(ranges.InclinationRange),
        ranges.encode_inclination_range,
        ranges.decode_inclination_range,
    ),
    "heart rate range": (
        _message(ranges.HeartRateRange),
        ranges.encode_heart_rate_range,
        ranges.decode_heart_rate_range,
    ),
    "power range": (_message(ranges.PowerRange), ranges.encode_power_range, ranges.decode_power_range),
    "resistance range": (RESISTANCE_RANGE, ranges.encode_resistance_range, ranges.decode_resistance_range),
    "training status": (TRAINING_STATUS, encode_training_status, decode_training_status),
    "request": (REQUEST, encode_request, decode_request),
    "response": (st.builds(Response, UINT8, UINT8, st.binary(max_size=17)), encode_response, decode_response),
    "RSC measurement": (
        st.builds(
            RscMeasurement, UINT16, UINT8, st.none() | UINT16, st.none() | st.integers(0, 0xFFFFFFFF), st.booleans()
        ),
        encode_rsc_measurement,
        decode_rsc_measurement,
    ),
    "RSC feature": (UINT16.map(RscFeature), encode_rsc_feature, decode_rsc_feature),
    "sensor location": (UINT8, encode_sensor_location, decode_sensor_location),
    "heart rate": (
        st.builds(
            HeartRateMeasurement,
            UINT16,
            st.none() | st.booleans(),
            st.none() | UINT16,
            st.lists(UINT16, max_size=9).map(tuple),
        ),
        encode_heart_rate,
        decode_heart_rate,
    ),
    "body sensor location": (UINT8, encode_body_sensor_location, decode_body_sensor_location),
    "machine status": (STATUS, encode_machine_status, decode_machine_status),
}


@pytest.mark.parametrize("name", CODECS)
@given(draws=st.data())
def test_every_value_survives_encoding_and_decoding(name: str, draws: st.DataObject) -> None:
    values, encode, decode = CODECS[name]
    value = draws.draw(values)
    assert decode(encode(value)) == value


@pytest.mark.parametrize("name", CODECS)
@given(value=ANY_BYTES)
def test_any_bytes_are_a_value_or_a_decode_error(name: str, value: bytes) -> None:
    _, encode, decode = CODECS[name]
    try:
        decoded = decode(value)
    except DecodeError:
        return
    assert decode(encode(decoded)) == decoded


@given(st.sampled_from(sorted(REQUESTS)), ANY_BYTES)
def test_a_server_obeys_only_what_it_would_have_written_itself(op_code: int, parameter: bytes) -> None:
    value = bytes((op_code,)) + parameter
    try:
        request = decode_request(value)
    except DecodeError:
        return
    assert encode_request(request) == value


@given(st.sampled_from(sorted(NAMES)) | UINT16, ANY_BYTES)
def test_any_bytes_of_any_characteristic_can_be_described_as_json(uuid16: int, value: bytes) -> None:
    described = describe(uuid16, value)
    assert json.loads(json.dumps(described)) == described


@given(TRAINING_STATUS, st.integers(2, 20))
def test_a_training_status_made_to_fit_fits(status: TrainingStatus, size: int) -> None:
    fitted = fit_training_status(status, size)
    assert len(encode_training_status(fitted)) <= size
    assert (status.text or "").startswith(fitted.text or "")


@given(UINT16)
def test_a_short_uuid_survives_its_long_form(short: int) -> None:
    assert short_uuid(full_uuid(short)) == short
    assert short_uuid(full_uuid(short).upper()) == short


@given(st.text(max_size=40))
def test_any_text_is_a_short_uuid_or_none(text: str) -> None:
    short = short_uuid(text)
    assert short is None or full_uuid(short) == text.lower()


@given(st.integers(0, 2**24 - 1).map(Distance))
def test_a_targeted_distance_stays_a_distance(distance: Distance) -> None:
    request = decode_request(encode_request(control_point.SetTargetedDistance(distance)))
    assert isinstance(request, control_point.SetTargetedDistance)
    assert isinstance(request.distance, Distance)
