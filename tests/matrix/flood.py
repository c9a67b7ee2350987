"""A flood of commands: those that may be carried out, and those of which none may come through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.desk import FRESH_FOR
from backstride.apps.mqtt.payloads import LARGEST_COMMAND

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

SPEEDS: Final = (1.4, 1.8, 2.2)
"""km/h that the flood asks for in earnest: who may publish commands may set a speed, within all limits."""

POISON: Final = 3.0
"""km/h that must never reach the belt: within every limit, and only ever asked for in a way that must be refused."""

STEEP: Final = 4.0
"""Per cent, likewise."""


def greeting(name: str) -> bytes:
    """Return the packet with which a client of this name connects (MQTT 3.1.1, 3.1)."""
    return _packet(0x10, _text("MQTT") + b"\x04\x02\x00\x00" + _text(name))


def publication(topic: str, payload: bytes) -> bytes:
    """Return the packet that publishes with quality of service 0 (MQTT 3.1.1, 3.3)."""
    return _packet(0x30, _text(topic) + payload)


def _packet(kind: int, content: bytes) -> bytes:
    length, rest = bytearray(), len(content)
    while rest > 0x7F:
        length.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes((kind, *length, rest)) + content


def _text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


_UNDER_WAY: Final = 60.0  # seconds that a command may take on a busy computer: one from the future ripens meanwhile
_ACTS: Final = ("start", "resume", "confirm", "pause", "skip", "back")


class Flood:
    """Makes commands.

    Args:
        chance: Which comes next.
        replayed: What the walker has sent so far.
        now: Returns the seconds since 1970.
    """

    def __init__(self, chance: random.Random, replayed: Sequence[bytes], now: Callable[[], float]) -> None:
        self._chance = chance
        self._replayed = replayed
        self._now = now
        self._made = 0

    def next(self) -> bytes:
        """Return the next command."""
        kinds = (self._earnest, self._old, self._malformed, self._wrong_typed, self._repeated, self._oversized)
        self._made += 1
        return self._chance.choice((*kinds, self._out_of_range))()

    def _order(self, **values: object) -> bytes:
        return json.dumps({"id": f"flood-{self._made}", "sent_at": self._now(), **values}).encode()

    def _poison(self) -> dict[str, object]:
        poisons: tuple[dict[str, object], ...] = (
            {"command": "set_speed", "speed_km_h": POISON},
            {"command": "set_incline", "incline_percent": STEEP},
            {"command": self._chance.choice(_ACTS)},
        )
        return self._chance.choice(poisons)

    def _earnest(self) -> bytes:
        return self._order(command="set_speed", speed_km_h=self._chance.choice(SPEEDS))

    def _old(self) -> bytes:
        off = self._chance.choice((-3600.0, -FRESH_FOR - 0.5, FRESH_FOR + _UNDER_WAY, 3600.0))
        return self._order(**self._poison(), sent_at=self._now() + off)

    def _malformed(self) -> bytes:
        order = self._order(**self._poison())
        return self._chance.choice(
            (b"", b"\x00\xff" * 50, b"[" * 900, order[:-1], order * 2, order.replace(b'"', b"'"))
        )

    def _wrong_typed(self) -> bytes:
        poison = self._poison()
        spoilt = self._chance.choice(
            (
                {"id": {"a": 1}},
                {"sent_at": "now"},
                {"sent_at": True},
                {"command": [poison["command"]]},
                {"command": "set_speed", "speed_km_h": str(POISON)},
                {"command": "set_speed", "speed_km_h": [POISON]},
                {"command": "set_incline", "incline_percent": str(STEEP)},
                {"schema": 2},
                {"besides": 1},
            )
        )
        return self._order(**{**poison, **spoilt})

    def _repeated(self) -> bytes:
        return self._chance.choice(self._replayed) if self._replayed else self._old()

    def _oversized(self) -> bytes:
        return self._order(**self._poison()) + b" " * self._chance.choice((LARGEST_COMMAND, 20_000))

    def _out_of_range(self) -> bytes:
        return self._order(
            **self._chance.choice(
                (
                    {"command": "set_speed", "speed_km_h": 19},
                    {"command": "set_speed", "speed_km_h": 1e99},
                    {"command": "set_speed", "speed_km_h": float("nan")},
                    {"command": "set_speed", "speed_km_h": -POISON},
                    {"command": "set_incline", "incline_percent": 15},
                )
            )
        )
