"""The whole session in virtual time: any walker, any faults, any instants; what fails shrinks to a few lines of data.

Driver, session and simulated treadmill are the real ones. The runner is listened to by the same judge as in
test_runner_stateful.py, so what that test takes for granted of driver and machine is tried here; what the judge cannot
hear is looked up on the belt.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backstride.driver.machine import Machine
from backstride.errors import BackstrideError
from backstride.simulator.faults import CATALOGUE, Effect
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Distance, Incline, Speed
from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.events import Ended, SessionEvent, SessionState
from backstride.workout.inputs import (
    AdjustIncline,
    AdjustSpeed,
    AimIncline,
    AimSpeed,
    Back,
    Begin,
    Confirm,
    Pause,
    PersonInput,
    Resume,
    Skip,
    Stop,
)
from backstride.workout.profile import Facing, Stand, Step
from backstride.workout.session import Session
from tests.support.runner_judge import JudgedRunner
from tests.support.soak import SOAK, rounds, settings_of, tally
from tests.support.workout import profile, ramp, steady

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from backstride.simulator.traffic import ControlWrite

SESSIONS = "whole sessions"
LEAVES_WITHIN = 8.0  # seconds: five to stop the belt (S6), and what a silent air takes until the link counts as lost
ENDS_WITHIN = 60.0  # seconds from a Stop to the end, where the machine may be stopped at all
MODELS = ("generic", "horizon-omega-z", "yesoul-w2-pro", "bh-t01", "technogym-myrun")
PLANS: dict[str, tuple[Step, ...]] = {
    "up and down": (steady("1.0", 15.0), ramp("2.6", 30.0), steady("1.2", 10.0)),
    "turning": (steady("2.0", 15.0), Stand(until_confirmed=True), steady("3.0", 15.0, facing=Facing.FORWARD)),
    "resting": (steady("1.5", distance=Distance(10), duration=None), Stand(duration=4), steady("2.2", 15.0)),
}
TWICE_AS_LIKELY = (Begin(), Confirm(), Resume())
PERSONS = st.sampled_from(
    [
        *(*TWICE_AS_LIKELY, *TWICE_AS_LIKELY, Pause(), Skip(), Back(), Stop()),
        *(AdjustSpeed(Speed(30)), AdjustSpeed(Speed(-30)), AdjustIncline(Incline(5))),
        *(AimSpeed(Speed(250)), AimSpeed(Speed(120)), AimIncline(Incline(10))),
    ]
)
VALUES = {"answer-result": "=0x05", "write-error": "=0xfe", "response-late": "=40", "stalled": "=30"}
LYING = {"frozen", "paused-speed", "absurd", "unit-mph", "zero-glitch", "returns-other"}
"""Faults after which telemetry says what is not so: nobody could know better."""


@st.composite
def faults(draw: st.DrawFn) -> str:
    """Draw a fault as people write it."""
    kind = CATALOGUE[draw(st.sampled_from(sorted(CATALOGUE)))]
    value = VALUES.get(kind.name, "") if kind.value and draw(st.booleans()) else ""
    lasting = draw(st.sampled_from(["", "/2", "/9"])) if kind.effect is Effect.LASTS else ""
    return kind.name + value + lasting


PAUSES = st.sampled_from([0.0, 0.001, 0.1, 0.5, 1.0, 2.0, 3.3, 5.0, 9.0, 14.0])
STORIES = st.lists(st.tuples(PAUSES, PERSONS | faults()), max_size=8)
ENDINGS = st.sampled_from(["stop", "leave", "wait"])


@dataclass
class Scene:
    """One session with everything it tells."""

    model: str
    plan: str
    treadmill: SimulatedTreadmill = field(init=False)
    session: Session = field(init=False)
    running: asyncio.Task[Ended] = field(init=False)
    told: list[SessionEvent] = field(default_factory=list)
    acts: int = 0
    ours: set[int] = field(default_factory=set)
    struck: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.treadmill = SimulatedTreadmill(self.model)

    async def play(self, story: list[tuple[float, PersonInput | str]], ending: str) -> None:
        """Walk, while what the story tells happens; then check what is left."""
        try:
            async with Machine.connect(self.treadmill, trace=self.heard) as machine:
                self.begin(machine)
                await self.live(story)
                left_at = await self.end(ending)
        except BackstrideError:
            if self.told:  # only a session that has not begun may be refused
                raise
            return
        self.check_stopped_at(left_at, ending)
        if "stalled" not in self.struck:
            assert self.treadmill.now - left_at <= LEAVES_WITHIN, "S6: leaving is bounded"
        self.check()

    def begin(self, machine: Machine) -> None:
        written = profile(*PLANS[self.plan])
        plan = compile_plan(written, machine.capabilities)
        envelope = Envelope(machine.capabilities)
        self.session = Session(machine, plan, envelope)
        self.session.runner = JudgedRunner(plan, envelope, asyncio.get_running_loop().time())
        self.session.listen(lambda event, _: self.told.append(event))
        self.running = asyncio.create_task(self.session.run())

    def heard(self, *_: object) -> None:
        """Take note which of the machine's connections are ours; another app may have some as well."""
        self.ours.update(link.connection.number for link in self.treadmill._radio.links)  # noqa: SLF001 - no public way

    async def live(self, story: list[tuple[float, PersonInput | str]]) -> None:
        await asyncio.sleep(2.5)
        self.act(Begin())
        for pause, deed in story:
            await asyncio.sleep(pause)
            if self.running.done():
                return
            if isinstance(deed, str):
                self.struck.add(deed.split("=")[0].split("/")[0])
                self.treadmill.strike(deed)
            else:
                self.act(deed)

    def act(self, person: PersonInput) -> None:
        self.acts += isinstance(person, Begin | Confirm | Resume)
        self.session.act(person)

    async def end(self, ending: str) -> float:
        """End as somebody does who stops, leaves at once, or waits a little; return when they left."""
        if ending == "wait":
            await asyncio.wait([self.running], timeout=20.0)
        elif ending == "stop":
            self.act(Stop())
            self.treadmill.mend()
            await asyncio.wait([self.running], timeout=ENDS_WITHIN)
            assert self.running.done(), "S6: who stops is not kept waiting"
        left_at = self.treadmill.now
        self.running.cancel()
        await asyncio.wait([self.running])
        if not self.running.cancelled() and (fault := self.running.exception()) is not None:
            raise fault
        return left_at

    # --- what the belt knows

    def check(self) -> None:
        tally["runner steps in whole sessions"] += self.runner.steps
        ended = [event for event in self.told if isinstance(event, Ended)]
        assert len(ended) == 1, f"the end is told once, not {len(ended)} times"
        not_permitted = bytes.fromhex("800705")  # it has started nothing; with control it may be asked for once more
        starts = [write for write in self.writes if write.value == b"\x07" and write.answer != not_permitted]
        assert len(starts) <= self.acts, "S1: every Start is paid for by one act of a person"
        if not self.struck & LYING:
            self.check_targets()
            assert ended[0].belt_standing is not True or self.treadmill.belt.speed == 0 or not self.ours_to_come, (
                "S5: the last word"
            )

    @property
    def runner(self) -> JudgedRunner:
        assert isinstance(self.session.runner, JudgedRunner)
        return self.session.runner

    @property
    def writes(self) -> list[ControlWrite]:
        """What was written by us."""
        return [write for write in self.treadmill.writes if write.connection in self.ours]

    @property
    def ours_to_come(self) -> bool:
        """True if the belt moves because of us, and not of somebody at the console."""
        causes = [point for point in self.treadmill.belt.log.breakpoints if point.target > 0]
        return bool(causes) and causes[-1].by.startswith("client")

    def check_stopped_at(self, at: float, ending: str) -> None:
        """S6: a belt that we have started is told to stop as soon as somebody leaves, or has been told before."""
        log = self.treadmill.belt.log
        if ending != "leave" or self.struck or log.speed_at(at) <= 0:
            return
        halts = [write.time for write in self.writes if write.value[:1] == b"\x08" and write.time <= at + 0.1]
        starts = [write.time for write in self.writes if write.value[:1] == b"\x07"]
        assert halts, "S6: who leaves stops the belt"
        assert halts[-1] > starts[-1], "S6: who leaves stops the belt"

    def check_targets(self) -> None:
        """S2: no target reaches a belt that has stood for as long as it takes to see that."""
        log = self.treadmill.belt.log
        for write in self.writes:
            if write.value[:1] in {b"\x02", b"\x03"} and write.att_error is None:
                stood = all(log.speed_at(write.time - ago / 10) <= 0 for ago in range(36))
                assert not stood, f"S2: target {write.value.hex()} at {write.time:.2f} s to a belt that stands"


