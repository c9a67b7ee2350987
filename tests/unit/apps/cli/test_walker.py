"""The person on a simulated treadmill, fed with events and instants alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.apps.cli.walker import LEAVES_AFTER, PATIENCE, Act, SimulatedWalker
from backstride.units import Speed
from backstride.workout.events import Ask, Cue, LinkChanged, Sample, SessionState, StepStarted

if TYPE_CHECKING:
    from backstride.workout.events import SessionEvent

WALK, REST = Speed(160), Speed(0)
State = SessionState
STAND = StepStarted(1, "Stand", "stand", "forward", "both")
STEADY = StepStarted(2, "Steady", "steady", "forward", "both")


def sample(state: State, speed: Speed | None = WALK, *, stale: bool = False) -> Sample:
    return Sample(state, 0, None, None, speed, None, 0.0, 0.0, stale=stale)


class Afternoon:
    """A walker and a clock of whole seconds."""

    def __init__(self) -> None:
        self.walker = SimulatedWalker()
        self.at = 0.0

    def hears(self, event: SessionEvent, asking: Ask | None = None) -> Act | None:
        return self.walker.hear(event, self.at, asking)

    def spends(self, seconds: float, event: Sample, asking: Ask | None = None) -> list[tuple[float, Act]]:
        """Hear the same sample every second; return what the walker did, and when."""
        acts: list[tuple[float, Act]] = []
        for _ in range(round(seconds)):
            self.at += 1.0
            act = self.hears(event, asking)
            if act is not None:
                acts.append((self.at, act))
        return acts


def test_whoever_walks_does_nothing() -> None:
    assert Afternoon().spends(3600, sample(State.RUNNING)) == []


def test_what_is_asked_is_agreed_to_with_the_next_sample() -> None:
    day = Afternoon()
    assert day.hears(Cue("Toes first"), Ask.RESUME) is None
    assert day.spends(1, sample(State.PAUSED, REST), Ask.RESUME) == [(1.0, Act.AGREE)]


def test_nobody_agrees_to_a_start_while_the_belt_comes_to_rest() -> None:
    day = Afternoon()
    assert day.spends(3, sample(State.PAUSED), Ask.RESUME) == []
    assert day.spends(1, sample(State.PAUSED, REST), Ask.RESUME) == [(4.0, Act.AGREE)]


def test_a_machine_that_is_silent_when_it_stands_is_agreed_to() -> None:
    assert Afternoon().spends(1, sample(State.PAUSED, WALK, stale=True), Ask.RESUME) == [(1.0, Act.AGREE)]
    assert Afternoon().spends(1, sample(State.PAUSED, None), Ask.RESUME) == [(1.0, Act.AGREE)]


def test_a_start_that_was_refused_is_tried_again() -> None:
    assert Afternoon().spends(3, sample(State.READY, REST)) == [(2.0, Act.AGREE), (3.0, Act.AGREE)]


def test_two_minutes_without_a_link_are_enough_and_half_a_minute_later_the_walker_leaves() -> None:
    day = Afternoon()
    day.spends(60, sample(State.RUNNING))
    day.hears(LinkChanged(connected=False))
    assert (PATIENCE, LEAVES_AFTER) == (120.0, 30.0)
    gone = sample(State.RUNNING, stale=True)
    assert day.spends(151, gone) == [(180.0, Act.STOP), (210.0, Act.LEAVE), (211.0, Act.LEAVE)]


def test_a_link_that_comes_back_without_telemetry_is_none() -> None:
    day = Afternoon()
    day.spends(1, sample(State.RUNNING))
    acts: list[tuple[float, Act]] = []
    for _ in range(10):
        day.hears(LinkChanged(connected=False))
        acts += day.spends(2, sample(State.RUNNING, stale=True))
        day.hears(LinkChanged(connected=True))
        acts += day.spends(2, sample(State.RUNNING, None))
        acts += day.spends(8, sample(State.RUNNING, stale=True))
    acts += day.spends(2, sample(State.RUNNING, stale=True))
    assert acts == [(121.0, Act.STOP)]


def test_a_link_that_is_back_with_telemetry_is_no_loss_any_more() -> None:
    day = Afternoon()
    for _ in range(10):
        day.hears(LinkChanged(connected=False))
        assert day.spends(100, sample(State.RUNNING, stale=True)) == []
        day.hears(LinkChanged(connected=True))
        assert day.spends(1, sample(State.RUNNING)) == []


def test_old_telemetry_alone_is_no_reason_to_stop() -> None:
    """A machine may say nothing while its belt stands."""
    day = Afternoon()
    day.hears(STAND)
    assert day.spends(600, sample(State.RUNNING, REST, stale=True)) == []


def test_a_belt_that_does_not_stop_is_given_up() -> None:
    day = Afternoon()
    day.spends(10, sample(State.RUNNING))
    assert day.spends(150, sample(State.STOPPING))[0] == (130.0, Act.STOP)


def test_a_stand_on_a_moving_belt_is_given_up_and_one_on_a_standing_belt_is_not() -> None:
    day = Afternoon()
    day.hears(STAND)
    assert day.spends(600, sample(State.RUNNING, REST)) == []
    assert day.spends(120, sample(State.RUNNING)) == [(720.0, Act.STOP)]
    day = Afternoon()
    day.hears(STAND)
    day.spends(100, sample(State.RUNNING))
    day.hears(STEADY)
    assert day.spends(600, sample(State.RUNNING)) == []


def test_a_pause_that_never_ends_is_given_up_although_it_is_agreed_to() -> None:
    acts = Afternoon().spends(130, sample(State.PAUSED, REST), Ask.RESUME)
    assert [act for _, act in acts].count(Act.STOP) == 1
    assert acts[120] == (121.0, Act.STOP)
