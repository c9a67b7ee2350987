"""When each of many treadmills is looked at. Pure."""

from __future__ import annotations

from typing import Final
from zlib import crc32

BEAT: Final = 1.0
"""Seconds between two looks at a belt."""

TURNS: Final = 20
"""Turns within a beat.

A Stop that has come would wait for a thousand treadmills that are all looked at in one (S4); were each looked at in its
own, each message would go to the network alone, which takes more time.
"""

_AT_ITS_TURN: Final = 0.001  # seconds by which a timer may be early


def until_turn(name: str, now: float) -> float:
    """Return the seconds from `now` to a treadmill's next turn; whoever was late for one is not late for the next."""
    turn = crc32(name.encode()) % TURNS / TURNS * BEAT
    wait = BEAT - (now - turn) % BEAT
    return wait if wait > _AT_ITS_TURN else wait + BEAT
