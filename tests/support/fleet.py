"""What bridges say on a broker, put together by hand, and a fleet that hears it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backstride.apps.mqtt.fleet import Fleet, Row
from backstride.apps.mqtt.messages import write
from backstride.apps.mqtt.payloads import IDLE, Abilities, Answer, BeltState, Claim, Outcome, Progress
from backstride.apps.mqtt.topics import Channel, Topics
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from backstride.apps.mqtt.standstill import Standstill

TOPICS = Topics()
STANDING = BeltState(
    at=1_700_000_000.0,
    connected=True,
    standing=True,
    stale=False,
    speed=Speed(0),
    incline=Incline(0),
    distance_m=0,
    elapsed_s=0,
    heart_rate_bpm=None,
    energy_kcal=None,
    power_w=None,
    steps=None,
    session_distance_m=None,
    session_climb_m=None,
    session_elapsed_s=None,
)
WALKING = replace(
    STANDING,
    standing=False,
    speed=Speed(322),
    incline=Incline(20),
    session_distance_m=134.5,
    session_climb_m=2.0,
    session_elapsed_s=150.0,
)
SESSION = Progress("retro-walk", "running", 2, 9, "2 min at 3.2 km/h", Speed(322), Incline(20), 60.0, None, "", "")
NO_SESSION = replace(SESSION, state=IDLE, step=None, label="", target_speed=None, target_incline=None, remaining_s=None)


def abilities(name: str = "Den", bridge: str = "cellar") -> Abilities:
    return Abilities(name, "Model T", bridge, True, None, None, ("retro-walk",), True)  # noqa: FBT003 - as it stands


@dataclass
class Hearing:
    """A fleet, a clock, and what is said to it."""

    fleet: Fleet = field(default_factory=lambda: Fleet(TOPICS))
    now: float = 100.0
    standstill: Standstill | None = None

    def say(self, channel: Channel, name: str, said: object = b"", *, retained: bool = False) -> None:
        payload = said.encode() if isinstance(said, str) else said if isinstance(said, bytes) else write(said)
        self.fleet.hear(TOPICS.of(channel, name), payload, self.now)
        if self.standstill is not None:
            self.standstill.hear(TOPICS.of(channel, name), payload, self.now, retained=retained)

    def offer(self, name: str = "den", bridge: str = "cellar", *, since: float = 5.0, title: str = "Den") -> None:
        """Say what a bridge says of a treadmill that it drives."""
        self.say(Channel.BRIDGE, bridge, "online")
        self.say(Channel.CLAIM, name, Claim(bridge, since))
        self.say(Channel.CAPABILITIES, name, abilities(title, bridge))
        self.say(Channel.LINK, name, "online")
        self.say(Channel.STATE, name, STANDING)
        self.say(Channel.SESSION, name, NO_SESSION)

    def answer(self, name: str, caller: str, outcome: Outcome = Outcome.CONFIRMED, reason: str = "it stands") -> None:
        self.say(Channel.ANSWER, name, Answer(caller, "stop", outcome, reason))

    def event(self, name: str, **values: object) -> None:
        self.say(Channel.EVENT, name, json.dumps({"schema": 1, "t": 1.0, **values}))

    def row(self, name: str = "den") -> Row:
        row = self.fleet.row(name, self.now)
        assert row is not None
        return row
