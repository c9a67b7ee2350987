"""What crosses between a simulated treadmill's server and its clients: links, what goes out, what was written. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backstride.protocol.att import AttError
    from backstride.simulator.gatt import Cccd

DEFAULT_MTU: Final = 23
"""ATT_MTU of a link before both sides agree on more (Core Vol 3 F 3.2.8)."""

ATT_HEADER: Final = 3
"""Octets of a notification or an indication before its value."""


@dataclass(slots=True, eq=False)
class Connection:
    """One client's link; everything in it is gone with the link (fact sheet 7.5, 11), but what a paired client wants.

    Attributes:
        number: Counted from 1 over the life of the machine.
        mtu: ATT_MTU of the link.
        encrypted: Whether the link is encrypted.
        subscriptions: CCCD value of each characteristic that was configured.
    """

    number: int
    mtu: int = DEFAULT_MTU
    encrypted: bool = False
    subscriptions: dict[str, Cccd] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Emission:
    """A notification or indication to be carried to a client; an indication wants `Peripheral.confirm`.

    One that `overtakes` arrives before the response to a write that came earlier.
    """

    connection: Connection
    uuid: str
    value: bytes
    indication: bool = False
    overtakes: bool = False


@dataclass(frozen=True, slots=True)
class ControlWrite:
    """One write to the control point, as the machine saw it.

    Attributes:
        time: Seconds.
        connection: Number of the connection.
        value: The octets written.
        att_error: Error of the write itself, or None if it was acknowledged.
        answer: The octets of the answer, or None if there is none.
    """

    time: float
    connection: int
    value: bytes
    att_error: AttError | None
    answer: bytes | None