@pytest.mark.skipif(SOAK != 0, reason="the soak has its own")
def test_a_walk_without_faults_is_walked_to_its_end(
    virtual_time: Callable[[Coroutine[Any, Any, Any]], Any],
) -> None:
    scene = Scene("generic", "up and down")

    async def walk() -> None:
        async with Machine.connect(scene.treadmill) as machine:
            scene.begin(machine)
            await scene.live([])
            await asyncio.wait_for(scene.running, 100.0)

    virtual_time(walk())
    scene.check()
    assert scene.runner.state is SessionState.FINISHED


@pytest.mark.skipif(SOAK != 0, reason="the soak has its own")
def test_who_leaves_a_walk_stops_the_belt_at_once(virtual_time: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    scene = Scene("generic", "up and down")
    virtual_time(scene.play([(20.0, Confirm())], "leave"))
    assert [write.value.hex() for write in scene.writes][-1] == "0801"
    assert scene.treadmill.belt.standing


def test_any_session_ends_well(virtual_time: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    @settings(settings_of(150), suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(MODELS), st.sampled_from(sorted(PLANS)), STORIES, ENDINGS)
    def any_session(model: str, plan: str, story: list[tuple[float, PersonInput | str]], ending: str) -> None:
        tally[SESSIONS] += 1
        virtual_time(Scene(model, plan).play(story, ending))

    rounds(SESSIONS, any_session, share=0.005)
