"""What the facts of a machine file are made of: its words for speeds, inclinations and procedures, and its choices."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from backstride.protocol.control_point import OpCode
from backstride.protocol.features import TargetSetting
from backstride.protocol.wire import SINT16, UINT16, UINT32, Width
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _read(read: Callable[[str], object]) -> BeforeValidator:
    """Return the step that lets `read` turn the text of a file into a value; what is no text is left to pydantic."""

    def validate(value: object) -> object:
        return read(value) if isinstance(value, str) else value

    return BeforeValidator(validate)


def _member_of(kind: type[OpCode | TargetSetting]) -> Callable[[str], OpCode | TargetSetting]:
    """Return what finds a member by its name in words, such as ``set target speed``, or says which names there are."""
    members: Mapping[str, OpCode | TargetSetting] = kind.__members__

    def find(words: str) -> OpCode | TargetSetting:
        key = words.strip().upper().replace(" ", "_")
        if key not in members:
            known = ", ".join(name.lower().replace("_", " ") for name in members)
            raise ValueError(f"{words!r} is none of: {known}")
        return members[key]

    return find


def _within(width: Width) -> AfterValidator:
    """Return the step that refuses a number which `width` cannot carry."""

    def validate(number: Any) -> Any:  # noqa: ANN401 - a speed or an incline
        if not width.minimum <= number <= width.maximum:
            raise ValueError(f"{number} is outside what FTMS can carry")
        return number

    return AfterValidator(validate)


SpeedField = Annotated[Speed, _read(Speed.parse), _within(UINT16)]
InclineField = Annotated[Incline, _read(Incline.parse), _within(SINT16)]
OpCodeField = Annotated[OpCode, _read(_member_of(OpCode))]
TargetField = Annotated[TargetSetting, _read(_member_of(TargetSetting)), _within(UINT32)]
Seconds = Annotated[float, Field(ge=0)]
Flags = Annotated[int, Field(ge=0, le=0xFFFF)]


class Facts(BaseModel):
    """A table of a machine file: nothing in it is unknown, nothing can be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)


class WireUnit(StrEnum):
    """The unit a machine means by a speed on the wire; the standard says km/h (FTMS 4.4.1.1)."""

    KMH = "km/h"
    MPH = "mph"

    def to_wire(self, speed: Speed) -> Speed:
        """Return the number to write for `speed`: itself, or its hundredths of a mile per hour, half-even."""
        return speed if self is WireUnit.KMH else Speed.from_kmh(speed.mph)

    def from_wire(self, number: Speed) -> Speed:
        """Return the speed that the machine means by `number`, half-even to 0.01 km/h."""
        return number if self is WireUnit.KMH else Speed.from_mph(number.kmh)


class PauseEffect(StrEnum):
    """What a machine does with Stop or Pause 0x08 02."""

    PAUSES = "pauses"
    STOPS = "stops"
    REFUSED = "refused"


class RecordLayout(StrEnum):
    """How a machine sends a Treadmill Data record that is longer than one notification."""

    STANDARD = "standard"  # split by More Data when it does not fit (FTMS 4.19)
    SPLIT = "split"  # always as the packets listed
    TRUNCATED = "truncated"  # the flags promise everything, the value ends at 20 octets


class ServiceDataForm(StrEnum):
    """What a machine puts into the service data of its advertisement (FTMS 3.1)."""

    STANDARD = "standard"
    SWAPPED = "swapped"  # the type octets in reverse: FitShow modules
    ABSENT = "absent"


def nearest(number: int, lowest: int, highest: int, step: int) -> int:
    """Return the step nearest to `number`, counted from the lowest; both ends of the range are valid as they are."""
    if number >= highest or step <= 0:
        return int(number)
    return min(int(highest), int(lowest) + round((number - lowest) / step) * int(step))
