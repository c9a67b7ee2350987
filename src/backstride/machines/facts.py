"""What we know of a treadmill model, as data: how to recognise it and how it differs from the standard.

The driver reads a machine file to behave; the simulator reads the same file to misbehave alike. A file is TOML, one
model each, and every deviation in it names where it was seen. Op codes are written as people say them, such as
``"request control"``.
"""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from backstride.errors import ConfigError
from backstride.machines.fields import (
    Facts,
    Flags,
    OpCodeField,
    PauseEffect,
    RecordLayout,
    Seconds,
    ServiceDataForm,
    SpeedField,
    TargetField,
    WireUnit,
    nearest,
)
from backstride.machines.incline_facts import InclineFacts
from backstride.protocol.features import TargetSetting
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "GENERIC",
    "BeltFacts",
    "ControlFacts",
    "Identity",
    "InclineFacts",
    "LinkFacts",
    "MachineFacts",
    "PauseEffect",
    "Quirk",
    "RecordLayout",
    "ServiceDataForm",
    "SpeedFacts",
    "TelemetryFacts",
    "WireUnit",
    "facts_of",
    "known_machines",
    "load_facts",
]

GENERIC: Final = "generic"
"""Name of the file that describes a treadmill which follows the standard to the letter."""


class Identity(Facts):
    """How to recognise the machine: any of the name prefixes, refined by Device Information where given.

    Attributes:
        names: Prefixes of the advertised name, in any letter case.
        shapes: Whole names: ``#`` stands for a digit, ``?`` for any character.
        shared: Prefixes that other things use too. They count only for a machine that offers the FTMS service.
        example: The whole name that the simulated machine advertises; without it the first prefix.
        anonymous: True if the machine advertises no name.
        manufacturer: Manufacturer Name it answers; None where nobody has noted it.
        model_number: Model Number it answers, likewise.
        firmware: Firmware Revision. Named only where one module sits in different machines, so it must agree.
        service_data: Form of its service data.
        twin: Machine file of the model that has the same names, where nothing on the air tells the two apart. Whoever
            is called so is taken for that one; this file is for who knows better and names it.
    """

    names: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    example: str | None = None
    anonymous: bool = False
    manufacturer: str | None = None
    model_number: str | None = None
    firmware: str | None = None
    service_data: ServiceDataForm = ServiceDataForm.STANDARD
    twin: str | None = None


class LinkFacts(Facts):
    """The connection: largest ATT MTU, centrals at a time, and whether the control point asks for encryption."""

    mtu: Annotated[int, Field(ge=23, le=517)] = 247
    centrals: Annotated[int, Field(ge=1)] = 3
    require_encryption: bool = False


class ControlFacts(Facts):
    """How the control point of this machine differs.

    Attributes:
        properties: GATT properties of 0x2AD9; none if the machine has no control point and only reports.
        pacing: Seconds that must lie between two writes; one that comes earlier is acknowledged and dropped.
        unanswered: Procedures that are carried out but never answered.
        ignored: Procedures that are answered with Success and have no effect.
        refused: Procedures that are answered with Operation Failed in every state.
        withheld: Procedures that are not asked of the machine although it may obey, each with the reason in words.
        targets: What a client may set (FTMS Table 4.4).
        write_unit: Unit of Set Target Speed.
        needs_motion: True if targets fail until the belt moves.
        starts_on_target: True if a target speed starts a standing belt.
        pause: What 0x08 02 does.
        motion_within: Seconds from an answered Start to the first motion, at most.
        evicts: True if Request Control takes control from another client; False if it is then refused.
        echoes_status: True if the client whose procedure changed something is told by Machine Status as well.
        answer_delay: Seconds from a write to its answer.
        requests: How often control is asked for before it is had; only the last time is answered with effect.
        request_gap: Seconds between two such requests.
        locked: What keeps the control point shut on a unit fresh from its box, in words; None if nothing does.
    """

    properties: tuple[Literal["write", "write-without-response", "notify", "indicate"], ...] = ("write", "indicate")
    pacing: Seconds = 0.0
    unanswered: tuple[OpCodeField, ...] = ()
    ignored: tuple[OpCodeField, ...] = ()
    refused: tuple[OpCodeField, ...] = ()
    withheld: dict[OpCodeField, str] = Field(default={})
    targets: tuple[TargetField, ...] = (TargetSetting.SPEED_TARGET, TargetSetting.INCLINATION_TARGET)
    write_unit: WireUnit = WireUnit.KMH
    needs_motion: bool = False
    starts_on_target: bool = False
    pause: PauseEffect = PauseEffect.PAUSES
    motion_within: Seconds = 4.0
    evicts: bool = True
    echoes_status: bool = False
    answer_delay: Seconds = 0.0
    requests: Annotated[int, Field(ge=1, le=5)] = 1
    request_gap: Seconds = 0.0
    locked: str | None = None


class SpeedFacts(Facts):
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
        return self.unit.from_wire(Speed(nearest(number, self.minimum, self.maximum, self.increment)))


