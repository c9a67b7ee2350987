"""Small sessions that the tests of the record feed and write."""

from __future__ import annotations

from datetime import UTC, datetime

from backstride.record.header import Header, MachineRef, PlannedStep, ProfileRef
from backstride.units import Incline, Speed
from backstride.workout.events import Ended, Ending, Sample, SessionEvent, SessionState, StepEnded, StepStarted

STARTED = datetime(2026, 11, 22, 10, 58, 3, tzinfo=UTC)

PLAN = (
    PlannedStep("easy", "steady", seconds=10, speed_from=Speed(360), speed_to=Speed(360)),
    PlannedStep("far", "steady", metres=20, speed_from=Speed(720), speed_to=Speed(720)),
    PlannedStep("turn", "stand"),
)


def header(name: str = "Retro walk", started: datetime = STARTED) -> Header:
    return Header(started, "0.1.0", ProfileRef(name, "retro-walk"), MachineRef("Belt", "AA:BB", "generic"), PLAN)


def sample(  # noqa: PLR0913 - each is one field of a sample
    distance: float,
    *,
    speed: int | None = 360,
    incline: int | None = 20,
    step: int = 0,
    state: SessionState = SessionState.RUNNING,
    climb: float = 0.0,
    heart_rate: int | None = None,
    energy: int | None = None,
    stale: bool = False,
) -> Sample:
    return Sample(
        state=state,
        step=step,
        target_speed=Speed(360),
        target_incline=Incline(20),
        speed=None if speed is None else Speed(speed),
        incline=None if incline is None else Incline(incline),
        distance=distance,
        climb=climb,
        heart_rate_bpm=heart_rate,
        energy_kcal=energy,
        stale=stale,
    )


def short_walk() -> list[tuple[SessionEvent, float]]:
    """Ten seconds at 1 m/s, then ten at 2 m/s, and the end; the belt starts at 5 s."""
    events: list[tuple[SessionEvent, float]] = [(sample(0, speed=0, state=SessionState.READY), 4.0)]
    events.append((StepStarted(0, "easy", "steady", "backward", "both"), 5.0))
    events += [(sample(float(second)), 5.0 + second) for second in range(11)]
    events.append((StepEnded(0, "completed", 10.0, 10.0), 15.0))
    events.append((StepStarted(1, "far", "steady", "backward", "one"), 15.0))
    events += [(sample(10.0 + 2 * second, speed=720, step=1), 15.0 + second) for second in range(1, 11)]
    events.append((StepEnded(1, "cut", 10.0, 20.0), 25.0))
    events.append((Ended(Ending.STOPPED, "the person stopped", belt_standing=True), 26.0))
    return events
