"""What crosses bleak's client, as events: links, requests and what came of them, values that were sent. Pure.

An event says what was known at its instant and no more; the instant is stamped by whoever takes it. Links follow one
another, never side by side, so an event belongs to the link that was begun last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Trace = Callable[["Event"], None]
    """Takes every event as it happens."""


class Operation(StrEnum):
    """What a request asks for; a command is a write without response."""

    READ = "read"
    WRITE = "write"
    COMMAND = "command"
    SUBSCRIBE = "subscribe"
    PAIR = "pair"


class Trouble(StrEnum):
    """Why something failed."""

    ATT = "att"
    """The machine answered with an ATT error."""
    BLUEZ = "bluez"
    """BlueZ refused, under a name of its own."""
    TIMEOUT = "timeout"
    """No answer in time."""
    LINK_LOST = "link lost"
    GIVEN_UP = "given up"
    """Nobody waited for it any more."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt or a request came to nothing.

    Attributes:
        text: What bleak, or the system, said.
        att_error: The ATT error code of `Trouble.ATT`.
        name: The D-Bus name of `Trouble.BLUEZ`.
    """

    trouble: Trouble
    text: str = ""
    att_error: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A descriptor as it was discovered."""

    uuid: str
    handle: int


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A characteristic as it was discovered; `properties` as bleak spells them."""

    uuid: str
    handle: int
    properties: tuple[str, ...] = ()
    descriptors: tuple[Descriptor, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it was discovered."""

    uuid: str
    handle: int
    characteristics: tuple[Characteristic, ...] = ()


@dataclass(frozen=True, slots=True)
class Connecting:
    """A link is being made; bleak may try several times underneath.

    Attributes:
        address: Bluetooth address, or the identifier the system gives instead.
        name: As a scan heard it; None for a machine without one.
    """

    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class NotConnected:
    """The link could not be made."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Connected:
    """The link is up and its services are discovered.

    Attributes:
        mtu: ATT_MTU as far as the system tells it; BlueZ before 5.62 says 23 whatever it is.
        services: The attribute table.
    """

    mtu: int | None = None
    services: tuple[Service, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognised:
    """The driver has made up its mind what machine this is.

    Attributes:
        model: Name of the machine file in use.
        facts: What stands in it, in the form of the file.
    """

    model: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request goes out.

    Attributes:
        number: Tells the requests of a capture apart.
        uuid: Of the characteristic; empty where there is none.
        value: What is written.
    """

    number: int
    operation: Operation
    uuid: str = ""
    value: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A request has come to its end.

    Attributes:
        number: Of the request, as `uuid` is.
        value: What was read.
        failure: None if it succeeded.
    """

    number: int
    uuid: str = ""
    value: bytes | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """The machine sent a value unasked: a notification, or an indication."""

    uuid: str
    value: bytes
    indication: bool = False


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The link ended without our doing; bleak does not say why."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """The driver takes the link down; `reason` says why unless the program simply leaves."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """The link is closed, or what came of trying to close it."""

    failure: Failure | None = None


Event = Connecting | NotConnected | Connected | Recognised | Asked | Answered | Heard | LinkLost | LetGo | Closed
