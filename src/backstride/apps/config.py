"""Settings: one TOML file, over it the environment, over that what was typed.

The file lies where the platform keeps such files (platformdirs) and is written without losing a comment. It holds:
units, the record folder, the treadmill to use, personal limits, the body mass for the estimate of energy, the
treadmills met so far, what their consoles are set to, and the day on which the safety notice was acknowledged (S14).
"""

from __future__ import annotations

import difflib
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import platformdirs
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from backstride.apps import settings_file
from backstride.errors import ConfigError
from backstride.machines.fields import WireUnit
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
}
_OPTIONS: Final = {"units": "--units", "records": "--record", "device": "--device"}
_PATH_VARIABLE: Final = "BACKSTRIDE_CONFIG"
_CONSOLES: Final = "mph or km/h, as the treadmill's own display shows speeds"


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
    """A treadmill that was met before."""

    address: str = Field(min_length=1, description="its Bluetooth address, or the platform's identifier for it")
    id: str | None = Field(default=None, description="an identifier that does not depend on this computer's adapter")
    model: str | None = Field(default=None, description="the name of a machine file, such as 'generic'")
    last_seen: AwareDatetime | None = Field(default=None, description="a date and time with its zone")
    console: WireUnit | None = Field(default=None, strict=False, description=_CONSOLES)


class FileSettings(_Part):
    """The keys of the settings file, and what each may hold."""

    units: SpeedUnit = Field(default=SpeedUnit.MPH, strict=False, description="mph or km/h")
    records: Annotated[Path, BeforeValidator(_folder)] = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir(PROGRAM, appauthor=False)) / "records",
        description="a folder, such as '~/walks'",
    )
    device: str | None = Field(default=None, min_length=1, description="the name or address of a treadmill")
    console: WireUnit = Field(default=WireUnit.KMH, strict=False, description=_CONSOLES)
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
        """Return the remembered treadmill of this name or address, case aside, or None."""
        wanted = name.casefold()
        for known, machine in self.machines.items():
            if wanted in (known.casefold(), machine.address.casefold()):
                return machine
        return None

    def console_of(self, address: str) -> WireUnit:
        """Return what the console of the treadmill with this address is set to: its own setting, else that of all."""
        known = self.machine(address)
        return self.console if known is None or known.console is None else known.console


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
) -> Settings:
    """Return the settings: the file, under the environment, under what was typed.

    A file that does not exist yet stands for the defaults.

    Args:
        path: The settings file; without it ``BACKSTRIDE_CONFIG``, or the platform's place.
        environ: The environment; the process's own by default. An empty variable counts as not set.
        units: ``mph`` or ``km/h``, as typed.
        records: The record folder, as typed.
        device: The treadmill's name or address, as typed.

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
    typed = {"units": units, "records": records, "device": device}
    over |= {key: value for key, value in typed.items() if value is not None}
    known = _validated(over, lambda key: (_VARIABLES if typed[key[0]] is None else _OPTIONS)[key[0]])
    merged = {**dict(in_file), **{key: getattr(known, key) for key in over}}
    return Settings(file=file, **merged)


def remember_machine(settings: Settings, name: str, machine: RememberedMachine) -> Settings:
    """Save `machine` under `name`, or anew under the name a person gave to its address, with the console they named.

    A name that belongs to another address gets a number. Raises ConfigError if the file cannot be written.
    """
    address = machine.address.casefold()
    name = next((known for known, other in settings.machines.items() if other.address.casefold() == address), name)
    taken, number = name, 1
    while taken in settings.machines and settings.machines[taken].address.casefold() != address:
        number += 1
        taken = f"{name} {number}"
    before = settings.machines.get(taken)
    if before is not None and machine.console is None:
        machine = machine.model_copy(update={"console": before.console})
    values = machine.model_dump()
    settings_file.save(settings.file, {("machines", taken, key): value for key, value in values.items()})
    return settings.model_copy(update={"machines": {**settings.machines, taken: machine}})


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
    spellings = [unit.value for unit in SpeedUnit] if name in {"units", "console"} else []
    return (
        f"{where}: {'.'.join(key)}: found {found}, allowed is {description}{_nearest(found.strip(_QUOTES), spellings)}."
    )


def _nearest(word: str, spellings: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), list(spellings), n=1, cutoff=0.5)
    return f" (nearest: {close[0]!r})" if close else ""
