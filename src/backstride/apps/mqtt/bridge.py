"""Several treadmills on one broker: who is offered, who hears what, and what goes out when the broker is there.

Whatever becomes of the broker, a session goes on and its belt is left alone: what is to be said waits in the outboxes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.address import BackOff
from backstride.apps.mqtt.claims import Claims
from backstride.apps.mqtt.lines import Lines, Listener
from backstride.apps.mqtt.linking import LOG
from backstride.apps.mqtt.messages import read, read_availability, write
from backstride.apps.mqtt.offer import Offer
from backstride.apps.mqtt.outbox import Message, Outbox
from backstride.apps.mqtt.payloads import Claim
from backstride.apps.mqtt.portrait import abilities
from backstride.apps.mqtt.station import Station
from backstride.apps.mqtt.topics import TOPICS, Channel, Keeping, Place, Topics, free_id
from backstride.apps.mqtt.waiting import end_of, until
from backstride.errors import BackstrideError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.apps.mqtt.broker import Heard
    from backstride.apps.mqtt.discovery import HomeAssistant
    from backstride.apps.mqtt.repertoire import Repertoire
    from backstride.driver.machine import Machine

LOOKS_AGAIN: Final = 5.0
"""Seconds between two looks at a treadmill that another bridge drives."""


@dataclass(frozen=True, slots=True)
class Berth:
    """A treadmill that is to be offered.

    Attributes:
        label: What it is called until it is connected.
        connect: Connects to it for as long as the block lasts.
        allow_start: True if its belt may be started over MQTT (S1).
    """

    label: str
    connect: Callable[[], AbstractAsyncContextManager[Machine]]
    allow_start: bool = False


class Bridge:
    """The treadmills beside one computer, on one broker.

    Args:
        address: The broker.
        name: Our name in topics; no other bridge on the broker may have it.
        topics: The topics in use.
        repertoire: What treadmills can be told to walk.
        tell: Called with sentences for whoever looks after the bridge.
        home: The Home Assistant that is to show the treadmills, if one is.
        complete: Called once every treadmill is offered.
        wall: Returns the seconds since 1970.
    """

    def __init__(  # noqa: PLR0913 - put together in one place, by keyword
        self,
        address: BrokerAddress,
        name: str,
        topics: Topics,
        repertoire: Repertoire,
        *,
        tell: Callable[[str], None],
        home: HomeAssistant | None = None,
        complete: Callable[[], None] = lambda: None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._topics = topics
        self._repertoire = repertoire
        self._tell = tell
        self._home = home
        self._complete = complete
        self._wall = wall
        self._berths = 0
        self._claims = Claims(name)
        self._offers: dict[str, Offer] = {}
        self._departed: list[Outbox] = []
        listener = Listener(
            heard=self._heard,
            outboxes=self._outboxes,
            begins=self._claims.forget,
            settled=self._settle_claims,
            somebody_walks=lambda: any(offer.station.in_session for offer in self._offers.values()),
            tell=tell,
        )
        self._lines = Lines(address, name, topics, listener)

    @property
    def offered(self) -> tuple[str, ...]:
        """The treadmills that are offered, by their names in topics."""
        return tuple(self._offers)

    # --- from beginning to end

    async def run(self, berths: Sequence[Berth]) -> None:
        """Offer the treadmills until cancelled; their belts stand then (S6), and the broker has been told.

        Raises:
            BridgeError: The broker refuses us, and nobody walks.
        """
        self._berths = len(berths)
        linking = asyncio.create_task(self._lines.run())
        serving = [asyncio.create_task(self._serve(berth)) for berth in berths]
        try:
            done, _ = await asyncio.wait({linking, *serving}, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            await end_of(*serving)
            await self._lines.take_leave()
            await end_of(linking)

    def _outboxes(self) -> list[Outbox]:
        """Return what a new connection is for: of treadmills that have gone, what they still had to say to somebody."""
        for outbox in self._departed:
            outbox.narrow = True
        self._departed = [outbox for outbox in self._departed if not outbox.is_empty]
        return [*self._departed, *(offer.outbox for offer in self._offers.values())]

    # --- what comes in

    def _heard(self, heard: Heard) -> None:
        """Take a message; whatever it is, nothing is raised into the connection."""
        place = self._topics.read(heard.topic)
        if place is None:
            return
        try:
            self._route(place, heard)
        except Exception:  # noqa: BLE001 - whatever it is, the next message may be a Stop
            LOG.exception("a message on %s could not be taken", heard.topic)

    def _route(self, place: Place, heard: Heard) -> None:
        offer = self._offers.get(place.name)
        match place.channel:
            case Channel.STOP if offer is not None:
                offer.station.stop(heard.payload)
            case Channel.ALL_STOP:
                self._stop_all(heard.payload)
            case Channel.COMMAND if offer is not None:
                offer.station.command(heard.payload, retained=heard.retained)
            case Channel.CLAIM:
                self._hear_claim(place.name, heard)
            case Channel.BRIDGE:
                self._hear_bridge(place.name, heard.payload)
            case _:
                pass

    def _stop_all(self, payload: bytes) -> None:
        for name, offer in tuple(self._offers.items()):
            try:
                offer.station.stop(payload, reason="everything was stopped over MQTT")
            except Exception:  # noqa: BLE001 - whatever it is, the other treadmills are to stop
                LOG.exception("%s could not be stopped", name)

    def _hear_claim(self, treadmill: str, heard: Heard) -> None:
        offer = self._offers.get(treadmill)
        with contextlib.suppress(ValueError):  # whatever it is, it is no claim
            claim = read(Claim, heard.payload) if heard.payload else None
            self._claims.hear_claim(treadmill, claim)
            if offer is not None:
                self._settle_claim(treadmill, offer)
                if claim is None and not offer.contested:
                    offer.insist()
            elif claim is not None and claim.bridge == self.name and heard.retained:
                self._take_back(heard.topic)

    def _take_back(self, topic: str) -> None:
        """Take back a claim of ours to a treadmill that we do not offer: the broker was lost before we could."""
        rule = TOPICS[Channel.CLAIM]
        self._lines.own.keep(Message(topic, b"", rule.qos, rule.retained, Keeping.EVERY))  # once, and never again
        self._lines.postman.call(self._lines.own)

    def _hear_bridge(self, bridge: str, payload: bytes) -> None:
        with contextlib.suppress(ValueError):
            online = read_availability(payload) if payload else False
            if bridge == self.name and not online:
                self._lines.say_again()  # the last will of a connection before, somebody's question, or a joke
            self._claims.hear_bridge(bridge, online=online)
            self._settle_claims()

    def _settle_claims(self) -> None:
        for treadmill, offer in tuple(self._offers.items()):
            self._settle_claim(treadmill, offer)

    def _settle_claim(self, treadmill: str, offer: Offer) -> None:
        """Stand back where another bridge was first; say once more that a treadmill is ours where it was not."""
        theirs = self._claims.holder(treadmill)
        if self._claims.rival(treadmill, offer.claim) is not None:
            offer.stand_back()
        elif theirs is not None:
            self._claims.hear_claim(treadmill, None)
            if offer.insist():
                LOG.warning("%s: the bridge %s claims it as well, and came later", treadmill, theirs.bridge)
        elif offer.contested and self._lines.settled.is_set():
            offer.resume()

    # --- treadmills

    async def _serve(self, berth: Berth) -> None:
        """Offer one treadmill, again and again."""
        back_off = BackOff()
        while True:
            wait = LOOKS_AGAIN
            try:
                async with berth.connect() as machine:
                    back_off.succeeded()
                    await self._lines.settled.wait()
                    who = machine.identity
                    name = free_id(machine.called, who.name, who.address, self._offers)
                    if self._claims.holder(name) is None:
                        await self._offer(name, machine, berth)
            except BackstrideError as error:
                wait = back_off.wait()
                self._tell(f"{berth.label}: {error} The next attempt is in {wait:g} s.")
            except Exception:  # noqa: BLE001 - whatever it is, on the other treadmills people may walk
                wait = back_off.wait()
                LOG.exception("%s: the program failed; the next attempt is in %g s", berth.label, wait)
            else:
                await self._until_free(name)
            await asyncio.sleep(wait)

    async def _until_free(self, name: str) -> None:
        """Stand back from a treadmill for as long as another bridge drives it."""
        theirs = self._claims.holder(name)
        if theirs is not None:
            self._tell(f"{name} is driven by the bridge {theirs.bridge}; this one stands back.")
        await until(lambda: self._lines.settled.is_set() and self._claims.holder(name) is None, LOOKS_AGAIN)

    async def _offer(self, name: str, machine: Machine, berth: Berth) -> None:
        """Offer a connected treadmill until another bridge turns out to have been first, or this one ends."""
        outbox, repertoire, lines = Outbox(self._topics, name), self._repertoire, self._lines
        sessions = repertoire.fitting(machine.capabilities)
        able = abilities(machine, self.name, sessions, allows_start=berth.allow_start)
        station = Station(
            machine,
            outbox,
            repertoire,
            able,
            filled=lambda: lines.postman.call(outbox),
            hears_stop=lambda: lines.hears_stop,
            wall=self._wall,
        )
        offer = Offer(station, outbox, Claim(self.name, round(self._wall(), 3)), lines.postman)
        self._offers[name] = offer
        outbox.put(Channel.CLAIM, write(offer.claim))
        if self._home is not None:
            outbox.keep(self._home.discovery(able, name))
        serving = asyncio.create_task(station.serve())
        giving_way = asyncio.create_task(offer.until_over())
        try:
            self._tell(f"{machine.name} is on the broker as {name}.")
            if len(self._offers) == self._berths:
                self._complete()
            await asyncio.wait({serving, giving_way}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            fault = await end_of(serving, giving_way)
            del self._offers[name]
            offer.end()
            if not offer.contested:
                outbox.put(Channel.CLAIM, b"")
                if self._home is not None and machine.is_simulated:  # a real one comes back
                    outbox.keep(self._home.removal(name))
            self._departed = [*(one for one in self._departed if not one.is_empty), outbox]
            lines.postman.call(outbox)
        if fault is not None:
            LOG.error("%s: the program failed; the belt was stopped", name, exc_info=fault)
