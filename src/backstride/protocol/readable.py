"""Values of every characteristic as plain JSON objects for people: the unit in the key, the raw number beside the name.

Those of FTMS are the objects of the conformance vectors. A malformed value yields the fields before the break and an
``error``; nothing here raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.errors import DecodeError
from backstride.protocol import heart_rate, running_speed
from backstride.protocol.advertisement import AVAILABLE, DEFINED_TYPES, SERVICE_DATA_AD_TYPE, MachineType
from backstride.protocol.control_point import REQUESTS, OpCode, ResultCode, SpinDownAction, StopOrPause
from backstride.protocol.features import DEFINED_FEATURES, MachineFeature, TargetSetting, decode_features
from backstride.protocol.machine_status import STATUSES, SpinDownStage, StatusCode
from backstride.protocol.ranges import HeartRateRange, InclinationRange, PowerRange, ResistanceRange, SpeedRange
from backstride.protocol.training_status import TrainingStatusCode, decode_training_status
from backstride.protocol.treadmill_data import decode_treadmill_data, whole_fields
from backstride.protocol.wire import UINT8, UINT16, Layout, Message, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import IntEnum, IntFlag

Described = dict[str, object]
Keys = dict[str, tuple[str, int]]  # name of a field -> its JSON key, how many of its raw units make one of the key's

_TRUNCATED: Final = "truncated"
_TRAILING: Final = "trailing_octets_hex"

_TREADMILL_KEYS: Final[Keys] = {
    "instantaneous_speed": ("instantaneous_speed_km_h", 100),
    "average_speed": ("average_speed_km_h", 100),
    "total_distance": ("total_distance_m", 1),
    "inclination": ("inclination_percent", 10),
    "ramp_angle": ("ramp_angle_deg", 10),
    "positive_elevation_gain": ("positive_elevation_gain_m", 10),
    "negative_elevation_gain": ("negative_elevation_gain_m", 10),
    "instantaneous_pace": ("instantaneous_pace_s_per_500m", 1),
    "average_pace": ("average_pace_s_per_500m", 1),
    "instantaneous_pace_legacy": ("instantaneous_pace_km_per_min", 10),
    "average_pace_legacy": ("average_pace_km_per_min", 10),
    "total_energy": ("total_energy_kcal", 1),
    "energy_per_hour": ("energy_per_hour_kcal", 1),
    "energy_per_minute": ("energy_per_minute_kcal", 1),
    "heart_rate": ("heart_rate_bpm", 1),
    "metabolic_equivalent": ("metabolic_equivalent_met", 10),
    "elapsed_time": ("elapsed_time_s", 1),
    "remaining_time": ("remaining_time_s", 1),
    "force_on_belt": ("force_on_belt_n", 1),
    "power_output": ("power_output_w", 1),
}
_PARAMETER_KEYS: Final[Keys] = {
    "speed": ("target_speed_km_h", 100),
    "inclination": ("target_inclination_percent", 10),
    "level": ("target_resistance_level", 10),
    "power": ("target_power_w", 1),
    "heart_rate": ("target_heart_rate_bpm", 1),
    "energy": ("targeted_expended_energy_kcal", 1),
    "steps": ("targeted_steps", 1),
    "strides": ("targeted_strides", 1),
    "distance": ("targeted_distance_m", 1),
    "time": ("targeted_training_time_s", 1),
    "fat_burn": ("time_fat_burn_zone_s", 1),
    "fitness": ("time_fitness_zone_s", 1),
    "very_light": ("time_very_light_zone_s", 1),
    "light": ("time_light_zone_s", 1),
    "moderate": ("time_moderate_zone_s", 1),
    "hard": ("time_hard_zone_s", 1),
    "maximum": ("time_maximum_zone_s", 1),
    "wind_speed": ("wind_speed_m_per_s", 1000),
    "grade": ("grade_percent", 100),
    "rolling_resistance": ("crr_unitless", 10000),
    "wind_resistance": ("cw", 100),
    "circumference": ("wheel_circumference_mm", 10),
    "cadence": ("targeted_cadence_per_min", 2),
}
_WINDOW_KEYS: Final[Keys] = {"low": ("target_speed_low_km_h", 100), "high": ("target_speed_high_km_h", 100)}
_CODES: Final[dict[str, tuple[str, type[IntEnum]]]] = {
    "control": ("control_information", StopOrPause),
    "action": ("spin_down_control", SpinDownAction),
    "stage": ("spin_down_status", SpinDownStage),
}
_SENSOR_KEYS: Final[Keys] = {
    "flags": ("flags_raw", 1),
    "speed": ("instantaneous_speed_m_per_s", running_speed.UNITS_PER_METRE_PER_SECOND),
    "cadence": ("instantaneous_cadence_strides_per_min", 1),
    "stride_length": ("instantaneous_stride_length_cm", 1),
    "total_distance": ("total_distance_m", 10),
    "features": ("rsc_features_raw", 1),
    "heart_rate": ("heart_rate_bpm", 1),
    "energy_expended": ("energy_expended_kj", 1),
}
_RESISTANCE_ENCODINGS: Final = {1: "uint8_tenths", 2: "sint16_tenths"}

_FITNESS_MACHINE: Final = 0x1826
_ADVERTISEMENT: Final = Layout(
    Part("ad_length", UINT8),
    Part("ad_type", UINT8),
    Part("service_uuid16", UINT16),
    Part("flags_raw", UINT8),
    Part("fitness_machine_type_raw", UINT16),
)
_STATUS_HEAD: Final = Layout(Part("flags", UINT8), Part("status", UINT8))
_ONE_OCTET: Final = Layout(Part("number", UINT8))
_SPIN_DOWN_WINDOW: Final = Layout(Part("low", UINT16), Part("high", UINT16))
_RESPONSE_OCTETS: Final = 3


def _measure(key: tuple[str, int], raw: int | None) -> Described:
    name, divisor = key
    if raw is None:
        return {name: None}
    return {name: int(raw) if divisor == 1 else raw / divisor}


def _name(codes: type[IntEnum], raw: int) -> str:
    return codes(raw).name.lower() if raw in codes.__members__.values() else "reserved"


def _names(flags: type[IntFlag], raw: int) -> list[str]:
    return [name.lower() for name, flag in flags.__members__.items() if raw & flag]


def _parts(layout: Layout, keys: Keys, value: bytes, offset: int = 0) -> Described:
    """Return the whole numbers of `layout` under their keys, then what is missing or left over."""
    numbers = layout.whole_numbers(value, offset)
    described: Described = {}
    for name, number in numbers.items():
        described |= _measure(keys[name], number)
    return described | _ending(layout, value, offset)


def _ending(layout: Layout, value: bytes, offset: int) -> Described:
    end = offset + layout.size
    if len(value) < end:
        return {"error": _TRUNCATED}
    return {_TRAILING: value[end:].hex()} if len(value) > end else {}


def _treadmill_data(value: bytes) -> Described:
    try:
        data = decode_treadmill_data(value)
    except DecodeError:
        return {"error": _TRUNCATED}
    described: Described = {"flags_raw": data.flags, "more_data": data.more_data}
    for name in whole_fields(data):
        described |= _measure(_TREADMILL_KEYS[name], getattr(data, name))
        if name == "metabolic_equivalent":
            described["metabolic_equivalent_raw"] = data.metabolic_equivalent
    if data.missing is not None:
        described |= {"error": _TRUNCATED, "missing": _TREADMILL_KEYS[data.missing][0]}
    tail = len(data.trailing) + (0 if data.steps is None else data.step_octets)
    if data.missing is not None or tail:
        described[_TRAILING] = value[len(value) - tail :].hex()
    return described


def _feature(value: bytes) -> Described:
    try:
        features = decode_features(value)
    except DecodeError:
        return {"error": _TRUNCATED}
    machine, target = int(features.machine), int(features.target)
    described: Described = {
        "fitness_machine_features_raw": machine,
        "target_setting_features_raw": target,
        "fitness_machine_features": _names(MachineFeature, machine),
        "target_setting_features": _names(TargetSetting, target),
    }
    if (machine | target) & ~DEFINED_FEATURES:
        described["rfu_bits_set"] = True
    return described | _ending(features.layout, value, 0)


def _range(message: type[Message], quantity: str, unit: str, divisor: int) -> Callable[[bytes], Described]:
    keys: Keys = {
        "minimum": (f"minimum_{quantity}_{unit}", divisor),
        "maximum": (f"maximum_{quantity}_{unit}", divisor),
        "increment": (f"minimum_increment_{unit}", divisor),
    }
    return lambda value: _parts(message.layout, keys, value)


def _resistance_range(value: bytes) -> Described:
    octets = ResistanceRange.layout_for(len(value)).size
    units = ResistanceRange.units_per_level[octets]
    keys: Keys = {
        "minimum": ("minimum_resistance_level", units),
        "maximum": ("maximum_resistance_level", units),
        "increment": ("minimum_increment_level", units),
    }
    return _parts(ResistanceRange.layouts[octets], keys, value)


def _training_status(value: bytes) -> Described:
    try:
        status = decode_training_status(value)
    except DecodeError:
        return {"error": _TRUNCATED}
    described: Described = {
        "flags_raw": status.flags,
        "string_present": status.text is not None,
        "extended_string": status.extended,
        "training_status_raw": status.status,
        "training_status": _name(TrainingStatusCode, status.status),
    }
    if status.text is None:
        described |= _ending(_STATUS_HEAD, value, 0)
    else:
        described["training_status_string"] = status.text
    if status.reserved:
        described["rfu_bits_set"] = True
    return described


def _coded(codes: type[IntEnum], messages: Mapping[int, type[Message]], value: bytes) -> Described:
    """Describe an op code and its parameter."""
    if not value:
        return {"error": _TRUNCATED}
    described: Described = {"op_code": _name(codes, value[0]), "op_code_raw": value[0]}
    message = messages.get(value[0], Message)
    layout = message.layout_for(len(value) - 1)
    for name, raw in layout.whole_numbers(value, 1).items():
        if name in _CODES:
            key, meanings = _CODES[name]
            described[key] = _name(meanings, raw)
        else:
            described |= _measure(_PARAMETER_KEYS[name], raw)
        if name == "control":
            described["control_information_raw"] = raw
        if name == "level":
            described["encoding"] = _RESISTANCE_ENCODINGS[layout.size]
    return described | _ending(layout, value, 1)


def _control_point(value: bytes) -> Described:
    if value[:1] != bytes((OpCode.RESPONSE_CODE,)):
        return _coded(OpCode, REQUESTS, value)
    described = _coded(OpCode, {}, value[:1])
    for key, codes, octet in (("request_op_code", OpCode, value[1:2]), ("result", ResultCode, value[2:3])):
        if not octet:
            return described | {"error": _TRUNCATED}
        described |= {key: _name(codes, octet[0]), f"{key}_raw": octet[0]}
    spin_down = value[1:3] == bytes((OpCode.SPIN_DOWN_CONTROL, ResultCode.SUCCESS)) and len(value) > _RESPONSE_OCTETS
    return described | _parts(_SPIN_DOWN_WINDOW if spin_down else Layout(), _WINDOW_KEYS, value, _RESPONSE_OCTETS)


def _machine_status(value: bytes) -> Described:
    return _coded(StatusCode, STATUSES, value)


def _advertising_structure(value: bytes) -> Described:
    numbers = _ADVERTISEMENT.whole_numbers(value[: value[0] + 1] if value else value)
    described: Described = {}
    for name, raw in numbers.items():
        described[name] = f"{raw:04X}" if name == "service_uuid16" else raw
        if name == "flags_raw":
            described["fitness_machine_available"] = bool(raw & AVAILABLE)
        if name == "fitness_machine_type_raw":
            described["fitness_machine_types"] = _names(MachineType, raw)
    if numbers.get("flags_raw", 0) & ~AVAILABLE or numbers.get("fitness_machine_type_raw", 0) & ~DEFINED_TYPES:
        described["rfu_bits_set"] = True
    if len(numbers) < len(_ADVERTISEMENT.parts):
        return described | {"error": _TRUNCATED}
    if numbers["ad_type"] != SERVICE_DATA_AD_TYPE or numbers["service_uuid16"] != _FITNESS_MACHINE:
        return described | {"error": "not the service data of a fitness machine"}
    return described | _ending(_ADVERTISEMENT, value, 0)


def _rsc_measurement(value: bytes) -> Described:
    if not value:
        return {"error": _TRUNCATED}
    flags = value[0]
    described = _parts(running_speed.rsc_layout(flags), _SENSOR_KEYS, value)
    described["running"] = bool(flags & running_speed.RscFlag.RUNNING)
    return described | ({"rfu_bits_set": True} if flags & ~running_speed.RSC_FLAGS else {})


def _rsc_feature(value: bytes) -> Described:
    described = _parts(Layout(Part("features", UINT16)), _SENSOR_KEYS, value)
    raw = described.get("rsc_features_raw")
    return described | ({"rsc_features": _names(running_speed.RscFeature, raw)} if isinstance(raw, int) else {})


def _heart_rate(value: bytes) -> Described:
    if not value:
        return {"error": _TRUNCATED}
    flags, layout, known = value[0], heart_rate.heart_rate_layout(value[0]), heart_rate.HeartRateFlag
    intervals = heart_rate.rr_intervals_of(value)
    behind = layout.size + UINT16.octets * len(intervals)
    described = _parts(layout, _SENSOR_KEYS, value[: layout.size] + value[behind:])
    if flags & known.CONTACT_TOLD:
        described["sensor_contact"] = bool(flags & known.CONTACT)
    if flags & known.RR_INTERVALS:
        described["rr_intervals_s"] = [interval / heart_rate.RR_UNITS_PER_SECOND for interval in intervals]
    return described | ({"rfu_bits_set": True} if flags & ~heart_rate.HEART_RATE_FLAGS else {})


def _location(key: str, codes: type[IntEnum]) -> Callable[[bytes], Described]:
    def describe_location(value: bytes) -> Described:
        if not value:
            return {"error": _TRUNCATED}
        return {key: _name(codes, value[0]), f"{key}_raw": value[0]} | _ending(_ONE_OCTET, value, 0)

    return describe_location


_DESCRIBERS: Final[Mapping[int, Callable[[bytes], Described]]] = {
    _FITNESS_MACHINE: _advertising_structure,
    0x2ACC: _feature,
    0x2ACD: _treadmill_data,
    0x2AD3: _training_status,
    0x2AD4: _range(SpeedRange, "speed", "km_h", 100),
    0x2AD5: _range(InclinationRange, "inclination", "percent", 10),
    0x2AD6: _resistance_range,
    0x2AD7: _range(HeartRateRange, "heart_rate", "bpm", 1),
    0x2AD8: _range(PowerRange, "power", "w", 1),
    0x2AD9: _control_point,
    0x2ADA: _machine_status,
    0x2A37: _heart_rate,
    0x2A38: _location("body_sensor_location", heart_rate.BodySensorLocation),
    0x2A53: _rsc_measurement,
    0x2A54: _rsc_feature,
    0x2A5D: _location("sensor_location", running_speed.SensorLocation),
}


def describe(uuid16: int, value: bytes) -> dict[str, object]:
    """Return `value` of the characteristic `uuid16` as a JSON object.

    0x1826 stands for the whole AD structure of the service data; 0x2AD9 tells requests and responses apart.

    Returns:
        The fields that could be read. ``error`` is there if something is wrong: ``truncated``, or that the
        characteristic is none of a treadmill's.
    """
    describer = _DESCRIBERS.get(uuid16)
    if describer is None:
        return {"error": f"{uuid16:04X} is not a characteristic of a treadmill"}
    return describer(value)
