"""Treadmill Data taken apart by the fact sheet's table 4.1: a second reading, which shares nothing with our decoder."""

from __future__ import annotations

from typing import Final

MORE_DATA: Final = 0x0001

_ROWS: Final = (
    # flag bit, octets, signed, field
    (0, 2, False, "speed"),
    (1, 2, False, "average speed"),
    (2, 3, False, "distance"),
    (3, 2, True, "inclination"),
    (3, 2, True, "ramp angle"),
    (4, 2, False, "positive elevation gain"),
    (4, 2, False, "negative elevation gain"),
    (5, 2, False, "pace"),
    (6, 2, False, "average pace"),
    (7, 2, False, "total energy"),
    (7, 2, False, "energy per hour"),
    (7, 1, False, "energy per minute"),
    (8, 1, False, "heart rate"),
    (9, 1, False, "metabolic equivalent"),
    (10, 2, False, "elapsed time"),
    (11, 2, False, "remaining time"),
    (12, 2, True, "force on belt"),
    (12, 2, True, "power output"),
)


def fields_of(value: str) -> dict[str, int]:
    """Return the fields of one notification given as hex; there must be neither too few octets nor too many."""
    octets = bytes.fromhex(value)
    flags, place = int.from_bytes(octets[:2], "little"), 2
    assert flags & 0xE000 == 0, "reserved flags are set"
    fields: dict[str, int] = {}
    for bit, width, signed, name in _ROWS:
        if (flags ^ MORE_DATA) >> bit & 1:  # More Data alone announces by being clear
            assert place + width <= len(octets), f"{value} ends before {name}"
            fields[name] = int.from_bytes(octets[place : place + width], "little", signed=signed)
            place += width
    assert place == len(octets), f"{value} has octets that no flag announces"
    return fields
