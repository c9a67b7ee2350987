"""Several treadmills on one broker: who is offered, who hears what, and what goes out when the broker is there.

Whatever becomes of the broker, a session goes on and its belt is left alone: what is to be said waits in the outboxes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstride.apps.mqtt.address import LONGEST_WAIT, BackOff
from backstride.apps.mqtt.broker import Broker
from backstride.apps.mqtt.claims import Claims
from backstride.apps.mqtt.linking import LOG
from backstride.apps.mqtt.messages import read, read_availability, write
from backstride.apps.mqtt.namesake import require_own_name
from backstride.apps.mqtt.outbox import Message, Outbox
from backstride.apps.mqtt.payloads import OFFLINE, ONLINE, Claim
from backstride.apps.mqtt.portrait import abilities
from backstride.apps.mqtt.postman import Postman
from backstride.apps.mqtt.station import Station
from backstride.apps.mqtt.topics import ALL, TOPICS, Channel, Keeping, Place, Topics, free_id
from backstride.apps.mqtt.waiting import end_of, until
from backstride.errors import BackstrideError, BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from backstride.apps.mqtt.address import BrokerAddress
    from backstride.apps.mqtt.broker import Heard
    from backstride.apps.mqtt.discovery import HomeAssistant
    from backstride.apps.mqtt.repertoire import Repertoire
    from backstride.driver.machine import Machine

SETTLED_AFTER: Final = 1.0
"""Seconds on a new connection after which what the broker has kept has been heard."""

LOOKS_AGAIN: Final = 5.0
"""Seconds between two looks at a treadmill that another bridge drives."""

FAREWELL_WITHIN: Final = 3.0
"""Seconds for the last words to reach the broker."""

LASTED: Final = 10.0
"""Seconds after which a connection has lasted, and the next attempt after it may be made soon again."""


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


@dataclass(slots=True)
class _Offer:
    """A treadmill that is offered."""

    station: Station
    outbox: Outbox
    claim: Claim
    contested: asyncio.Event


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
        self._broker = Broker(address, f"backstride-{name}", self._heard)
        self._claims = Claims(name)
        self._own = Outbox(topics, name)
        self._offers: dict[str, _Offer] = {}
        self._postman = Postman()
        self._settled = asyncio.Event()
        self._met_before = self._leaving = False

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
        linking = asyncio.create_task(self._keep_connected())
        serving = [asyncio.create_task(self._serve(berth)) for berth in berths]
        try:
            done, _ = await asyncio.wait({linking, *serving}, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            await end_of(*serving)
            await self._take_leave(linking)
            await end_of(linking)

    async def _keep_connected(self) -> None:
        """Be connected to the broker, again and again."""
        back_off = BackOff()
        while True:
            began = asyncio.get_running_loop().time()
            try:
                if not self._met_before:
                    await require_own_name(
                        self._broker, self.name, self._topics.of(Channel.BRIDGE, self.name), self._tell
                    )
                await self._meet_broker()
            except BridgeError as error:
                if error.final and not self._somebody_walks:
                    raise
                if asyncio.get_running_loop().time() - began >= LASTED:
                    back_off.succeeded()
                wait = LONGEST_WAIT if error.final else back_off.wait()
                self._tell(f"{error} The treadmills do not depend on it; the next attempt is in {wait:g} s.")
                await asyncio.sleep(wait)

    @property
    def _somebody_walks(self) -> bool:
        return any(offer.station.in_session for offer in self._offers.values())

    async def _meet_broker(self) -> None:
        """Connect, and exchange messages until the connection is lost, which is raised as BridgeError."""
        heard = [self._topics.of(one, ALL) for one in (Channel.BRIDGE, Channel.CLAIM, Channel.COMMAND)]
        urgent = [self._topics.of(Channel.STOP, ALL), self._topics.of(Channel.ALL_STOP)]
        rule = TOPICS[Channel.BRIDGE]
        own = self._topics.of(Channel.BRIDGE, self.name)
        will = Message(own, OFFLINE.encode(), rule.qos, rule.retained, Keeping.LATEST)
        async with self._broker.connected(heard, urgent, will) as connection:
            self._tell(f"Connected to the broker at {self._broker.address} ({self._broker.protocol}).")
            self._met_before = True
            self._own.put(Channel.BRIDGE, ONLINE.encode())
            outboxes = [self._own, *(offer.outbox for offer in self._offers.values() if not offer.contested.is_set())]
            settling = asyncio.get_running_loop().call_later(SETTLED_AFTER, self._settled.set)
            try:
                await self._postman.serve(connection, outboxes)
            finally:
                settling.cancel()
                self._settled.clear()

    async def _take_leave(self, linking: asyncio.Task[None]) -> None:
        """Say the last words, if the broker is there."""
        if not self._settled.is_set() or linking.done():
            return
        self._leaving = True
        self._own.put(Channel.BRIDGE, OFFLINE.encode())
        self._postman.call(self._own)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_WITHIN):
                await self._postman.idle.wait()

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
                for each in tuple(self._offers.values()):
                    each.station.stop(heard.payload, reason="everything was stopped over MQTT")
            case Channel.COMMAND if offer is not None:
                offer.station.command(heard.payload, retained=heard.retained)
            case Channel.CLAIM:
                self._hear_claim(place.name, heard.payload)
            case Channel.BRIDGE:
                self._hear_bridge(place.name, heard.payload)
            case _:
                pass

    def _hear_claim(self, treadmill: str, payload: bytes) -> None:
        with contextlib.suppress(ValueError):  # whatever it is, it is no claim
            self._claims.hear_claim(treadmill, read(Claim, payload) if payload else None)
            self._settle_claim(treadmill)

    def _hear_bridge(self, bridge: str, payload: bytes) -> None:
        with contextlib.suppress(ValueError):
            online = read_availability(payload)
            if bridge == self.name and not online and not self._leaving:
                # The last will of a connection before, or somebody's joke.
                self._own.put(Channel.BRIDGE, ONLINE.encode())
                self._postman.call(self._own)
            self._claims.hear_bridge(bridge, online=online)
            for treadmill in tuple(self._offers):
                self._settle_claim(treadmill)

    def _settle_claim(self, treadmill: str) -> None:
        """Stand back where another bridge was first; say once more that a treadmill is ours where it was not."""
        offer = self._offers.get(treadmill)
        if offer is None or (theirs := self._claims.holder(treadmill)) is None:
            return
        if self._claims.rival(treadmill, offer.claim) is not None:
            offer.station.gives_way = True
            offer.contested.set()  # what is still to be said of it is for the other bridge to say
            self._postman.pass_over(offer.outbox)
        else:
            self._claims.hear_claim(treadmill, None)
            LOG.warning("%s: the bridge %s claims it as well, and came later", treadmill, theirs.bridge)
            self._postman.repeat(offer.outbox, SETTLED_AFTER)

    # --- treadmills

    async def _serve(self, berth: Berth) -> None:
        """Offer one treadmill, again and again."""
        back_off = BackOff()
        while True:
            wait = LOOKS_AGAIN
            try:
                async with berth.connect() as machine:
                    back_off.succeeded()
                    await self._settled.wait()
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
        await until(lambda: self._claims.holder(name) is None, LOOKS_AGAIN)

    async def _offer(self, name: str, machine: Machine, berth: Berth) -> None:
        """Offer a connected treadmill until another bridge turns out to have been first, or this one ends."""
        outbox, repertoire = Outbox(self._topics, name), self._repertoire
        contested = asyncio.Event()
        sessions = repertoire.fitting(machine.capabilities)
        able = abilities(machine, self.name, sessions, allows_start=berth.allow_start)
        station = Station(
            machine,
            outbox,
            repertoire,
            able,
            filled=lambda: None if contested.is_set() else self._postman.call(outbox),
            wall=self._wall,
        )
        offer = _Offer(station, outbox, Claim(self.name, round(self._wall(), 3)), contested)
        self._offers[name] = offer
        outbox.put(Channel.CLAIM, write(offer.claim))
        if self._home is not None:
            outbox.keep(self._home.discovery(able, name))
        self._tell(f"{machine.name} is on the broker as {name}.")
        if len(self._offers) == self._berths:
            self._complete()
        serving = asyncio.create_task(station.serve())
        giving_way = asyncio.create_task(contested.wait())
        try:
            await asyncio.wait({serving, giving_way}, return_when=asyncio.FIRST_COMPLETED)
            await until(lambda: serving.done() or not station.in_session, SETTLED_AFTER)  # who walks, walks to the end
        finally:
            fault = await end_of(serving, giving_way)
            del self._offers[name]
            if not contested.is_set():
                outbox.put(Channel.CLAIM, b"")
                if self._home is not None and machine.is_simulated:  # a real one comes back
                    outbox.keep(self._home.removal(name))
                self._postman.call(outbox)
        if fault is not None:
            LOG.error("%s: the program failed; the belt was stopped", name, exc_info=fault)
