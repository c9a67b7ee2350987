"""What we know of a treadmill model, as data: how to recognise it and how it differs from the standard.

The driver reads a machine file to behave; the simulator reads the same file to misbehave alike. A file is TOML, one
model each, and every deviation in it names where it was seen. Op codes are written as people say them, such as
``"request control"``.
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from backstride.errors import ConfigError
from backstride.protocol.control_point import OpCode
from backstride.protocol.features import TargetSetting
from backstride.protocol.wire import SINT16, UINT16, UINT32, Width
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GENERIC: Final = "generic"
"""Name of the file that describes a treadmill which follows the standard to the letter."""


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


class _Facts(BaseModel):
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


class Identity(_Facts):
    """How to recognise the machine: any of the name prefixes, refined by Device Information where given.

    Attributes:
        names: Prefixes of the advertised name, in any letter case.
        example: The whole name that the simulated machine advertises; without it the first prefix.
        anonymous: True if the machine advertises no name.
        manufacturer: Manufacturer Name it answers; None where nobody has noted it.
        model_number: Model Number it answers, likewise.
        firmware: Firmware Revision. Named only where one module sits in different machines, so it must agree.
        service_data: Form of its service data.
    """

    names: tuple[str, ...] = ()
    example: str | None = None
    anonymous: bool = False
    manufacturer: str | None = None
    model_number: str | None = None
    firmware: str | None = None
    service_data: ServiceDataForm = ServiceDataForm.STANDARD


class LinkFacts(_Facts):
    """The connection: largest ATT MTU, centrals at a time, and whether the control point asks for encryption."""

    mtu: Annotated[int, Field(ge=23, le=517)] = 247
    centrals: Annotated[int, Field(ge=1)] = 3
    require_encryption: bool = False


class ControlFacts(_Facts):
    """How the control point of this machine differs.

    Attributes:
        properties: GATT properties of 0x2AD9.
        pacing: Seconds that must lie between two writes; one that comes earlier is acknowledged and dropped.
        unanswered: Procedures that are carried out but never answered.
        ignored: Procedures that are answered with Success and have no effect.
        refused: Procedures that are answered with Operation Failed in every state.
        targets: What a client may set (FTMS Table 4.4).
        write_unit: Unit of Set Target Speed.
        needs_motion: True if targets fail until the belt moves.
        starts_on_target: True if a target speed starts a standing belt.
        pause: What 0x08 02 does.
        motion_within: Seconds from an answered Start to the first motion, at most.
        evicts: True if Request Control takes control from another client; False if it is then refused.
        echoes_status: True if the client whose procedure changed something is told by Machine Status as well.
        answer_delay: Seconds from a write to its answer.
        locked: What keeps the control point shut on a unit fresh from its box, in words; None if nothing does.
    """

    properties: tuple[Literal["write", "write-without-response", "notify", "indicate"], ...] = ("write", "indicate")
    pacing: Seconds = 0.0
    unanswered: tuple[OpCodeField, ...] = ()
    ignored: tuple[OpCodeField, ...] = ()
    refused: tuple[OpCodeField, ...] = ()
    targets: tuple[TargetField, ...] = (TargetSetting.SPEED_TARGET, TargetSetting.INCLINATION_TARGET)
    write_unit: WireUnit = WireUnit.KMH
    needs_motion: bool = False
    starts_on_target: bool = False
    pause: PauseEffect = PauseEffect.PAUSES
    motion_within: Seconds = 4.0
    evicts: bool = True
    echoes_status: bool = False
    answer_delay: Seconds = 0.0
    locked: str | None = None


def _nearest(number: int, lowest: int, highest: int, step: int) -> int:
    """Return the step nearest to `number`, counted from the lowest; both ends of the range are valid as they are."""
    if number >= highest or step <= 0:
        return int(number)
    return min(int(highest), int(lowest) + round((number - lowest) / step) * int(step))


class SpeedFacts(_Facts):
    """The range the machine announces (0x2AD4), what its numbers mean, and the range it really has.

    Attributes:
        minimum: Lowest speed as announced; with `unit` mph read its number as mph.
        maximum: Highest, likewise.
        increment: Smallest step, likewise.
        unit: What the announced numbers mean, and those of the speeds in Treadmill Data.
        floor: The slowest speed the belt really runs at, where it is not the announced one.
        ceiling: The fastest, likewise.
    """

    minimum: SpeedField = Speed(80)
    maximum: SpeedField = Speed(2000)
    increment: SpeedField = Speed(10)
    unit: WireUnit = WireUnit.KMH
    floor: SpeedField | None = None
    ceiling: SpeedField | None = None

    @property
    def slowest(self) -> Speed:
        """The slowest speed the belt really runs at."""
        return self.unit.from_wire(self.minimum) if self.floor is None else self.floor

    @property
    def fastest(self) -> Speed:
        """The fastest speed the belt really runs at."""
        return self.unit.from_wire(self.maximum) if self.ceiling is None else self.ceiling

    def nearest(self, speed: Speed) -> Speed:
        """Return what the machine makes of a target within its range: the nearest of its steps, in its own unit."""
        number = int(self.unit.to_wire(speed))
        return self.unit.from_wire(Speed(_nearest(number, self.minimum, self.maximum, self.increment)))


class InclineFacts(_Facts):
    """The range the machine announces (0x2AD5), and what it says and does besides.

    Attributes:
        reported: True if Treadmill Data tells the incline; False if it says nothing of it, or never changes.
        telemetry_scale: Units on the wire per 1 % in Treadmill Data; the standard says 10.
        levels_on_stop: True if a stop drives the deck to the horizontal.
    """

    minimum: InclineField = Incline(0)
    maximum: InclineField = Incline(150)
    increment: InclineField = Incline(5)
    reported: bool = True
    telemetry_scale: Annotated[float, Field(ge=0.1, le=1000)] = 10.0
    levels_on_stop: bool = False

    def nearest(self, incline: Incline) -> Incline:
        """Return what the machine makes of a target within its range: the nearest of its steps."""
        return Incline(_nearest(int(incline), self.minimum, self.maximum, self.increment))

    def to_telemetry(self, incline: Incline) -> Incline:
        """Return the number in Treadmill Data by which the machine means `incline`."""
        return Incline(round(int(incline) * self.telemetry_scale / 10))

    def from_telemetry(self, number: Incline) -> Incline:
        """Return the incline that the machine means by `number` in Treadmill Data."""
        return Incline(round(int(number) * 10 / self.telemetry_scale))


class TelemetryFacts(_Facts):
    """What Treadmill Data (0x2ACD) of this machine looks like.

    Attributes:
        flags: The fields of a record; bit 0 (More Data) stays clear.
        interval: Seconds between records.
        layout: What happens to a long record.
        packets: With layout ``split``: the flags of each notification, in order; the last without More Data.
        step_octets: Octets of the step counter of bit 13, which the standard does not know.
        trailing_octets: Zero octets after the last field.
        unavailable: Fields that are sent as "not available", by their names in `TreadmillData`.
        stuck: Fields that are sent but never leave zero.
        when_stopped: False if no records come while the belt is stopped.
        zeroed_by_stop: True if Stop zeroes the counters; the standard leaves that to Reset.
        training_status: False if the machine has no Training Status 0x2AD3.
        empty_status_text: True if it announces a string there and sends none.
    """

    flags: Flags = 0x058C
    interval: Annotated[float, Field(gt=0)] = 1.0
    layout: RecordLayout = RecordLayout.STANDARD
    packets: tuple[Flags, ...] = ()
    step_octets: Literal[2, 3] = 3
    trailing_octets: Annotated[int, Field(ge=0, le=4)] = 0
    unavailable: tuple[str, ...] = ("ramp_angle",)
    stuck: tuple[str, ...] = ()
    when_stopped: bool = True
    zeroed_by_stop: bool = False
    training_status: bool = True
    empty_status_text: bool = False


class BeltFacts(_Facts):
    """How the simulated belt moves: km/h per second, per cent per second, seconds.

    The default acceleration keeps the belt's own start within S8 (0.2 mph per second). `overshoot` is how far, in km/h,
    the belt rises above its target before it settles there.
    """

    acceleration: Annotated[float, Field(gt=0)] = 0.3
    braking: Annotated[float, Field(gt=0)] = 1.2
    incline_rate: Annotated[float, Field(gt=0)] = 0.5
    dead_time: Seconds = 1.0
    overshoot: Annotated[float, Field(ge=0)] = 0.0


class Quirk(_Facts):
    """One deviation in words, with the place it was seen and how strong that evidence is."""

    text: str
    source: str
    provenance: str


class MachineFacts(_Facts):
    """A machine file.

    Attributes:
        id: Name of the file without its ending; what ``--simulated`` takes.
        faults: What goes wrong with the simulated machine, as `backstride.simulator.faults` writes it.
        gentle: True if the belt is known to speed up by no more than 0.2 mph per second (S8); its source is in quirks.
    """

    id: str
    model: str
    summary: str
    gentle: bool = False
    identity: Identity = Identity()
    link: LinkFacts = LinkFacts()
    control: ControlFacts = ControlFacts()
    speed: SpeedFacts = SpeedFacts()
    incline: InclineFacts | None = InclineFacts()
    telemetry: TelemetryFacts = TelemetryFacts()
    belt: BeltFacts = BeltFacts()
    quirks: tuple[Quirk, ...] = ()
    faults: tuple[str, ...] = ()


def load_facts(name: str) -> MachineFacts:
    """Return the facts of the machine file `name`, or of the file at the path `name`.

    Raises:
        ConfigError: There is no such file, or it does not read as a machine file.
    """
    if name in known_machines():
        return _shipped(name)
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return _parse(path.stem, path.read_bytes())
    known = ", ".join(known_machines())
    raise ConfigError(f"There is no machine file {name!r}. Shipped are: {known}; a path to a .toml file works too.")


@cache
def known_machines() -> tuple[str, ...]:
    """Return the names of the shipped machine files, `generic` first."""
    entries = (entry.name for entry in files(__package__).iterdir())
    names = (entry.removesuffix(".toml") for entry in entries if entry.endswith(".toml"))
    return tuple(sorted(names, key=lambda name: (name != GENERIC, name)))


@cache
def _shipped(name: str) -> MachineFacts:
    return _parse(name, files(__package__).joinpath(f"{name}.toml").read_bytes())


def _parse(name: str, content: bytes) -> MachineFacts:
    try:
        data: Mapping[str, Any] = tomllib.loads(content.decode())
        return MachineFacts.model_validate({"id": name, **data, **_without_incline(data)})
    except ValueError as error:  # no UTF-8, no TOML, an integer of 5000 digits, or no facts
        raise ConfigError(f"The machine file {name!r} cannot be read: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"The machine file {name!r} cannot be read: it is nested too deep") from error


def _without_incline(data: Mapping[str, Any]) -> dict[str, None]:
    """TOML has no null: ``incline = false`` says that the machine has none."""
    return {"incline": None} if data.get("incline") is False else {}
