"""Settings: one TOML file, over it the environment, over that what was typed.

The file lies where the platform keeps such files (platformdirs) and is written without losing a comment. It holds:
units, the record folder, the treadmill and the Bluetooth adapter to use, personal limits, the body mass for the
estimate of energy, the treadmills met so far, and the day on which the safety notice was acknowledged (S14).
"""

from __future__ import annotations

import difflib
import os
import unicodedata
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import platformdirs
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from backstride.apps import settings_file
from backstride.errors import ConfigError
from backstride.units import Incline, Speed, SpeedUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic_core import ErrorDetails

    from backstride.apps.settings_file import KeyPath

PROGRAM: Final = "backstride"
_FILE: Final = "settings.toml"
_VARIABLES: Final = {
    "units": "BACKSTRIDE_UNITS",
    "records": "BACKSTRIDE_RECORDS",
    "device": "BACKSTRIDE_DEVICE",
    "adapter": "BACKSTRIDE_ADAPTER",
}
_OPTIONS: Final = {"units": "--units", "records": "--record", "device": "--device", "adapter": "--adapter"}
_PATH_VARIABLE: Final = "BACKSTRIDE_CONFIG"
_JOINERS: Final = "\u200d"  # several signs that make one emoji

LONGEST_NAME: Final = 40
"""Letters of a name that its owner gives a treadmill."""


def _speed(value: object) -> object:
    return Speed.parse(value) if isinstance(value, str) else value


def _incline(value: object) -> object:
    return Incline.parse(value) if isinstance(value, str) else value


def _folder(value: object) -> object:
    if not isinstance(value, str) or not value:
        return value
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError("that user has no home folder") from error


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class PersonalLimits(_Part):
    """The limits a person sets for themselves; the tightest of all limits counts (S7)."""

    speed: Annotated[Speed, BeforeValidator(_speed), Field(gt=0)] | None = Field(
        default=None, description="a speed as text, such as '3.2 mph' or '5 km/h'"
    )
    incline: Annotated[Incline, BeforeValidator(_incline), Field(ge=0)] | None = Field(
        default=None, description="an incline as text, such as '6 %'"
    )


class RememberedMachine(_Part):
    """A treadmill that was met before.

    Attributes:
        mqtt_start: True if a program may start its belt over MQTT (S1).
    """

    address: str = Field(min_length=1, description="its Bluetooth address, or the platform's identifier for it")
    id: str | None = Field(default=None, description="an identifier that does not depend on this computer's adapter")
    model: str | None = Field(default=None, description="the name of a machine file, such as 'generic'")
    advertised: str | None = Field(default=None, description="the name it advertises")
    simulated: bool = Field(default=False, description="true or false")
    mqtt_start: bool = Field(default=False, description="true or false")
    last_seen: AwareDatetime | None = Field(default=None, description="a date and time with its zone")


class FileSettings(_Part):
    """The keys of the settings file, and what each may hold."""

    units: SpeedUnit = Field(default=SpeedUnit.MPH, strict=False, description="mph or km/h")
    records: Annotated[Path, BeforeValidator(_folder)] = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir(PROGRAM, appauthor=False)) / "records",
        description="a folder, such as '~/walks'",
    )
    device: str | None = Field(default=None, min_length=1, description="the name or address of a treadmill")
    adapter: str | None = Field(
        default=None, pattern=r"^hci\d+$", description="a Bluetooth adapter by its name on Linux, such as 'hci1'"
    )
    body_mass_kg: float | None = Field(default=None, ge=20, le=300, description="a number from 20 to 300")
    notice_acknowledged: date | None = Field(default=None, description="a date, such as 2026-11-22")
    limits: PersonalLimits = Field(default=PersonalLimits(), description="a table with speed and incline")
    machines: dict[str, RememberedMachine] = Field(default={}, description="a table of treadmills by name")


