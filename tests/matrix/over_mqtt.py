"""One run whose walker drives the session over MQTT: the bridge on a real broker, which is lost, or flooded.

Time is brisk (tests/support/brisk.py): work takes as long as it takes, and waiting nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import socket
from math import inf
from typing import TYPE_CHECKING, Any, Final

import aiomqtt

from backstride.apps.mqtt.address import read_address
from backstride.apps.mqtt.bridge import Berth, Bridge
from backstride.apps.mqtt.repertoire import Repertoire
from backstride.apps.mqtt.topics import Topics
from backstride.driver.machine import Machine
from backstride.driver.tasks import Tasks
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.workout.events import (
    Ask,
    Ended,
    Ending,
    LinkChanged,
    PersonNeeded,
    SessionEvent,
    SessionState,
    StateChanged,
    StepStarted,
    Warned,
)
from tests.matrix.flood import Flood, greeting, publication
from tests.matrix.scenes import BROKER_LOST, RAMP_UP, Phase, Scene, walk
from tests.matrix.story import ANSWERS_AFTER, Evidence, OverMqtt, Story, play_alone
from tests.support.bench import until
from tests.support.brisk import BriskLoop
from tests.support.broker import HOST, RealBroker
from tests.support.way import Way

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

LAG: Final = 0.25
"""Seconds that a value may take through two sockets, a broker, and a computer that has other work."""

_AT_ONCE: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""Nothing may lie in a socket for tens of milliseconds in which nobody knows of it."""

_EPOCH: Final = 1_764_115_200.0
_BASE: Final = "backstride/v1"
_BRIDGE: Final = "matrix"
_READS: Final = ("bridge/+/availability", *(
    f"treadmill/+/{what}" for what in ("capabilities", "state", "session", "event", "counters", "answer")
))  # fmt: skip
_RETRIES_AFTER: Final = 2.0  # seconds until the walker sends once more what was not taken
_ANSWERED_WITHIN: Final = 3.0  # seconds after the end for the last answers to come
_COMES_BACK_AFTER: Final = 0.5  # seconds between two attempts of the walker to reach the broker
_A_TICK: Final = 0.1  # seconds between two gushes of the flood
_A_GUSH: Final = 30  # commands in each
_WITHOUT_END: Final = 10.0  # seconds of a flood that outlasts the session
_A_BURST: Final = 500  # commands right before a Stop


def play_over_mqtt(scene: Scene, folder: Path) -> Evidence:
    """Play one run on a broker of its own; its record goes to `folder`."""
    remote = _Remote(scene, folder, SimulatedTreadmill(scene.model))
    with asyncio.Runner(loop_factory=BriskLoop) as runner:
        return runner.run(play_alone(remote))


