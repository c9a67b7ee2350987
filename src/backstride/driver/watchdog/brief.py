"""What a session tells its watchdog, and what the watchdog answers: datagrams on a socket pair. Pure.

The first datagram is a `Brief`; then one of the words below every half second, and at once when it changes. The end of
the stream is the end of the session's process.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from backstride.units import Speed

BEAT_EVERY: Final = 0.5
"""Seconds between two words of a session that lives."""

HANGS_AFTER: Final = 2.0
"""Seconds without a word after which a session counts as hung (S6)."""

DATAGRAM_OCTETS: Final = 4096

IDLE: Final = b"idle"
"""The session lives and owes no stop: its belt stands, or was never started."""

MOVING: Final = b"moving"
"""The session lives, and its belt moves or may begin to; sent before a Start is written."""

GO: Final = b"go"
"""The session is over: the watchdog's work is done."""

READY: Final = b"ready"
"""The watchdog is on the bus and knows the treadmill."""

ACTED: Final = b"acted"
"""The watchdog took the session for hung and has stopped the belt; the session lives, and is over."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What a watchdog must know of a treadmill; it stands in for `Capabilities`, which would cost it pydantic.

    Attributes:
        device: The device's D-Bus path.
        name: What the machine is called.
        pacing: Seconds that must lie between two writes.
        unanswered: Op codes that are carried out but never answered.
        motion_within: Seconds from a Start to the first motion, at most.
        lowest: The slowest speed in 0.01 km/h, or None if speed is no target here.
        lowest_written: The number to write for it.
        absurd: A reported speed above this, in 0.01 km/h, is a broken frame; None if nobody knows.
        in_miles: True if reported speeds are in 0.01 mph.
        silent_when_stopped: True if telemetry ends while the belt stands.
    """

    device: str
    name: str
    pacing: float = 0.0
    unanswered: tuple[int, ...] = ()
    motion_within: float = 4.0
    lowest: int | None = None
    lowest_written: int | None = None
    absurd: float | None = None
    in_miles: bool = False
    silent_when_stopped: bool = False

    def to_octets(self) -> bytes:
        """Return the datagram."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_octets(cls, value: bytes) -> Self:
        """Read the datagram. Raises ValueError or TypeError if it is none."""
        fields: dict[str, Any] = json.loads(value)
        return cls(**{**fields, "unanswered": tuple(fields["unanswered"])})

    # --- what `TelemetryWatch` asks of a machine

    @property
    def telemetry_unit(self) -> Self:
        """The unit of reported speeds: this brief, which can convert them."""
        return self

    def from_wire(self, number: Speed) -> Speed:
        """Return the speed that the machine means by `number`."""
        return Speed.from_mph(number.kmh) if self.in_miles else number

    def is_absurd(self, speed: Speed) -> bool:
        """Tell a broken frame from a speed."""
        return self.absurd is not None and speed > self.absurd
