"""What was found out about this computer, its Bluetooth and the treadmills around it. Pure.

None is always "unknown": nobody could be asked, or nobody answered. An empty tuple is "none".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstride.machines.capabilities import Capabilities
    from backstride.machines.facts import MachineFacts
    from backstride.machines.unsupported import Unsupported


class System(StrEnum):
    """The systems that bleak knows and that a treadmill may stand beside."""

    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"


class Access(Enum):
    """How far this program gets towards the Bluetooth service on the system's message bus (Linux)."""

    OPEN = "open"  # it answers
    NO_BUS = "no bus"  # there is no message bus
    NO_SERVICE = "no service"  # the bus answers, and BlueZ is not on it
    DENIED = "denied"  # this user may not talk to it
    SILENT = "silent"  # it is there, and does not answer


class Obstacle(Enum):
    """Why nothing could be listened to."""

    NO_ADAPTER = "no adapter"
    NO_LOW_ENERGY = "no low energy"
    OFF = "off"
    DENIED = "denied"
    FORBIDDEN = "forbidden"  # by whoever administers the computer
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Host:
    """The computer.

    Attributes:
        release: Release of the system, such as ``12.1``.
        python: Version of Python.
        bleak: Version of bleak, the Bluetooth library.
        board: The board's own name where it has one, such as ``Raspberry Pi 4 Model B``.
    """

    system: System
    release: str | None = None
    python: str | None = None
    bleak: str | None = None
    board: str | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """A Bluetooth adapter as BlueZ shows it.

    Attributes:
        name: Such as ``hci0``.
        powered: True if it is switched on.
        discovering: True if some program is scanning with it.
        central: True if it can connect to Bluetooth Low Energy devices.
        usb: True if it is plugged in by USB, also inside a laptop.
    """

    name: str
    address: str | None = None
    powered: bool | None = None
    discovering: bool | None = None
    central: bool | None = None
    usb: bool | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch that blocks a radio (rfkill): `soft` is turned by programs, `hard` by a key or a slide."""

    name: str
    soft: bool
    hard: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A treadmill that is connected to this computer before we have asked for it.

    Attributes:
        in_use: True if some program takes its notifications; False for a link that a program has left behind.
    """

    name: str
    address: str
    adapter: str | None = None
    in_use: bool | None = None


@dataclass(frozen=True, slots=True)
class Bluez:
    """Bluetooth on Linux, before we have listened to anything.

    Attributes:
        version: Of BlueZ, such as ``(5, 66)``.
        adapters: Those that BlueZ knows.
        kernel_adapters: Names of those that the kernel knows.
        switches: What can block them.
        held: Treadmills that are connected already.
        programs: Programs on the message bus that may use Bluetooth, such as ``bluetoothctl (process 812)``.
    """

    access: Access | None = None
    version: tuple[int, int] | None = None
    adapters: tuple[Adapter, ...] | None = None
    kernel_adapters: tuple[str, ...] | None = None
    switches: tuple[Switch, ...] | None = None
    held: tuple[Held, ...] | None = None
    programs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A treadmill that was heard.

    Attributes:
        rssi: Signal strength in dBm.
        after: Seconds from the beginning of the scan until it was first heard.
        available: False if it says that it is in use, None if it says nothing.
        is_treadmill: True if it says that it is one, None if only a connection can tell.
        facts: The machine file that fits its name.
        unsupported: What is known of it, if it speaks only its maker's protocol.
    """

    name: str | None
    address: str
    rssi: int | None
    after: float
    available: bool | None
    is_treadmill: bool | None
    facts: MachineFacts
    unsupported: Unsupported | None = None

    @property
    def called(self) -> str:
        """Its name, or its address where it has none."""
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class Air:
    """What listening came to.

    Attributes:
        seconds: How long was listened.
        sightings: What was heard, the strongest signal first.
        obstacle: Why nothing could be listened to, or None.
        sentence: The same in words.
    """

    seconds: float
    sightings: tuple[Sighting, ...] = ()
    obstacle: Obstacle | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """A treadmill that is asked about: named by the person, or met before.

    Attributes:
        address: Its address, or None if only its name is known.
        named: True if the person named it for this examination.
    """

    name: str
    address: str | None
    facts: MachineFacts | None
    named: bool = False

    def is_at(self, sighting: Sighting) -> bool:
        """Tell whether a sighting is this treadmill."""
        if self.address is not None:
            return sighting.address.casefold() == self.address.casefold()
        wanted = self.name.casefold()
        return sighting.address.casefold() == wanted or (sighting.name or "").casefold().startswith(wanted)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of connecting to a treadmill and reading what it says of itself, and nothing else.

    Attributes:
        took: Seconds from the first attempt to the last value.
        facts: The machine file that fits, or None if the connection failed.
        able: What it can do, likewise.
        failure: Why it failed, in words.
    """

    name: str
    took: float
    facts: MachineFacts | None = None
    able: Capabilities | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was found out.

    Attributes:
        bluez: None where the system has another Bluetooth.
        air: None if nobody listened.
        chosen: The adapter that the person chose, or None.
        patients: Treadmills that are asked about; none means whatever is heard.
        reading: None if nobody asked for a connection, or the treadmill was not heard.
    """

    host: Host
    bluez: Bluez | None = None
    air: Air | None = None
    chosen: str | None = None
    patients: tuple[Patient, ...] = ()
    reading: Reading | None = None
