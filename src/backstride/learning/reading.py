"""From what a machine says of itself when it is read: who it is, its ranges, its targets. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.errors import DecodeError
from backstride.machines.facts import ServiceDataForm
from backstride.protocol.advertisement import MachineType
from backstride.protocol.features import TargetSetting
from backstride.protocol.training_status import decode_training_status

if TYPE_CHECKING:
    from backstride.learning.findings import Findings
    from backstride.protocol.features import Features
    from backstride.protocol.ranges import InclinationRange, SpeedRange

_ANNOUNCED: Final = "as announced"
_NOT_READ: Final = "it could not be read"
_PROPERTIES: Final = ("write", "write-without-response", "notify", "indicate")
_TYPE_OCTETS: Final = 2


@dataclass(frozen=True, slots=True)
class Read:
    """What was read, None where it could not be.

    Attributes:
        name: Advertised name.
        payload: Service data of its advertisement for the Fitness Machine Service.
        properties: GATT properties of its control point, empty if it has none.
        has_training_status: Whether it has Training Status.
        training_value: What reading that returned.
    """

    name: str | None
    manufacturer: str | None
    model_number: str | None
    firmware: str | None
    features: Features
    speeds: SpeedRange | None
    inclines: InclinationRange | None
    payload: bytes | None
    properties: tuple[str, ...]
    has_training_status: bool
    training_value: bytes | None

    @property
    def model(self) -> str:
        """What to call the model."""
        return self.model_number or self.name or "Unknown treadmill"


def learn_reading(read: Read, findings: Findings) -> None:
    """Take over what the machine says."""
    findings.learn("model", read.model, f"model number {read.model_number!r}, name {read.name!r}")
    _learn_identity(read, findings)
    properties = tuple(name for name in _PROPERTIES if name in read.properties)
    findings.learn("control.properties", properties, ", ".join(properties) or "it has no control point")
    targets = tuple(target for target in TargetSetting if target in read.features.target)
    findings.learn("control.targets", targets, f"target features {int(read.features.target):#x}")
    if read.speeds is None:
        for name in ("minimum", "maximum", "increment"):
            findings.miss(f"speed.{name}", _NOT_READ)
    else:
        findings.learn("speed.minimum", read.speeds.minimum, _ANNOUNCED)
        findings.learn("speed.maximum", read.speeds.maximum, _ANNOUNCED)
        findings.learn("speed.increment", read.speeds.increment, _ANNOUNCED)
    if read.inclines is None:
        findings.learn("incline", None, "it announces no range of inclinations")
    else:
        findings.learn("incline.minimum", read.inclines.minimum, _ANNOUNCED)
        findings.learn("incline.maximum", read.inclines.maximum, _ANNOUNCED)
        findings.learn("incline.increment", read.inclines.increment, _ANNOUNCED)
    _learn_training(read, findings)


def _learn_identity(read: Read, findings: Findings) -> None:
    named = f"advertised as {read.name!r}"
    findings.learn("identity.names", () if read.name is None else (read.name,), named)
    findings.learn("identity.anonymous", read.name is None, named)
    findings.learn("identity.manufacturer", read.manufacturer, "Device Information")
    findings.learn("identity.model_number", read.model_number, "Device Information")
    if read.payload is None:
        findings.learn("identity.service_data", ServiceDataForm.ABSENT, "no service data was heard")
        return
    octets = read.payload[1:]
    form = ServiceDataForm.STANDARD
    if len(octets) == _TYPE_OCTETS and not octets[0] and octets[1] & MachineType.TREADMILL:
        form = ServiceDataForm.SWAPPED
    findings.learn("identity.service_data", form, read.payload.hex(" "))


def _learn_training(read: Read, findings: Findings) -> None:
    value = read.training_value
    findings.learn("telemetry.training_status", read.has_training_status, "characteristic 2AD3")
    findings.learn("telemetry.empty_status", value == b"", "nothing" if value is None else value.hex(" ") or "empty")
    try:
        text = None if value is None else decode_training_status(value).text
    except DecodeError:
        text = None
    findings.learn("telemetry.empty_status_text", text == "", f"its string is {text!r}")
