"""A treadmill on the broker without a broker: what is commanded goes in by hand, what goes out is read back."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backstride.apps.mqtt.bulletin import TOLD_WITHIN
from backstride.apps.mqtt.messages import read, write_command
from backstride.apps.mqtt.outbox import Outbox
from backstride.apps.mqtt.payloads import Answer, BeltState, Command, Counters, Progress, Verb
from backstride.apps.mqtt.repertoire import Repertoire, shipped
from backstride.apps.mqtt.station import Station
from backstride.apps.mqtt.topics import Topics
from backstride.driver.machine import Machine
from backstride.workout.profile import Limits
from tests.support.bench import until
from tests.support.workout import profile, steady

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backstride.apps.mqtt.outbox import Message
    from backstride.simulator.treadmill import SimulatedTreadmill
    from backstride.units import Incline, Speed

EPOCH = 1_700_000_000.0
LONG = profile(steady("2.0", 600.0), steady("3.0", 600.0))
SHORT = profile(steady("2.0", 20.0), steady("2.4", 20.0))
HARD = profile(steady("6.5", 60.0), limits=Limits(speed=LONG.steps[0].speed.from_kmh("7")))  # type: ignore[union-attr]


def repertoire(**profiles: object) -> Repertoire:
    """Return the shipped sessions, and some for tests."""
    return Repertoire({"long": LONG, "short": SHORT, "hard": HARD, **shipped(), **profiles})  # type: ignore[dict-item]


@dataclass
class Counter:
    """Somebody who commands one treadmill, and reads what it says."""

    machine: Machine
    station: Station
    outbox: Outbox
    heard: list[Message] = field(default_factory=list)
    sent: int = 0

    @staticmethod
    def now() -> float:
        return EPOCH + asyncio.get_running_loop().time()

    def command(self, verb: Verb, argument: Speed | Incline | str | None = None, caller: str = "") -> str:
        """Send a command; return its id."""
        self.sent += 1
        caller = caller or f"c{self.sent}"
        self.station.command(write_command(Command(caller, self.now(), verb, argument)))
        return caller

    def listen(self) -> None:
        while (message := self.outbox.take()) is not None:
            self.outbox.acknowledge(message)
            self.heard.append(message)

    def on(self, what: str) -> list[bytes]:
        """Return what was published on a topic of the treadmill."""
        self.listen()
        return [message.payload for message in self.heard if message.topic.endswith(f"/{what}")]

    def answers(self) -> dict[str, Answer]:
        answers = [read(Answer, octets) for octets in self.on("answer")]
        assert len({answer.id for answer in answers}) == len(answers), "a command was answered twice"
        return {answer.id: answer for answer in answers}

    def outcome(self, caller: str) -> str:
        return self.answers()[caller].outcome.value

    async def answered(self, caller: str, within: float = 60.0) -> Answer:
        await until(lambda: caller in self.answers(), within)
        return self.answers()[caller]

    async def asked(self, verb: Verb, argument: Speed | Incline | str | None = None, within: float = 60.0) -> Answer:
        answer = await self.answered(self.command(verb, argument), within)
        await asyncio.sleep(2 * TOLD_WITHIN)
        return answer

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(octets) for octets in self.on("event")]

    @property
    def session(self) -> Progress:
        return read(Progress, self.on("session")[-1])

    @property
    def asking(self) -> str | None:
        return self.session.asking

    @property
    def state(self) -> BeltState:
        return read(BeltState, self.on("state")[-1])

    @property
    def counters(self) -> Counters:
        return read(Counters, self.on("counters")[-1])


@contextlib.asynccontextmanager
async def counter(
    treadmill: SimulatedTreadmill, *, allow_start: bool = True, offer: Repertoire | None = None
) -> AsyncIterator[Counter]:
    """Offer a simulated treadmill during the block."""
    async with Machine.connect(treadmill) as machine:
        outbox = Outbox(Topics(), "den")
        station = Station(
            machine, outbox, offer or repertoire(), bridge="cellar", allow_start=allow_start, wall=Counter.now
        )
        serving = asyncio.create_task(station.serve())
        await asyncio.sleep(2.0)
        try:
            yield Counter(machine, station, outbox)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
