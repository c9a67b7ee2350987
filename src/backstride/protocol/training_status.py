"""Training Status 0x2AD3: which phase of a workout the machine is in (FTMS 4.10)."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from backstride.errors import EncodeError
from backstride.protocol.wire import UINT8, Layout, Part


class TrainingStatusCode(IntEnum):
    """Phases of a workout (FTMS Table 4.13); every other number is reserved."""

    OTHER = 0x00
    IDLE = 0x01
    WARMING_UP = 0x02
    LOW_INTENSITY_INTERVAL = 0x03
    HIGH_INTENSITY_INTERVAL = 0x04
    RECOVERY_INTERVAL = 0x05
    ISOMETRIC = 0x06
    HEART_RATE_CONTROL = 0x07
    FITNESS_TEST = 0x08
    SPEED_OUTSIDE_CONTROL_REGION_LOW = 0x09
    """Too slow: speed up to come back."""
    SPEED_OUTSIDE_CONTROL_REGION_HIGH = 0x0A
    """Too fast: slow down to come back."""
    COOL_DOWN = 0x0B
    WATT_CONTROL = 0x0C
    MANUAL_MODE_QUICK_START = 0x0D
    PRE_WORKOUT = 0x0E
    POST_WORKOUT = 0x0F


STRING_PRESENT: Final = 0x01
EXTENDED_STRING: Final = 0x02
RESERVED_FLAGS: Final = 0xFC
_LAYOUT: Final = Layout(Part("flags", UINT8), Part("status", UINT8))


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """A value of 0x2AD3.

    Attributes:
        status: A `TrainingStatusCode`, or a reserved number.
        text: The string of the machine, or None if it sends none; machines do send an empty one.
        extended: Whether the string goes on and must be fetched by a long read (FTMS 4.10.1.1).
        reserved: Flag bits 2 to 7 in their place; they mean nothing.
    """

    status: int
    text: str | None = None
    extended: bool = False
    reserved: int = 0

    @property
    def flags(self) -> int:
        """The flags octet."""
        present = 0 if self.text is None else STRING_PRESENT
        return present | (EXTENDED_STRING if self.extended else 0) | self.reserved


def decode_training_status(value: bytes) -> TrainingStatus:
    """Read a value; a character cut in two at its end is dropped, octets without a string flag are ignored.

    Raises:
        DecodeError: The value is shorter than 2 octets.
    """
    flags, status = _LAYOUT.read(value)
    text = _text_of(value[_LAYOUT.size :]) if flags & STRING_PRESENT else None
    return TrainingStatus(status, text, extended=bool(flags & EXTENDED_STRING), reserved=flags & RESERVED_FLAGS)


def _text_of(octets: bytes) -> str:
    return codecs.getincrementaldecoder("utf-8")("replace").decode(octets, final=False)


def encode_training_status(status: TrainingStatus) -> bytes:
    """Return the octets of `status`. Raises EncodeError out of range."""
    if status.reserved & ~RESERVED_FLAGS:
        raise EncodeError(f"{status.reserved:#04x} has bits that are not reserved flags")
    return _LAYOUT.write(status) + (status.text or "").encode()


def fit_training_status(status: TrainingStatus, size: int) -> TrainingStatus:
    """Return `status` as a notification of `size` octets carries it: cut at a character and marked extended.

    Raises:
        EncodeError: `size` is less than the 2 octets of a status without a string.
    """
    if size < _LAYOUT.size:
        raise EncodeError(f"a training status takes {_LAYOUT.size} octets, not {size}")
    octets = (status.text or "").encode()
    if len(octets) <= size - _LAYOUT.size:
        return status
    return replace(status, text=_text_of(octets[: size - _LAYOUT.size]), extended=True)