class Settings(FileSettings):
    """The settings that hold for this run.

    Attributes:
        file: The settings file they came from, and into which changes are saved; it need not exist yet.
    """

    file: Path

    def machine(self, name: str) -> RememberedMachine | None:
        """Return the remembered treadmill of this name or address, case aside, or None.

        The name that it advertises will do as well, unless several advertise it.
        """
        wanted = name.casefold()
        for known, machine in self.machines.items():
            if wanted in (known.casefold(), machine.address.casefold()):
                return machine
        namesakes = [one for one in self.machines.values() if (one.advertised or "").casefold() == wanted]
        return namesakes[0] if len(namesakes) == 1 else None

    def name_at(self, address: str) -> str | None:
        """Return what the treadmill with this address is called here, or None if it was never met."""
        wanted = address.casefold()
        return next((name for name, one in self.machines.items() if one.address.casefold() == wanted), None)


_TABLES: Final[Mapping[str, type[_Part]]] = {"limits": PersonalLimits, "machines": RememberedMachine}
_QUOTES: Final = "'\""


def settings_path(path: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Path:
    """Return where the settings file lies: `path`, or ``BACKSTRIDE_CONFIG``, or the platform's place for it."""
    if path is not None:
        return path
    named = (os.environ if environ is None else environ).get(_PATH_VARIABLE)
    folder = platformdirs.user_config_dir(PROGRAM, appauthor=False)
    return Path(named).expanduser() if named else Path(folder) / _FILE


def load_settings(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    units: str | None = None,
    records: Path | None = None,
    device: str | None = None,
    adapter: str | None = None,
) -> Settings:
    """Return the settings: the file, under the environment, under what was typed.

    A file that does not exist yet stands for the defaults.

    Args:
        path: The settings file; without it ``BACKSTRIDE_CONFIG``, or the platform's place.
        environ: The environment; the process's own by default. An empty variable counts as not set.
        units: ``mph`` or ``km/h``, as typed.
        records: The record folder, as typed.
        device: The treadmill's name or address, as typed.
        adapter: The Bluetooth adapter's name, as typed.

    Raises:
        ConfigError: A value or key cannot be used. Each line of the sentence names the file and line, or the variable
            or option; the key; what was found; what is allowed; and the nearest spelling.
    """
    environ = os.environ if environ is None else environ
    file = settings_path(path, environ=environ)
    text = settings_file.read(file)
    values = settings_file.parse(text, file)
    lines = settings_file.key_lines(text)
    in_file = _validated(values, lambda key: f"{file}, line {settings_file.line_of(key, lines)}")
    over: dict[str, object] = {key: environ[name] for key, name in _VARIABLES.items() if environ.get(name)}
    typed = {"units": units, "records": records, "device": device, "adapter": adapter}
    over |= {key: value for key, value in typed.items() if value is not None}
    known = _validated(over, lambda key: (_VARIABLES if typed[key[0]] is None else _OPTIONS)[key[0]])
    merged = {**dict(in_file), **{key: getattr(known, key) for key in over}}
    return Settings(file=file, **merged)


def remember_machine(settings: Settings, name: str, machine: RememberedMachine) -> Settings:
    """Save `machine` under `name`, or anew under the name a person gave to its address.

    A name that belongs to another address gets a number. Raises ConfigError if the file cannot be written.
    """
    address = machine.address.casefold()
    name = settings.name_at(machine.address) or name
    taken, number = name, 1
    while taken in settings.machines and settings.machines[taken].address.casefold() != address:
        number += 1
        taken = f"{name} {number}"
    settings_file.save(settings.file, _entries(taken, machine))
    return settings.model_copy(update={"machines": {**settings.machines, taken: machine}})


def call_machine(settings: Settings, name: str, machine: RememberedMachine) -> Settings:
    """Save `machine` under the name its owner has chosen, which takes the place of the one before.

    Where `device` of the file meant it by its old name, it means it by the new one. Raises ConfigError if the file
    cannot be written.

    Args:
        settings: The settings.
        name: A name that `name_fault` has nothing against.
        machine: The treadmill.
    """
    old = settings.name_at(machine.address)
    changes = _entries(name, machine)
    in_file = settings_file.parse(settings_file.read(settings.file), settings.file)
    if old is not None and in_file.get("device") == old:
        changes["device",] = name
    settings_file.save(settings.file, changes, renamed={} if old in {None, name} else {("machines", str(old)): name})
    return called_so(settings, name, machine)


def called_so(settings: Settings, name: str, machine: RememberedMachine) -> Settings:
    """Return the settings with `machine` under `name`, whether or not that can be saved."""
    old = settings.name_at(machine.address)
    machines = {known: other for known, other in settings.machines.items() if known != old}
    device = name if old is not None and settings.device == old else settings.device
    return settings.model_copy(update={"machines": {**machines, name: machine}, "device": device})


def tidy_name(text: str) -> str:
    """Return a name as it was meant: without what cannot be seen, and with single spaces."""
    visible = "".join(" " if one.isspace() else one for one in text if one in _JOINERS or _is_visible(one))
    return " ".join(visible.split())


def name_fault(settings: Settings, name: str, address: str) -> str | None:
    """Return in a sentence why the treadmill at `address` cannot be called `name`, or None if it can."""
    if not name.strip("".join(_JOINERS)):
        return "A name needs at least one letter or sign."
    if len(name) > LONGEST_NAME:
        return f"That is {len(name)} letters long; {LONGEST_NAME} are enough."
    if name.startswith("-"):
        return "A name cannot begin with a dash: the command line would take it for an option."
    for known, other in settings.machines.items():
        if other.address.casefold() != address.casefold() and name.casefold() in {
            known.casefold(),
            other.address.casefold(),
        }:
            return f"Another treadmill is called {known!r} already."
    return None


def forget_machine(settings: Settings, name: str) -> Settings:
    """Take the treadmill called `name` out of the file. Raises ConfigError if there is none or it cannot be saved."""
    if name not in settings.machines:
        raise ConfigError(f"No treadmill called {name!r} is remembered{_nearest(name, settings.machines)}.")
    settings_file.save(settings.file, {("machines", name): None})
    machines = {known: machine for known, machine in settings.machines.items() if known != name}
    return settings.model_copy(update={"machines": machines})


def choose_device(settings: Settings, device: str | None) -> Settings:
    """Save the treadmill to use where none is named; None forgets it. Raises ConfigError if it cannot be written."""
    settings_file.save(settings.file, {("device",): device})
    return settings.model_copy(update={"device": device})


def acknowledge_notice(settings: Settings, on: date) -> Settings:
    """Save that the safety notice was read and acknowledged on that day (S14). Raises ConfigError if it cannot be."""
    settings_file.save(settings.file, {("notice_acknowledged",): on})
    return settings.model_copy(update={"notice_acknowledged": on})


def _entries(name: str, machine: RememberedMachine) -> dict[KeyPath, object]:
    """Return the keys of a treadmill in the file; what is as it usually is stays out of it."""
    values = machine.model_dump()
    return {("machines", name, key): values[key] or None for key in values}


def _is_visible(character: str) -> bool:
    return character.isspace() or not unicodedata.category(character).startswith("C")


def _validated(values: Mapping[str, object], place: Callable[[KeyPath], str]) -> FileSettings:
    try:
        return FileSettings.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(details, place) for details in error.errors())) from error


def _sentence(details: ErrorDetails, place: Callable[[KeyPath], str]) -> str:
    """Return where it is, what was found, what is allowed, and the nearest spelling."""
    key = tuple(map(str, details["loc"]))
    model = _TABLES[key[0]] if len(key) > 1 else FileSettings
    where, name = place(key), key[-1]
    if details["type"] == "extra_forbidden":
        allowed = ", ".join(model.model_fields)
        return f"{where}: unknown key {name!r}{_nearest(name, model.model_fields)}. Allowed: {allowed}."
    description = model.model_fields[name].description if name in model.model_fields else "a table with an address"
    found = "nothing" if details["type"] == "missing" else repr(details["input"])
    spellings = [unit.value for unit in SpeedUnit] if name == "units" else []
    return (
        f"{where}: {'.'.join(key)}: found {found}, allowed is {description}{_nearest(found.strip(_QUOTES), spellings)}."
    )


def _nearest(word: str, spellings: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), list(spellings), n=1, cutoff=0.5)
    return f" (nearest: {close[0]!r})" if close else ""
