"""The values that the ``decoded`` objects of the conformance vectors describe, built without our decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstride.protocol import control_point, machine_status
from backstride.protocol.advertisement import MachineType, ServiceData
from backstride.protocol.control_point import OpCode, Response
from backstride.protocol.features import Features, MachineFeature, TargetSetting
from backstride.protocol.machine_status import OtherStatus, StoppedOrPausedByUser
from backstride.protocol.ranges import HeartRateRange, InclinationRange, PowerRange, ResistanceRange, SpeedRange
from backstride.protocol.training_status import TrainingStatus
from backstride.protocol.treadmill_data import TreadmillData
from backstride.units import Distance, Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable

Vector = dict[str, Any]


def _raw(decoded: Vector, key: str, units: int) -> int | None:
    value = decoded.get(key)
    return None if value is None else round(value * units)


TREADMILL_KEYS: Final[dict[str, tuple[str, int, Callable[[int], int]]]] = {
    "instantaneous_speed_km_h": ("instantaneous_speed", 100, Speed),
    "average_speed_km_h": ("average_speed", 100, Speed),
    "total_distance_m": ("total_distance", 1, int),
    "inclination_percent": ("inclination", 10, Incline),
    "ramp_angle_deg": ("ramp_angle", 10, int),
    "positive_elevation_gain_m": ("positive_elevation_gain", 10, int),
    "negative_elevation_gain_m": ("negative_elevation_gain", 10, int),
    "instantaneous_pace_s_per_500m": ("instantaneous_pace", 1, int),
    "average_pace_s_per_500m": ("average_pace", 1, int),
    "instantaneous_pace_km_per_min": ("instantaneous_pace_legacy", 10, int),
    "average_pace_km_per_min": ("average_pace_legacy", 10, int),
    "total_energy_kcal": ("total_energy", 1, int),
    "energy_per_hour_kcal": ("energy_per_hour", 1, int),
    "energy_per_minute_kcal": ("energy_per_minute", 1, int),
    "heart_rate_bpm": ("heart_rate", 1, int),
    "metabolic_equivalent_raw": ("metabolic_equivalent", 1, int),
    "elapsed_time_s": ("elapsed_time", 1, int),
    "remaining_time_s": ("remaining_time", 1, int),
    "force_on_belt_n": ("force_on_belt", 1, int),
    "power_output_w": ("power_output", 1, int),
}


def treadmill_data(decoded: Vector) -> TreadmillData:
    values: dict[str, Any] = {}
    for key, (name, units, kind) in TREADMILL_KEYS.items():
        raw = _raw(decoded, key, units)
        if raw is not None:
            values[name] = kind(raw)
    flags, tail = decoded["flags_raw"], bytes.fromhex(decoded.get("trailing_octets_hex", ""))
    if flags & 0xE000 == 0x2000 and len(tail) in {2, 3}:
        return TreadmillData(flags, **values, steps=int.from_bytes(tail, "little"), step_octets=len(tail))
    return TreadmillData(flags, **values, trailing=tail)


def features(decoded: Vector) -> Features:
    machine, target = decoded["fitness_machine_features_raw"], decoded["target_setting_features_raw"]
    return Features(MachineFeature(machine), TargetSetting(target))


def training_status(decoded: Vector) -> TrainingStatus:
    return TrainingStatus(
        decoded["training_status_raw"],
        decoded.get("training_status_string"),
        extended=decoded["extended_string"],
        reserved=decoded["flags_raw"] & 0xFC,
    )


def speed_range(decoded: Vector) -> SpeedRange:
    keys = ("minimum_speed_km_h", "maximum_speed_km_h", "minimum_increment_km_h")
    return SpeedRange(*(Speed(round(decoded[key] * 100)) for key in keys))


def inclination_range(decoded: Vector) -> InclinationRange:
    keys = ("minimum_inclination_percent", "maximum_inclination_percent", "minimum_increment_percent")
    return InclinationRange(*(Incline(round(decoded[key] * 10)) for key in keys))


def heart_rate_range(decoded: Vector) -> HeartRateRange:
    keys = ("minimum_heart_rate_bpm", "maximum_heart_rate_bpm", "minimum_increment_bpm")
    return HeartRateRange(*(decoded[key] for key in keys))


def power_range(decoded: Vector) -> PowerRange:
    return PowerRange(decoded["minimum_power_w"], decoded["maximum_power_w"], decoded["minimum_increment_w"])


def resistance_range(decoded: Vector) -> ResistanceRange:
    keys = ("minimum_resistance_level", "maximum_resistance_level", "minimum_increment_level")
    wide = isinstance(decoded["minimum_resistance_level"], float)
    return ResistanceRange(*(round(decoded[key] * (10 if wide else 1)) for key in keys), octets=6 if wide else 3)


PARAMETER_KEYS: Final[dict[str, tuple[str, int, Callable[[int], Any]]]] = {
    "target_speed_km_h": ("speed", 100, Speed),
    "target_inclination_percent": ("inclination", 10, Incline),
    "target_resistance_level": ("level", 10, int),
    "target_power_w": ("power", 1, int),
    "target_heart_rate_bpm": ("heart_rate", 1, int),
    "targeted_expended_energy_kcal": ("energy", 1, int),
    "targeted_steps": ("steps", 1, int),
    "targeted_strides": ("strides", 1, int),
    "targeted_distance_m": ("distance", 1, Distance),
    "targeted_training_time_s": ("time", 1, int),
    "time_fat_burn_zone_s": ("fat_burn", 1, int),
    "time_fitness_zone_s": ("fitness", 1, int),
    "time_very_light_zone_s": ("very_light", 1, int),
    "time_light_zone_s": ("light", 1, int),
    "time_moderate_zone_s": ("moderate", 1, int),
    "time_hard_zone_s": ("hard", 1, int),
    "time_maximum_zone_s": ("maximum", 1, int),
    "wind_speed_m_per_s": ("wind_speed", 1000, int),
    "grade_percent": ("grade", 100, int),
    "crr_unitless": ("rolling_resistance", 10000, int),
    "cw": ("wind_resistance", 100, int),
    "wheel_circumference_mm": ("circumference", 10, int),
    "targeted_cadence_per_min": ("cadence", 2, int),
    "control_information_raw": ("control", 1, control_point.StopOrPause),
}


def _parameters(decoded: Vector) -> dict[str, Any]:
    values = {
        name: kind(round(decoded[key] * units)) for key, (name, units, kind) in PARAMETER_KEYS.items() if key in decoded
    }
    if "spin_down_control" in decoded:
        values["action"] = control_point.SpinDownAction[decoded["spin_down_control"].upper()]
    if "spin_down_status" in decoded:
        values["stage"] = machine_status.SpinDownStage[decoded["spin_down_status"].upper()]
    if "encoding" in decoded:
        values["octets"] = {"uint8_tenths": 1, "sint16_tenths": 2}[decoded["encoding"]]
    return values


REQUEST_CLASSES: Final[dict[str, type[control_point.Request]]] = {
    "request_control": control_point.RequestControl,
    "reset": control_point.Reset,
    "set_target_speed": control_point.SetTargetSpeed,
    "set_target_inclination": control_point.SetTargetInclination,
    "set_target_resistance_level": control_point.SetTargetResistanceLevel,
    "set_target_power": control_point.SetTargetPower,
    "set_target_heart_rate": control_point.SetTargetHeartRate,
    "start_or_resume": control_point.StartOrResume,
    "stop_or_pause": control_point.StopOrPauseRequest,
    "set_targeted_expended_energy": control_point.SetTargetedExpendedEnergy,
    "set_targeted_number_of_steps": control_point.SetTargetedNumberOfSteps,
    "set_targeted_number_of_strides": control_point.SetTargetedNumberOfStrides,
    "set_targeted_distance": control_point.SetTargetedDistance,
    "set_targeted_training_time": control_point.SetTargetedTrainingTime,
    "set_targeted_time_two_hr_zones": control_point.SetTargetedTimeInTwoHeartRateZones,
    "set_targeted_time_three_hr_zones": control_point.SetTargetedTimeInThreeHeartRateZones,
    "set_targeted_time_five_hr_zones": control_point.SetTargetedTimeInFiveHeartRateZones,
    "set_indoor_bike_simulation": control_point.SetIndoorBikeSimulation,
    "set_wheel_circumference": control_point.SetWheelCircumference,
    "spin_down_control": control_point.SpinDownControl,
    "set_targeted_cadence": control_point.SetTargetedCadence,
}
STATUS_CLASSES: Final[dict[str, type[machine_status.KnownStatus]]] = {
    "reset": machine_status.StatusReset,
    "stopped_or_paused_by_user": machine_status.StoppedOrPausedByUser,
    "stopped_by_safety_key": machine_status.StoppedBySafetyKey,
    "started_or_resumed_by_user": machine_status.StartedOrResumedByUser,
    "target_speed_changed": machine_status.TargetSpeedChanged,
    "target_incline_changed": machine_status.TargetInclineChanged,
    "target_resistance_level_changed": machine_status.TargetResistanceLevelChanged,
    "target_power_changed": machine_status.TargetPowerChanged,
    "target_heart_rate_changed": machine_status.TargetHeartRateChanged,
    "targeted_expended_energy_changed": machine_status.TargetedExpendedEnergyChanged,
    "targeted_number_of_steps_changed": machine_status.TargetedNumberOfStepsChanged,
    "targeted_number_of_strides_changed": machine_status.TargetedNumberOfStridesChanged,
    "targeted_distance_changed": machine_status.TargetedDistanceChanged,
    "targeted_training_time_changed": machine_status.TargetedTrainingTimeChanged,
    "targeted_time_two_hr_zones_changed": machine_status.TargetedTimeInTwoHeartRateZonesChanged,
    "targeted_time_three_hr_zones_changed": machine_status.TargetedTimeInThreeHeartRateZonesChanged,
    "targeted_time_five_hr_zones_changed": machine_status.TargetedTimeInFiveHeartRateZonesChanged,
    "indoor_bike_simulation_changed": machine_status.IndoorBikeSimulationChanged,
    "wheel_circumference_changed": machine_status.WheelCircumferenceChanged,
    "spin_down_status": machine_status.SpinDownStatus,
    "targeted_cadence_changed": machine_status.TargetedCadenceChanged,
    "control_permission_lost": machine_status.ControlPermissionLost,
}


def control_point_value(decoded: Vector) -> control_point.Request | Response:
    if decoded["op_code_raw"] != OpCode.RESPONSE_CODE:
        return REQUEST_CLASSES[decoded["op_code"]](**_parameters(decoded))
    window = [decoded[key] for key in ("target_speed_low_km_h", "target_speed_high_km_h") if key in decoded]
    parameter = b"".join(round(speed * 100).to_bytes(2, "little") for speed in window)
    return Response(decoded["request_op_code_raw"], decoded["result_raw"], parameter)


def status(decoded: Vector) -> machine_status.MachineStatus:
    if decoded["op_code"] == "reserved":
        return OtherStatus(decoded["op_code_raw"], bytes.fromhex(decoded.get("trailing_octets_hex", "")))
    if "error" in decoded:
        return StoppedOrPausedByUser(None)
    return STATUS_CLASSES[decoded["op_code"]](**_parameters(decoded))


def service_data(decoded: Vector) -> ServiceData:
    types = MachineType(0)
    for name in decoded["fitness_machine_types"]:
        types |= MachineType[name.upper()]
    return ServiceData(decoded["fitness_machine_available"], types)