class _Remote(Story):
    """A walker beside the treadmill with a remote control."""

    connects_within = 2.0

    def __init__(self, scene: Scene, folder: Path, treadmill: SimulatedTreadmill) -> None:
        super().__init__(scene, folder, treadmill, treadmill, lag=LAG)
        self._mqtt = self._evidence.mqtt = OverMqtt()
        self._broker = RealBroker(folder, ("set_tcp_nodelay true",))  # else it holds small messages back for 40 ms
        self._way = Way(self._broker)
        self._tasks = Tasks()
        self._client: aiomqtt.Client | None = None
        self._last: dict[str, Any] = {}  # what was heard last, by the end of its topic
        self._den = ""
        self._heard_already: set[bytes] = set()
        self._began: float | None = None  # when the session was made
        self._sent: list[bytes] = []
        self._tried: dict[str, tuple[float, str]] = {}
        self._asked: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._broker_is_back = False

    # --- from beginning to end

    async def _session(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, BriskLoop)
        loop.wait_while(lambda: self._way.is_under_way)
        await asyncio.to_thread(self._broker.start)
        await self._way.open()
        offer = Repertoire({"uphill": walk(inclines=True), "level": walk(inclines=False)}, records=self._folder)
        bridge = Bridge(
            read_address(self._way.url), _BRIDGE, Topics(), offer, tell=lambda _: None, wall=self._wall
        )  # fmt: skip
        connect = functools.partial(Machine.connect, self._target, trace=self._trace)
        running = asyncio.create_task(bridge.run([Berth("treadmill", connect, allow_start=True)]))
        self._spawn(self._be_on_the_broker())
        try:
            await self._walk_through(running)
        finally:
            self._evidence.ended = self._treadmill.now
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await self._tasks.end()
            await self._way.shut()
            self._broker.kill()
            self._evidence.acts.sort()
            self._evidence.told.sort(key=lambda one: one[0])

    async def _walk_through(self, running: asyncio.Task[None]) -> None:
        beginning = self._spawn(self._begin())
        over = asyncio.create_task(self._over.wait())
        await asyncio.wait({over, running}, timeout=self._evidence.patience, return_when=asyncio.FIRST_COMPLETED)
        if not self._over.is_set():
            self._act("stop")
            await asyncio.wait({over, running}, timeout=15.0, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        beginning.cancel()
        if running.done():
            running.result()
        with contextlib.suppress(TimeoutError):
            await until(lambda: set(self._mqtt.stops) <= self._mqtt.answers.keys(), _ANSWERED_WITHIN)
        self._evidence.record = next(self._folder.glob("*.jsonl"), None)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = self._tasks.spawn(work)
        task.add_done_callback(self._look_after)
        return task

    def _look_after(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None and self._evidence.failure is None:
            self._evidence.failure = fault
            self._over.set()

    def _wall(self) -> float:
        return _EPOCH + asyncio.get_running_loop().time()

    # --- the walker on the broker

    async def _be_on_the_broker(self) -> None:
        """Be there whenever it is there."""
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with self._client_at_hand() as client:
                    await client.subscribe([(f"{_BASE}/{topic}", 1) for topic in _READS])
                    self._client = client
                    async for message in client.messages:
                        self._take(str(message.topic), bytes(message.payload))
            self._client = None
            await asyncio.sleep(_COMES_BACK_AFTER)

    def _client_at_hand(self) -> aiomqtt.Client:
        return aiomqtt.Client(HOST, self._way.port, identifier="walker", timeout=5.0, socket_options=[_AT_ONCE])

    def _take(self, topic: str, payload: bytes) -> None:
        what = topic.rpartition("/")[2]
        if topic == f"{_BASE}/bridge/{_BRIDGE}/availability":
            self._bridge_is(online=payload == b"online")
        elif not payload or what == "availability":
            return
        elif what == "event":
            self._take_event(payload)
        elif what == "answer":
            self._take_answer(json.loads(payload))
        else:
            self._den = topic.split("/")[3]
            self._last[what] = json.loads(payload)
            if what == "session":
                self._look_at_session()
            self._mqtt.refused = sum(self._last.get("counters", {}).get("refused", {}).values())

    def _bridge_is(self, *, online: bool) -> None:
        if online and self._broker_is_back and self._mqtt.returned is None:
            self._mqtt.returned = self._treadmill.now
            self._spawn(self._stop_once_it_moves())

    def _take_event(self, payload: bytes) -> None:
        if payload in self._heard_already:
            return  # after a loss some may come twice
        self._heard_already.add(payload)
        values = json.loads(payload)
        if self._began is None:
            self._began = self._treadmill.now - values["t"]
        if (read := _EVENTS.get(values["event"])) is None:
            return
        at, event = self._began + values["t"], read(values)
        self._evidence.told.append((at, event))
        self._follow(event)
        if isinstance(event, StateChanged) and event.state is SessionState.STARTING:
            self._count_starts(at)
        if isinstance(event, Ended):
            self._over.set()

    def _take_answer(self, answer: dict[str, str]) -> None:
        self._mqtt.answers.setdefault(answer["id"], answer["outcome"])  # the flood repeats what the walker sent
        if answer["outcome"] == "confirmed":
            self._count_act(answer["id"])

    def _count_starts(self, at: float) -> None:
        """Take note of the start that a session has begun with, whatever comes of it."""
        for caller, (tried, act) in tuple(self._tried.items()):
            if act in {"start", "confirm"} and at - LAG <= tried <= at:
                self._count_act(caller)

    def _count_act(self, caller: str) -> None:
        """Take note of what the walker did: what was refused was no act."""
        if (act := self._tried.pop(caller, None)) is not None:
            self._evidence.acts.append(act)

    # --- what the walker does

    async def _begin(self) -> None:
        """Choose the session, and start it, until it is under way."""
        await until(lambda: {"session", "capabilities"} <= self._last.keys(), inf)  # the broker may be away
        profile = "uphill" if "uphill" in self._last["capabilities"]["profiles"] else "level"
        while self._last["session"]["profile"] != profile:
            self._send("profile", profile=profile)
            await asyncio.sleep(_RETRIES_AFTER)
        while self._began is None:
            await asyncio.sleep(1.0)
            self._send("start")
            await asyncio.sleep(_RETRIES_AFTER)

    def _follow(self, event: SessionEvent) -> None:
        if isinstance(event, PersonNeeded):
            return  # what is retained says it as well, and to who comes back later
        super()._follow(event)

    def _look_at_session(self) -> None:
        is_asked = self._began is not None and self._last["session"]["asking"] is not None
        if is_asked and (self._asked is None or self._asked.done()):
            self._asked = self._spawn(self._answer())

    async def _answer(self) -> None:
        """Do what the session asks for, until it asks no more."""
        await asyncio.sleep(ANSWERS_AFTER)
        while self._last["session"]["asking"] is not None:
            self._send("resume" if self._last["session"]["asking"] == Ask.RESUME else "confirm")
            await asyncio.sleep(_RETRIES_AFTER)

    def _act(self, act: str) -> None:
        if self._evidence.ended is not None:
            return
        if act == "stop":
            self._publish("stop", self._new_stop())
        else:
            self._send(act)

    def _new_stop(self) -> bytes:
        """Take note of a Stop; return what is to be published."""
        self._evidence.acts.append((self._treadmill.now, "stop"))
        self._mqtt.stops.append(f"stop-{len(self._mqtt.stops)}")
        return json.dumps({"id": self._mqtt.stops[-1]}).encode()

    def _send(self, command: str, **values: object) -> None:
        caller = f"walker-{len(self._sent)}"
        act = "confirm" if command == "resume" else command
        self._tried[caller] = (self._treadmill.now, act)
        self._sent.append(json.dumps({"id": caller, "sent_at": self._wall(), "command": command, **values}).encode())
        self._publish("command", self._sent[-1])

    def _publish(self, what: str, payload: bytes) -> None:
        if self._client is not None:
            self._spawn(_published(self._client, f"{_BASE}/treadmill/{self._den}/{what}", payload))

    async def _stop_once_it_moves(self) -> None:
        """Stop the belt over the broker that is back, once it moves."""
        moving = 0
        while moving < 4:  # looks in a row: what was told last may be from before the loss
            await asyncio.sleep(0.5)
            told = self._last.get("state", {})
            moving = moving + 1 if told.get("standing") is False and self._began is not None else 0
        await asyncio.sleep(self._random.uniform(0.0, 2.0))
        self._act("stop")

    # --- the fault

    def _begin_step(self, step: int) -> None:
        if step == RAMP_UP and self._scene.phase is Phase.STOPPING:
            asyncio.get_running_loop().call_later(9.0, self._act, "stop")
            # A Stop that is sent while the broker is away reaches nobody; in a flood it must come through.
            self._strike_within(*((9.05, 10.5) if self._scene.kind.name == BROKER_LOST else (3.5, 8.5)))
        else:
            super()._begin_step(step)

    def _strike(self) -> None:
        self._evidence.struck = self._treadmill.now
        self._spawn(self._lose_the_broker() if self._scene.kind.name == BROKER_LOST else self._flood())

    async def _lose_the_broker(self) -> None:
        self._broker.kill()
        await self._way.shut()
        await asyncio.sleep(self._scene.seconds)
        await asyncio.to_thread(self._broker.start)
        self._broker_is_back = True
        await self._way.open()

    async def _flood(self) -> None:
        """Send commands without end, or for a while; where it is without end, Stop right behind hundreds of them."""
        loop = asyncio.get_running_loop()
        ends, stops_at = loop.time() + min(self._scene.lasts, _WITHOUT_END), inf
        if self._scene.lasts == inf and self._scene.phase is not Phase.STOPPING:
            stops_at = loop.time() + self._random.uniform(2.0, 4.0)
        flood = Flood(self._random, self._sent, self._wall)
        _, line = await asyncio.open_connection(HOST, self._way.port)
        line.write(greeting("stranger"))
        try:
            while loop.time() < ends and not self._over.is_set():
                number, stops = (_A_BURST, True) if loop.time() >= stops_at else (_A_GUSH, False)
                topic = f"{_BASE}/treadmill/{self._den}/command"
                gush = [publication(topic, flood.next()) for _ in range(number)]
                self._mqtt.flooded += number
                if stops:
                    gush.append(publication(f"{_BASE}/treadmill/{self._den}/stop", self._new_stop()))
                    stops_at = inf
                line.write(b"".join(gush))
                await asyncio.sleep(_A_TICK)
        finally:
            line.transport.abort()


async def _published(client: aiomqtt.Client, topic: str, payload: bytes) -> None:
    with contextlib.suppress(aiomqtt.MqttError):
        await client.publish(topic, payload, qos=1)


_EVENTS: Final[dict[str, Callable[[dict[str, Any]], SessionEvent]]] = {
    "state": lambda values: StateChanged(SessionState(values["state"]), values["reason"]),
    "step": lambda values: StepStarted(*(values[key] for key in ("step", "label", "kind", "facing", "handrails"))),
    "ask": lambda values: PersonNeeded(Ask(values["ask"]), values["text"]),
    "link": lambda values: LinkChanged(values["connected"]),
    "warning": lambda values: Warned(values["text"], values["rule"], values["urgent"]),
    "ended": lambda values: Ended(Ending(values["ending"]), values["reason"], values["belt_standing"]),
}
"""What the bridge tells of a session, as the judge knows it."""
