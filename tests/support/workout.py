"""Builders for the workout tests: machines, plans, states, and a bench that drives a runner by literal instants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from backstride.driver.confirmation import Command, Confirmed, Outcome
from backstride.driver.state import MachineState
from backstride.machines.capabilities import Capabilities, InclineGrid, SpeedGrid
from backstride.units import Incline, Speed
from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.events import SessionEvent
from backstride.workout.inputs import (
    Begin,
    Effect,
    Happened,
    Input,
    MachineEffect,
    Observed,
    PauseBelt,
    SetIncline,
    SetSpeed,
    Settled,
    StartBelt,
    StopBelt,
    Tick,
)
from backstride.workout.profile import Facing, Limits, Profile, Ramp, Steady, Step
from backstride.workout.runner import Runner

if TYPE_CHECKING:
    from backstride.driver.events import MachineEvent
    from backstride.workout.plan import Plan

Kind = TypeVar("Kind")

GENERIC = Capabilities("Generic treadmill", SpeedGrid(80, 2000, 10), InclineGrid(Incline(0), Incline(150), Incline(5)))
"""0.8 to 20.0 km/h in 0.1, 0 to 15 % in 0.5; not known to be gentle."""

GENTLE = replace(GENERIC, gentle=True)
FLAT = replace(GENERIC, incline=None, no_incline="the machine does not offer incline as a target")


def kmh(value: str) -> Speed:
    return Speed.from_kmh(value)


def percent(value: str) -> Incline:
    return Incline.from_percent(value)


def steady(speed: str | None = None, seconds: float = 60.0, incline: str | None = None, **more: object) -> Steady:
    values: dict[str, object] = {"duration": seconds, **more}
    if speed is not None:
        values["speed"] = kmh(speed)
    if incline is not None:
        values["incline"] = percent(incline)
    return Steady.model_validate(values)


def ramp(to: str | None, seconds: float = 60.0, incline: str | None = None, **more: object) -> Ramp:
    values: dict[str, object] = {"duration": seconds, **more}
    if to is not None:
        values["to"] = kmh(to)
    if incline is not None:
        values["incline"] = percent(incline)
    return Ramp.model_validate(values)


def profile(*steps: Step, facing: Facing = Facing.BACKWARD, limits: Limits | None = None) -> Profile:
    return Profile(name="Test", facing=facing, limits=limits, steps=steps)


def seen(
    speed: str | None,
    *,
    at: float = 0.0,
    incline: str | None = "0",
    samples: int = 9,
    standing: bool | None = None,
    slowing: bool = False,
) -> MachineState:
    """Return a state as telemetry brings it; `standing` follows from the speed unless it is given."""
    value = None if speed is None else kmh(speed)
    return MachineState(
        at=at,
        speed=value,
        incline=None if incline is None else percent(incline),
        standing=(None if value is None else value == 0) if standing is None else standing,
        slowing=slowing,
        samples=samples,
    )


class Bench:
    """A runner, an instant, and everything it has said.

    `pass_time` plays a belt that obeys at once, telemetry every second and ticks when they are asked for; everything
    else is given by hand.
    """

    def __init__(
        self,
        *steps: Step,
        machine: Capabilities = GENERIC,
        facing: Facing = Facing.BACKWARD,
        limits: Limits | None = None,
        now: float = 100.0,
    ) -> None:
        written = profile(*steps, facing=facing, limits=limits)
        self.plan: Plan = compile_plan(written, machine)
        self.now = now
        self.runner = Runner(self.plan, Envelope(machine, limits), now)
        self.said: list[tuple[float, Effect]] = []
        self.speed = Speed(0)
        self.incline = Incline(0)
        self.samples = 5
        self.metres = 0.0

    # --- by hand

    def give(self, given: Input) -> list[Effect]:
        """Give one input now; return the effects."""
        effects = self.runner.handle(given, self.now)
        self.said.extend((self.now, effect) for effect in effects)
        return effects

    def see(
        self,
        speed: str | None = None,
        *,
        standing: bool | None = None,
        slowing: bool = False,
        incline: str | None = None,
    ) -> list[Effect]:
        """Give telemetry: of this speed, or of the belt as it is."""
        if speed is not None:
            self.speed = kmh(speed)
        if incline is not None:
            self.incline = percent(incline)
        self.samples += 1
        still = self.speed == 0 if standing is None else standing
        state = MachineState(
            at=self.now, speed=self.speed, incline=self.incline, standing=still, slowing=slowing, samples=self.samples
        )
        return self.give(Observed(state))

    def happen(self, event: MachineEvent) -> list[Effect]:
        return self.give(Happened(event))

    def settle(self, command: Command, outcome: Outcome | None = None) -> list[Effect]:
        return self.give(Settled(command, Confirmed() if outcome is None else outcome))

    def tick(self, seconds: float = 0.0) -> list[Effect]:
        self.now += seconds
        return self.give(Tick())

    # --- with a belt that obeys

    def pass_time(self, seconds: float) -> list[Effect]:
        """Let time pass on an obedient belt; return what was said meanwhile."""
        first, end = len(self.said), self.now + seconds
        record, ticks_left = self.now + 1.0, 100 + 20 * seconds
        while self.now < end:
            ticks_left -= 1
            assert ticks_left > 0, "the runner asks for tick after tick at the same instant"
            deadline = self.runner.next_deadline()
            self.now = min(end, record, deadline if deadline is not None else end)
            effects = self.give(Tick())
            if self.now >= record:
                effects = effects + self.see()
                record += 1.0
            self.obey(effects)
        return [effect for _, effect in self.said[first:]]

    def obey(self, effects: list[Effect]) -> None:
        """Do what the effects want of the machine, and confirm it."""
        for effect in effects:
            match effect:
                case StartBelt():
                    self.see("0.8")
                    self.obey(self.settle(Command.START))
                case SetSpeed(speed):
                    self.speed = speed
                    self.obey(self.settle(Command.SPEED))
                case SetIncline(incline):
                    self.incline = incline
                    self.obey(self.settle(Command.INCLINE))
                case StopBelt() | PauseBelt():
                    self.see("0")
                    self.obey(self.settle(Command.STOP if isinstance(effect, StopBelt) else Command.PAUSE))
                case _:
                    pass

    def walk(self) -> None:
        """Begin, and walk until the belt moves."""
        self.see("0")
        self.give(Begin())
        self.pass_time(5.0)

    # --- what was said

    def all(self, kind: type[Kind]) -> list[Kind]:
        return [effect for _, effect in self.said if isinstance(effect, kind)]

    def speeds(self) -> list[tuple[float, str]]:
        """Return every speed target with its seconds since the first tenth of the bench's time."""
        return [(round(at, 3), str(effect.speed.kmh)) for at, effect in self.said if isinstance(effect, SetSpeed)]


def only(effects: list[Effect], kind: type[Kind]) -> list[Kind]:
    return [effect for effect in effects if isinstance(effect, kind)]


def commands(effects: list[Effect]) -> list[MachineEffect]:
    """Return the effects that reach the machine."""
    return [effect for effect in effects if not isinstance(effect, SessionEvent)]