class TelemetryFacts(Facts):
    """What Treadmill Data (0x2ACD) of this machine looks like.

    Attributes:
        flags: The fields of a record; bit 0 (More Data) stays clear.
        interval: Seconds between records.
        layout: What happens to a long record.
        later_flags: The fields of the records that follow in the course of a session: the layout changes.
        packets: With layout ``split``: the flags of each notification, in order; the last without More Data.
        step_octets: Octets of the step counter of bit 13, which the standard does not know.
        trailing_octets: Zero octets after the last field.
        unavailable: Fields that are sent as "not available", by their names in `TreadmillData`.
        stuck: Fields that are sent but never leave zero.
        when_stopped: False if no records come while the belt is stopped.
        zeroed_by_stop: True if Stop zeroes the counters; the standard leaves that to Reset.
        training_status: False if the machine has no Training Status 0x2AD3.
        empty_status_text: True if it announces a string there and sends none.
        empty_status: True if reading it returns nothing at all.
    """

    flags: Flags = 0x058C
    interval: Annotated[float, Field(gt=0)] = 1.0
    layout: RecordLayout = RecordLayout.STANDARD
    later_flags: tuple[Flags, ...] = ()
    packets: tuple[Flags, ...] = ()
    step_octets: Literal[2, 3] = 3
    trailing_octets: Annotated[int, Field(ge=0, le=4)] = 0
    unavailable: tuple[str, ...] = ("ramp_angle",)
    stuck: tuple[str, ...] = ()
    when_stopped: bool = True
    zeroed_by_stop: bool = False
    training_status: bool = True
    empty_status_text: bool = False
    empty_status: bool = False


class BeltFacts(Facts):
    """How the simulated belt moves: km/h per second, per cent per second, seconds.

    The default acceleration keeps the belt's own start within S8 (0.2 mph per second). `overshoot` is how far, in km/h,
    the belt rises above its target before it settles there.
    """

    acceleration: Annotated[float, Field(gt=0)] = 0.3
    braking: Annotated[float, Field(gt=0)] = 1.2
    incline_rate: Annotated[float, Field(gt=0)] = 0.5
    dead_time: Seconds = 1.0
    overshoot: Annotated[float, Field(ge=0)] = 0.0


class Quirk(Facts):
    """One deviation in words, with the place it was seen and how strong that evidence is."""

    text: str
    source: str
    provenance: str


class MachineFacts(Facts):
    """A machine file.

    Attributes:
        id: Name of the file without its ending; what ``--simulated`` takes.
        faults: What goes wrong with the simulated machine, as `backstride.simulator.faults` writes it.
        gentle: True if the belt is known to speed up by no more than 0.2 mph per second (S8); its source is in quirks.
        advice: What a person has to see to, or to know, before a session, in sentences.
        miles_console: What turns to mph when the console is set to miles: the targets it takes, the speeds it reports
            and announces, or both. The rest of the file describes the machine with its console in kilometres.
    """

    id: str
    model: str
    summary: str
    gentle: bool = False
    advice: tuple[str, ...] = ()
    miles_console: tuple[Literal["targets", "reports"], ...] = ()
    identity: Identity = Identity()
    link: LinkFacts = LinkFacts()
    control: ControlFacts = ControlFacts()
    speed: SpeedFacts = SpeedFacts()
    incline: InclineFacts | None = InclineFacts()
    telemetry: TelemetryFacts = TelemetryFacts()
    belt: BeltFacts = BeltFacts()
    quirks: tuple[Quirk, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def deck(self) -> Incline:
        """Where the deck rests: level, or where it is fixed."""
        return (self.incline and self.incline.fixed) or Incline(0)

    def with_console(self, unit: WireUnit) -> MachineFacts:
        """Return the machine with its console set to `unit`: the same one where that changes nothing."""
        if unit is WireUnit.KMH or not self.miles_console:
            return self
        control, speed = self.control, self.speed
        if "targets" in self.miles_console:
            control = control.model_copy(update={"write_unit": unit})
        if "reports" in self.miles_console:
            speed = speed.model_copy(update={"unit": unit})
        return self.model_copy(update={"control": control, "speed": speed})


_OFFERED: Final = 3  # names that may have been meant


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
    raise ConfigError(
        f"There is no machine file {name!r}. {_did_you_mean(name)}`backstride machines` lists those that are shipped; "
        "a path to a .toml file works too."
    )


def _did_you_mean(name: str) -> str:
    longer = [known for known in known_machines() if name and known.startswith(name)]
    near = longer or get_close_matches(name, known_machines(), n=_OFFERED)
    return f"Did you mean {' or '.join(near[:_OFFERED])}? " if near else ""


@cache
def known_machines() -> tuple[str, ...]:
    """Return the names of the shipped machine files, `generic` first."""
    entries = (entry.name for entry in files(__package__).iterdir())
    names = (entry.removesuffix(".toml") for entry in entries if entry.endswith(".toml"))
    return tuple(sorted(names, key=lambda name: (name != GENERIC, name)))


def facts_of(values: Mapping[str, object]) -> MachineFacts:
    """Return the facts that `values` describe, in a machine file's words. Raises ValueError, or RecursionError."""
    without_incline = {"incline": None} if values.get("incline") is False else {}  # TOML has no null
    return MachineFacts.model_validate({**values, **without_incline})


@cache
def _shipped(name: str) -> MachineFacts:
    return _parse(name, files(__package__).joinpath(f"{name}.toml").read_bytes())


def _parse(name: str, content: bytes) -> MachineFacts:
    try:
        data: Mapping[str, Any] = tomllib.loads(content.decode())
        return facts_of({"id": name, **data})
    except ValueError as error:  # no UTF-8, no TOML, an integer of 5000 digits, or no facts
        raise ConfigError(f"The machine file {name!r} cannot be read: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"The machine file {name!r} cannot be read: it is nested too deep") from error
