"""The UUIDs of the Fitness Machine Service and its companions (Bluetooth assigned numbers)."""

from __future__ import annotations

from typing import Final

_BASE_TAIL: Final = "-0000-1000-8000-00805f9b34fb"
_LONGEST_SHORT: Final = 0xFFFF


def full_uuid(short: int) -> str:
    """Return the 128-bit lower-case form of a 16-bit UUID, as bleak writes it.

    Raises:
        ValueError: `short` is not within 0..0xFFFF.
    """
    if not 0 <= short <= _LONGEST_SHORT:
        raise ValueError(f"{short:#x} is not a 16-bit UUID")
    return f"0000{short:04x}{_BASE_TAIL}"


def short_uuid(uuid: str) -> int | None:
    """Return the 16-bit number inside a 128-bit UUID in any letter case, or None if it is not one of Bluetooth's."""
    uuid = uuid.lower()
    digits = uuid[4:8]
    if len(uuid) != len(full_uuid(0)) or not all(digit in "0123456789abcdef" for digit in digits):
        return None
    short = int(digits, 16)
    return short if uuid == full_uuid(short) else None


NAMES: Final = {
    0x1826: "Fitness Machine Service",
    0x2ACC: "Fitness Machine Feature",
    0x2ACD: "Treadmill Data",
    0x2AD3: "Training Status",
    0x2AD4: "Supported Speed Range",
    0x2AD5: "Supported Inclination Range",
    0x2AD6: "Supported Resistance Level Range",
    0x2AD7: "Supported Heart Rate Range",
    0x2AD8: "Supported Power Range",
    0x2AD9: "Fitness Machine Control Point",
    0x2ADA: "Fitness Machine Status",
    0x180A: "Device Information Service",
    0x2A24: "Model Number String",
    0x2A25: "Serial Number String",
    0x2A26: "Firmware Revision String",
    0x2A29: "Manufacturer Name String",
    0x2902: "Client Characteristic Configuration",
    0x1814: "Running Speed and Cadence Service",
    0x2A53: "RSC Measurement",
    0x2A54: "RSC Feature",
    0x2A5D: "Sensor Location",
    0x180D: "Heart Rate Service",
    0x2A37: "Heart Rate Measurement",
    0x2A38: "Body Sensor Location",
}
"""What people call each 16-bit UUID."""

FITNESS_MACHINE_SERVICE: Final = full_uuid(0x1826)
FITNESS_MACHINE_FEATURE: Final = full_uuid(0x2ACC)
TREADMILL_DATA: Final = full_uuid(0x2ACD)
TRAINING_STATUS: Final = full_uuid(0x2AD3)
SUPPORTED_SPEED_RANGE: Final = full_uuid(0x2AD4)
SUPPORTED_INCLINATION_RANGE: Final = full_uuid(0x2AD5)
SUPPORTED_RESISTANCE_LEVEL_RANGE: Final = full_uuid(0x2AD6)
SUPPORTED_HEART_RATE_RANGE: Final = full_uuid(0x2AD7)
SUPPORTED_POWER_RANGE: Final = full_uuid(0x2AD8)
CONTROL_POINT: Final = full_uuid(0x2AD9)
MACHINE_STATUS: Final = full_uuid(0x2ADA)

DEVICE_INFORMATION_SERVICE: Final = full_uuid(0x180A)
MODEL_NUMBER: Final = full_uuid(0x2A24)
SERIAL_NUMBER: Final = full_uuid(0x2A25)
FIRMWARE_REVISION: Final = full_uuid(0x2A26)
MANUFACTURER_NAME: Final = full_uuid(0x2A29)

RUNNING_SPEED_SERVICE: Final = full_uuid(0x1814)
RSC_MEASUREMENT: Final = full_uuid(0x2A53)
RSC_FEATURE: Final = full_uuid(0x2A54)
SENSOR_LOCATION: Final = full_uuid(0x2A5D)

HEART_RATE_SERVICE: Final = full_uuid(0x180D)
HEART_RATE_MEASUREMENT: Final = full_uuid(0x2A37)
BODY_SENSOR_LOCATION: Final = full_uuid(0x2A38)

CCCD: Final = full_uuid(0x2902)
