"""One run: a walker, a session with a record, and a fault that strikes in one phase; what is left is evidence."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from backstride.apps.service import Walk, prepare
from backstride.capture.events import Answered, Heard
from backstride.driver.machine import Machine
from backstride.errors import BackstrideError
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.simulator.virtual_time import virtual_loop
from backstride.workout.events import (
    PersonNeeded,
    SessionEvent,
    SessionState,
    StateChanged,
    StepStarted,
)
from tests.matrix.scenes import INCLINE, RAMP_DOWN, RAMP_UP, STAND, STEADY, Phase, Scene, walk

if TYPE_CHECKING:
    from pathlib import Path

    from backstride.capture.events import Event
    from backstride.driver.connectable import Connectable
    from backstride.simulator.simulation import Simulation

PATIENCE: Final = 200.0
"""Seconds after which the walker has had enough and stops the session."""

OBEYS_AFTER: Final = 15.0
"""Seconds after that Stop until the walker, still walking, does what the program says: pulls the safety key."""

LEAVES_AFTER: Final = 30.0
"""Seconds after that Stop until the walker, told nothing new, presses Ctrl-C."""

ANSWERS_AFTER: Final = 2.0
"""Seconds until the walker does what the session asks for."""


@dataclass
class OverMqtt:
    """What is left of a run that was driven over MQTT, besides; all times are the belt's.

    Attributes:
        answers: How each command and Stop of the walker was answered, by its id.
        stops: The ids of the walker's Stops.
        returned: When the bridge was on the broker again, or None.
        flooded: Commands that were sent in the flood.
        refused: Commands that the bridge has refused, as it counts them.
    """

    answers: dict[str, str] = field(default_factory=dict)
    stops: list[str] = field(default_factory=list)
    returned: float | None = None
    flooded: int = 0
    refused: int = 0


@dataclass
class Evidence:
    """What is left of a run, for the judge; all times are the belt's.

    Attributes:
        ours: Numbers of the connections that were this program's.
        heard: What the air brought to the program: instant, UUID, octets.
        acts: What the walker did: instant and word.
        told: What the session told.
        struck: When the fault struck, or None if its phase never came.
        refused: What was said where there was no connection.
        failure: An exception that nobody may see, or None.
        ended: When the session was over.
        left: When the connection was left.
        lag: Seconds that a value may take between the belt and the program, either way.
        patience: Seconds after which the walker stops.
        record: The record's file.
        mqtt: What else there is where the session was driven over MQTT.
    """

    scene: Scene
    treadmill: Simulation
    ours: set[int] = field(default_factory=set)
    heard: list[tuple[float, str, bytes]] = field(default_factory=list)
    acts: list[tuple[float, str]] = field(default_factory=list)
    told: list[tuple[float, SessionEvent]] = field(default_factory=list)
    struck: float | None = None
    refused: str | None = None
    failure: BaseException | None = None
    ended: float | None = None
    left: float | None = None
    record: Path | None = None
    lag: float = 0.0
    patience: float = PATIENCE
    mqtt: OverMqtt | None = None


def play(scene: Scene, folder: Path) -> Evidence:
    """Play one run in virtual time; its record goes to `folder`."""
    treadmill = SimulatedTreadmill(scene.model)
    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        return runner.run(play_alone(Story(scene, folder, treadmill, treadmill)))


async def play_on(
    scene: Scene, folder: Path, treadmill: Simulation, target: Connectable, *, lag: float, patience: float = PATIENCE
) -> Evidence:
    """Play one run in the running loop, with a treadmill that is on the air.

    Args:
        scene: What is played.
        folder: Where its record goes.
        treadmill: The belt's side.
        target: What the driver connects to.
        lag: Seconds that a value may take on its way.
        patience: Seconds until the walker has had enough.
    """
    return await Story(scene, folder, treadmill, target, lag=lag, patience=patience).play()


async def play_alone(story: Story) -> Evidence:
    """Play one run that has the running loop for itself, and see whether it leaves anything behind."""
    asyncio.get_running_loop().set_exception_handler(story.complain)
    evidence = await story.play()
    await asyncio.sleep(0)
    left_over = asyncio.all_tasks() - {asyncio.current_task()}
    if left_over and evidence.failure is None:
        evidence.failure = RuntimeError(f"tasks left behind: {left_over}")
    return evidence


class Story:
    """One run, from the connection to the end."""

    connects_within = 0.35
    """Seconds that connecting takes."""

    def __init__(
        self,
        scene: Scene,
        folder: Path,
        treadmill: Simulation,
        target: Connectable,
        *,
        lag: float = 0.0,
        patience: float = PATIENCE,
    ) -> None:
        self._scene = scene
        self._folder = folder
        self._treadmill = treadmill
        self._target = target
        self._evidence = Evidence(scene, treadmill, lag=lag, patience=patience)
        self._random = random.Random(str(scene))  # noqa: S311 - the same instants in every run
        self._walk: Walk | None = None

    async def play(self) -> Evidence:
        """Play it; whatever happens is in the evidence."""
        evidence, loop = self._evidence, asyncio.get_running_loop()
        if self._scene.phase is Phase.CONNECTING:
            loop.call_later(self._random.uniform(0.0, self.connects_within), self._strike)
        try:
            async with asyncio.timeout(self._evidence.patience + LEAVES_AFTER + 60.0):
                await self._session()
        except BackstrideError as error:
            evidence.refused = str(error)
        except BaseException as failure:  # noqa: BLE001 - whatever it is, the judge hears of it
            evidence.failure = failure
        evidence.left = self._treadmill.now
        return evidence

    async def _session(self) -> None:
        evidence, loop = self._evidence, asyncio.get_running_loop()
        async with Machine.connect(self._target, trace=self._trace) as machine:
            profile = walk(inclines=machine.capabilities.incline is not None)
            self._walk = Walk(machine, prepare(profile, machine), records=self._folder)
            evidence.record = self._walk.record
            self._walk.observe(self._hear)
            loop.call_later(1.0, self._act, "start")
            walking = asyncio.create_task(self._walk.run())
            await asyncio.wait({walking}, timeout=self._evidence.patience)
            if not walking.done():
                self._act("stop")
                await asyncio.wait({walking}, timeout=OBEYS_AFTER)
            if not walking.done():
                self._treadmill.console.pull_safety_key()
                await asyncio.wait({walking}, timeout=LEAVES_AFTER - OBEYS_AFTER)
            if not walking.done():
                self._evidence.acts.append((self._treadmill.now, "leave"))
                walking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await walking
            evidence.ended = self._treadmill.now

    def complain(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Keep what the event loop could tell nobody."""
        if self._evidence.failure is None:
            exception = context.get("exception")
            self._evidence.failure = exception if isinstance(exception, Exception) else RuntimeError(context["message"])

    # --- the walker

    def _act(self, act: str) -> None:
        assert self._walk is not None
        if self._evidence.ended is None:
            self._evidence.acts.append((self._treadmill.now, act))
            {"start": self._walk.start, "confirm": self._walk.confirm, "stop": self._walk.stop,
             "pause": self._walk.pause}[act]()  # fmt: skip

    def _hear(self, event: SessionEvent, _: float) -> None:
        self._evidence.told.append((self._treadmill.now, event))
        self._follow(event)

    def _follow(self, event: SessionEvent) -> None:
        """Do what a walker does about it; let the fault strike where it tells of the phase."""
        match event:
            case PersonNeeded():
                asyncio.get_running_loop().call_later(ANSWERS_AFTER, self._act, "confirm")
            case StepStarted(step=step):
                self._begin_step(step)
            case StateChanged(state=state):
                self._change_state(state)
            case _:
                pass

    # --- the fault

    def _begin_step(self, step: int) -> None:
        """Have the fault strike somewhere in the step that its phase names."""
        phases = {
            RAMP_UP: (Phase.RAMP_UP, 1.0, 16.0),
            STEADY: (Phase.STEADY, 1.0, 6.0),
            INCLINE: (Phase.INCLINE, 0.1, 4.0),
            RAMP_DOWN: (Phase.RAMP_DOWN, 0.5, 9.0),
            STAND: (Phase.TURNING, 0.0, 1.5),
        }
        loop = asyncio.get_running_loop()
        if step in phases and self._scene.phase is phases[step][0]:
            self._strike_within(*phases[step][1:])
        elif step == STAND and self._scene.phase is Phase.STAND:
            self._strike_within(3.0, 6.0)
        elif step == STEADY and self._scene.phase is Phase.PAUSED:
            loop.call_later(2.0, self._act, "pause")
        elif step == RAMP_UP and self._scene.phase is Phase.STOPPING:
            loop.call_later(9.0, self._act, "stop")  # with a target on its way, where the fault holds one up
            self._strike_within(2.0, 11.0)

    def _change_state(self, state: SessionState) -> None:
        phase = self._scene.phase
        if state is SessionState.STARTING and phase is Phase.COUNTDOWN:
            self._strike_within(0.0, 4.9)
        elif state is SessionState.STARTING and phase is Phase.FIRST_MOTION:
            self._strike_within(5.0, 6.5)
        elif state is SessionState.PAUSED and phase is Phase.PAUSED:
            self._strike_within(0.0, 4.5)

    def _strike_within(self, first: float, last: float) -> None:
        """Strike at an instant between the two, counted from now; one that has gone by is now."""
        if self._evidence.struck is None:
            self._evidence.struck = -1.0  # once: a phase that comes again is not struck again
            asyncio.get_running_loop().call_later(max(0.0, self._random.uniform(first, last)), self._strike)

    def _strike(self) -> None:
        self._evidence.struck = self._treadmill.now
        self._treadmill.strike(self._scene.fault)

    # --- the air

    def _trace(self, event: Event) -> None:
        self._evidence.ours.update(link.connection.number for link in self._treadmill._radio.links)  # noqa: SLF001
        match event:
            case Answered(value=bytes(value)) | Heard(value=value):
                self._evidence.heard.append((self._treadmill.now, event.uuid, value))
            case _:
                pass
