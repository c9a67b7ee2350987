"""The attribute table of a simulated treadmill: services, characteristics, properties, constant values (FTMS 4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING, Final

from backstride.errors import ProtocolError
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.protocol.features import Features, MachineFeature, TargetSetting, encode_features
from backstride.protocol.ranges import InclinationRange, SpeedRange, encode_inclination_range, encode_speed_range
from backstride.protocol.treadmill_data import DataFlag

if TYPE_CHECKING:
    from backstride.machines.facts import MachineFacts

_LICENSED_BY: Final = {
    DataFlag.AVERAGE_SPEED: MachineFeature.AVERAGE_SPEED,
    DataFlag.TOTAL_DISTANCE: MachineFeature.TOTAL_DISTANCE,
    DataFlag.INCLINATION_AND_RAMP_ANGLE: MachineFeature.INCLINATION,
    DataFlag.ELEVATION_GAIN: MachineFeature.ELEVATION_GAIN,
    DataFlag.INSTANTANEOUS_PACE: MachineFeature.PACE,
    DataFlag.AVERAGE_PACE: MachineFeature.PACE,
    DataFlag.EXPENDED_ENERGY: MachineFeature.EXPENDED_ENERGY,
    DataFlag.HEART_RATE: MachineFeature.HEART_RATE_MEASUREMENT,
    DataFlag.METABOLIC_EQUIVALENT: MachineFeature.METABOLIC_EQUIVALENT,
    DataFlag.ELAPSED_TIME: MachineFeature.ELAPSED_TIME,
    DataFlag.REMAINING_TIME: MachineFeature.REMAINING_TIME,
    DataFlag.FORCE_ON_BELT_AND_POWER_OUTPUT: MachineFeature.FORCE_ON_BELT_AND_POWER_OUTPUT,
    DataFlag.STEPS: MachineFeature.STEP_COUNT,
}
"""The feature bit that licenses each flag of Treadmill Data (FTMS Table 4.3); steps as Yesoul claims them."""


class AttFault(ProtocolError):
    """The server answers a request with an ATT Error Response.

    Attributes:
        code: The error code; an application's own are no members of `AttError`.
    """

    def __init__(self, code: int) -> None:
        name = AttError(code).name.lower().replace("_", " ") if code in set(AttError) else "unknown"
        super().__init__(f"ATT error {code:#04x}: {name}")
        self.code = code


class StackFault(AttFault):
    """The client's own system fails a request; a client elsewhere is told of an unlikely error.

    Attributes:
        name: The D-Bus name of the error; empty for one that is not BlueZ's.
        words: What the system says.
    """

    def __init__(self, name: str, words: str) -> None:
        super().__init__(AttError.UNLIKELY_ERROR)
        self.name = name
        self.words = words


class Cccd(IntFlag):
    """A client characteristic configuration: what a client wants to be sent (Core Vol 3 G 3.3.3.3)."""

    NOTIFY = 1
    INDICATE = 2


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A row of the attribute table.

    Attributes:
        uuid: 128-bit lower-case form.
        properties: GATT property names as bleak spells them.
        value: What a read returns, or None if it changes or cannot be read.
        handle: Attribute handle of its declaration; None where it follows from the place in the table.
        descriptors: UUID and handle of each descriptor, where they do not follow from the properties.
    """

    uuid: str
    properties: tuple[str, ...]
    value: bytes | None = None
    handle: int | None = None
    descriptors: tuple[tuple[str, int], ...] | None = None

    @property
    def subscription(self) -> Cccd:
        """What a client may ask to be sent; zero if nothing, and then there is no CCCD."""
        notify = Cccd.NOTIFY if "notify" in self.properties else Cccd(0)
        return notify | (Cccd.INDICATE if "indicate" in self.properties else Cccd(0))


@dataclass(frozen=True, slots=True)
class Service:
    """A primary service and its characteristics, in order of their handles."""

    uuid: str
    characteristics: tuple[Characteristic, ...]
    handle: int | None = None


def features_of(facts: MachineFacts) -> Features:
    """Return the features a machine claims: those its records show, and the targets its file names."""
    machine = MachineFeature(0)
    for flag, feature in _LICENSED_BY.items():
        if any(flags & flag for flags in (facts.telemetry.flags, *facts.telemetry.later_flags)):
            machine |= feature
    target = TargetSetting(0)
    for setting in facts.control.targets:
        target |= setting
    if facts.incline is None or facts.incline.fixed is not None:
        target &= ~TargetSetting.INCLINATION_TARGET
    return Features(machine, target)


def services_of(facts: MachineFacts) -> tuple[Service, ...]:
    """Return the whole attribute table: Fitness Machine and Device Information (FTMP 3)."""
    speed, incline, identity = facts.speed, facts.incline, facts.identity
    speed_range = encode_speed_range(SpeedRange(speed.minimum, speed.maximum, speed.increment))
    fitness = [
        Characteristic(uuids.FITNESS_MACHINE_FEATURE, ("read",), encode_features(features_of(facts))),
        Characteristic(uuids.TREADMILL_DATA, ("notify",)),
    ]
    if facts.telemetry.training_status:
        fitness.append(Characteristic(uuids.TRAINING_STATUS, ("read", "notify")))
    fitness.append(Characteristic(uuids.SUPPORTED_SPEED_RANGE, ("read",), speed_range))
    if incline is not None and incline.fixed is None:
        inclines = InclinationRange(incline.minimum, incline.maximum, incline.increment)
        fitness.append(Characteristic(uuids.SUPPORTED_INCLINATION_RANGE, ("read",), encode_inclination_range(inclines)))
    if facts.control.properties:
        fitness.append(Characteristic(uuids.CONTROL_POINT, facts.control.properties))
    fitness.append(Characteristic(uuids.MACHINE_STATUS, ("notify",)))
    information = (
        Characteristic(uuids.MANUFACTURER_NAME, ("read",), (identity.manufacturer or "Backstride simulator").encode()),
        Characteristic(uuids.MODEL_NUMBER, ("read",), (identity.model_number or facts.model).encode()),
        Characteristic(uuids.FIRMWARE_REVISION, ("read",), (identity.firmware or "simulated").encode()),
    )
    return (
        Service(uuids.FITNESS_MACHINE_SERVICE, tuple(fitness)),
        Service(uuids.DEVICE_INFORMATION_SERVICE, information),
    )
