"""A walk as lines."""

from __future__ import annotations

import pytest

from backstride.apps.cli.plain import PlainLines
from backstride.units import Incline, Speed, SpeedUnit
from backstride.workout import events
from backstride.workout.events import Ask, Ending, SessionEvent, SessionState


def _written(*happened: tuple[SessionEvent, float]) -> list[str]:
    lines: list[str] = []
    plain = PlainLines(lines.append, SpeedUnit.MPH, 3)
    for event, at in happened:
        plain.show(event, at)
    plain.close()
    return lines


def _sample(speed: Speed | None = Speed(161), *, stale: bool = False) -> events.Sample:
    return events.Sample(SessionState.RUNNING, 0, Speed(161), None, speed, None, 100.0, 0.0, stale=stale)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (events.StateChanged(SessionState.PAUSED, "you paused it"), "Paused: you paused it"),
        (
            events.StepStarted(1, "Stand 0:30", "stand", "forward", "one"),
            "Step 2 of 3: Stand 0:30; forward, one hand on the rail",
        ),
        (events.StepEnded(1, "skipped", 3.0, 1.0), "Step 2 skipped"),
        (events.Cue("Toes first"), "Cue: Toes first"),
        (events.Countdown(10, "the end"), "In 10 s: the end"),
        (events.TargetSet(Speed(161), Incline(20)), "Target 1.0 mph and 2.0 %"),
        (events.CommandSettled("speed", "rejected", "no"), "The speed command is rejected: no"),
        (events.Overridden("speed", speed=Speed(161)), "Console: speed 1.0 mph, held to the end of the step"),
        (events.Overridden("incline", incline=Incline(5)), "Console: incline 0.5 %, held to the end of the step"),
        (events.Held("S9", "not above 1.61 km/h"), "Held: not above 1.00 mph (S9)"),
        (events.Warned("Look out", "S5", urgent=True), "URGENT: Look out (S5)"),
        (events.Warned("Look"), "Warning: Look"),
        (events.PersonNeeded(Ask.START, "Start?"), "Start? Press Enter; q stops."),
        (events.LinkChanged(connected=False), "CONNECTION LOST"),
        (events.LinkChanged(connected=True), "Connected again"),
        (events.Ended(Ending.ABORTED, "why", None), "Aborted: why; NOBODY CAN SEE WHETHER THE BELT STANDS"),
    ],
)
def test_each_event_worth_reading_has_its_line(event: SessionEvent, line: str) -> None:
    assert _written((event, 65.0)) == [f"   1:05  {line}"]


@pytest.mark.parametrize(
    "event",
    [
        events.StateChanged(SessionState.FINISHED),
        events.StepEnded(0, "completed", 3.0, 1.0),
        events.Countdown(2, "the end"),
        events.CommandSettled("speed", "confirmed"),
    ],
)
def test_what_goes_without_saying_is_not_said(event: SessionEvent) -> None:
    assert _written((event, 1.0)) == []


def test_every_half_minute_a_line_tells_how_it_goes() -> None:
    lines = _written(*((_sample(), second) for second in range(91)))
    assert lines == [f"   {time}  1.0 mph (target 1.0 mph), \N{EN DASH}, 0.06 mi" for time in ("0:30", "1:00", "1:30")]


def test_what_is_unknown_or_old_is_said_to_be_so() -> None:
    assert _written((_sample(None, stale=True), 30.0)) == [
        "   0:30  \N{EN DASH} (target 1.0 mph), \N{EN DASH}, 0.06 mi, NOT FRESH"
    ]


def test_remarks_stand_without_a_time() -> None:
    lines: list[str] = []
    PlainLines(lines.append, SpeedUnit.MPH, 1).note("Faster")
    assert lines == ["         Faster"]
