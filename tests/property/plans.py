"""Any session on any machine, as Hypothesis draws it: grids, limits, steps, turns, stands and distances."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from backstride.machines.capabilities import Capabilities, InclineGrid, SpeedGrid
from backstride.machines.facts import PauseEffect, WireUnit
from backstride.units import Distance, Incline, Speed
from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.plan import step_label
from backstride.workout.profile import CuePoint, Facing, Limits, Profile, Ramp, Stand, Steady, Step
from tests.support.figures import Figures
from tests.support.workout import FLAT, GENERIC, GENTLE

if TYPE_CHECKING:
    from hypothesis.vendor.pretty import RepresentationPrinter

    from backstride.workout.plan import Plan

MPH: Final = replace(FLAT, speed=SpeedGrid(50, 380, 20, unit=WireUnit.MPH))
MACHINES: Final = (
    GENERIC,
    GENTLE,
    FLAT,
    MPH,
    replace(MPH, gentle=True, speed=SpeedGrid(50, 1200, 10, unit=WireUnit.MPH)),
    replace(FLAT, speed=SpeedGrid(100, 600, 50)),
    replace(GENERIC, speed=SpeedGrid(50, 2200, 1), pause=PauseEffect.STOPS),
    replace(GENTLE, incline=InclineGrid(Incline(-30), Incline(150), Incline(10)), pause=PauseEffect.REFUSED),
    replace(GENERIC, incline=InclineGrid(Incline(0), Incline(120), Incline(5), reported=False)),
)
FACINGS: Final = st.sampled_from([Facing.BACKWARD, Facing.BACKWARD, Facing.FORWARD])
LIMIT_SPEEDS: Final = st.sampled_from([250, 333, 579, 620, 900]).map(Speed)
LIMIT_INCLINES: Final = st.sampled_from([20, 45, 100, 150]).map(Incline)
LIMITS: Final = (
    st.none()
    | st.builds(Limits, speed=LIMIT_SPEEDS, incline=st.none() | LIMIT_INCLINES)
    | st.builds(Limits, incline=LIMIT_INCLINES)
)


@dataclass(frozen=True, repr=False)
class World:
    """A machine, a session on it, and the figures that the rules give for both."""

    machine: Capabilities
    plan: Plan
    envelope: Envelope
    figures: Figures

    def __repr__(self) -> str:
        """Tell what a reader needs to know of a failing example."""
        steps = ", ".join(f"{step.facing} {step_label(step)}" for step in self.plan.steps)
        limits = [limits for limits in (self.envelope.profile, self.envelope.personal) if limits is not None]
        return f"World({self.machine.speed}, gentle={self.machine.gentle}, {limits}, [{steps}])"

    def _repr_pretty_(self, printer: RepresentationPrinter, _: bool) -> None:  # noqa: FBT001 - IPython's protocol
        printer.text(repr(self))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a session that can be walked."""
    machine = draw(st.sampled_from(MACHINES))
    limits, personal = draw(LIMITS), draw(LIMITS)
    figures = Figures.of(machine, limits, personal)
    steps = draw(st.lists(any_step(machine, figures), min_size=1, max_size=7))
    profile = Profile(name="Any", facing=Facing.BACKWARD, limits=limits, steps=(first_step(figures), *steps))
    plan = compile_plan(profile, machine, personal)
    assert plan.runnable, plan.refusals
    return World(machine, plan, Envelope(machine, limits, personal), figures)


def first_step(figures: Figures) -> Step:
    return Steady(duration=15, speed=Speed(min(150, figures.fastest[Facing.BACKWARD])))


@st.composite
def any_step(draw: st.DrawFn, machine: Capabilities, figures: Figures) -> Step:
    """Draw one step inside the limits."""
    facing = draw(FACINGS)
    kind = draw(st.sampled_from(["steady", "steady", "ramp", "ramp", "stand"]))
    if kind == "stand":
        until_confirmed = draw(st.booleans())
        duration = None if until_confirmed else draw(st.sampled_from([1, 4, 12]))
        return Stand(until_confirmed=until_confirmed, duration=duration, facing=facing)
    assert machine.speed is not None
    highest = min(figures.fastest[facing], machine.speed.maximum)
    speed = Speed(draw(st.integers(machine.speed.minimum, highest)))
    incline = None
    if machine.incline is not None and machine.incline.reported:
        incline = Incline(draw(st.integers(max(0, machine.incline.minimum), figures.steepest[facing])))
    length: dict[str, object] = {"duration": draw(st.sampled_from([3, 10, 25, 60]))}
    if draw(st.integers(0, 3)) == 0:
        length = {"distance": Distance(draw(st.sampled_from([10, 30])))}
    cues = (CuePoint(at=2.5, text="up"),) if draw(st.booleans()) and "duration" in length else ()
    values = {**length, "incline": incline, "facing": facing, "cues": cues}
    return Ramp(to=speed, **values) if kind == "ramp" else Steady(speed=speed, **values)
