"""The first line of a capture: what wrote it, on what system, of which machine."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Final, Self

from backstride.capture.form import COUNT, TEXT, YES_OR_NO, Codec, Form, Key

SCHEMA: Final = 1
"""Version of the format; it rises when a key goes away or changes its meaning (docs/capture.md)."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a capture says of itself.

    Attributes:
        schema: Version of the format.
        started: When it was begun; aware of its time zone.
        backstride: Version of Backstride.
        bleak: Version of bleak.
        python: Version of Python.
        system: Operating system, its version, the processor.
        backend: Name of the bleak backend.
        bluez: Version of BlueZ; None where there is none, or it does not say.
        address: The machine's Bluetooth address, or the identifier the system gives instead; empty where it is to be
            found yet.
        name: The name it advertises.
        simulated: True if it was no real treadmill.
        redacted: True if addresses, names and the like were replaced.
        note: What whoever made it says about it.
    """

    schema: int
    started: datetime
    backstride: str
    bleak: str
    python: str
    system: str
    backend: str = ""
    bluez: str | None = None
    address: str = ""
    name: str | None = None
    simulated: bool = False
    redacted: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if self.started.tzinfo is None:
            raise ValueError("started: a time without its zone says nothing next summer")

    @classmethod
    def now(
        cls,
        *,
        address: str = "",
        name: str | None = None,
        backend: str = "",
        bluez: str | None = None,
        simulated: bool = False,
        note: str = "",
    ) -> Self:
        """Return the header of a capture that this program begins now."""
        return cls(
            schema=SCHEMA,
            started=datetime.now().astimezone(),
            backstride=version("backstride"),
            bleak=version("bleak"),
            python=platform.python_version(),
            system=f"{platform.system()} {platform.release()} {platform.machine()}",
            backend=backend,
            bluez=bluez,
            address=address,
            name=name,
            simulated=simulated,
            note=note,
        )


def _schema_number(value: object) -> int:
    number = COUNT.read(value)
    if number > SCHEMA:
        raise ValueError(f"written by a newer Backstride, in format {number}; this one reads up to {SCHEMA}")
    if number == 0:
        raise ValueError("there is no format 0")
    return number


def _instant(value: object) -> datetime:
    return datetime.fromisoformat(TEXT.read(value))


HEADER: Final = Form(
    Header,
    Key("schema", Codec({"const": SCHEMA}, int, _schema_number), "Version of the format.", key="capture"),
    Key(
        "started",
        Codec({"type": "string", "format": "date-time"}, datetime.isoformat, _instant),
        "When the capture was begun, with its time zone.",
    ),
    Key("backstride", TEXT, "Version of Backstride."),
    Key("bleak", TEXT, "Version of bleak."),
    Key("python", TEXT, "Version of Python."),
    Key("system", TEXT, "Operating system, its version, the processor."),
    Key("backend", TEXT, "Name of the bleak backend."),
    Key("bluez", TEXT, "Version of BlueZ."),
    Key("address", TEXT, "Bluetooth address of the machine, or the identifier the system gives instead."),
    Key("name", TEXT, "The name that the machine advertises."),
    Key("simulated", YES_OR_NO, "True if it was no real treadmill."),
    Key("redacted", YES_OR_NO, "True if addresses, names and the like were replaced."),
    Key("note", TEXT, "What whoever made the capture says about it."),
)
