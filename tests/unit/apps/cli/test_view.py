"""What a screen shows of a walk, and the screen itself."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from backstride.apps.cli.display import draw
from backstride.apps.cli.view import View
from backstride.units import Distance, Incline, Speed, SpeedUnit
from backstride.workout import events
from backstride.workout.compiler import compile_plan
from backstride.workout.events import Ask, Ending, SessionState
from backstride.workout.profile import Facing, Handrails, Profile, Ramp, Stand, Steady
from backstride.workout.progress import Progress
from tests.support.workout import GENERIC

PROFILE = Profile(
    name="Trial",
    steps=(
        Steady(duration=60, speed=Speed(160), incline=Incline(0), handrails=Handrails.ONE),
        Ramp(duration=60, to=Speed(320)),
        Stand(until_confirmed=True, facing=Facing.FORWARD),
        Steady(distance=Distance(100), speed=Speed(160)),
    ),
)


@pytest.fixture
def view() -> View:
    plan = compile_plan(PROFILE, GENERIC)
    return View(plan, Progress(plan), SpeedUnit.MPH, "on Test")


def _sample(**values: object) -> events.Sample:
    given: dict[str, object] = {
        "state": SessionState.RUNNING,
        "step": 0,
        "target_speed": Speed(160),
        "target_incline": Incline(0),
        "speed": Speed(160),
        "incline": Incline(0),
        "distance": 10.0,
        "climb": 0.0,
        **values,
    }
    return events.Sample(**given)  # type: ignore[arg-type] # the values above have the right types


def _screen(view: View, width: int = 80, height: int = 24) -> str:
    out = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    out.print(draw(view, width, height))
    text = out.file.getvalue()  # type: ignore[attr-defined] # the StringIO from above
    assert isinstance(text, str)
    return text


def test_before_the_start_the_first_step_is_announced(view: View) -> None:
    assert view.step_text == "1 of 4: Steady 1.0 mph, 0.0 %, 1:00"
    assert view.next_text == "Ramp to 2.0 mph, 0.0 %, 1:00"
    assert view.session_fraction == 0


def test_progress_counts_time_or_metres(view: View) -> None:
    view.feed(events.StateChanged(SessionState.RUNNING), 5.0)
    view.progress.enter(1)
    view.progress.advance(30.0, 5.0)
    assert view.step_left == "0:30"
    assert view.done_seconds == 90.0
    view.progress.enter(3)
    view.progress.advance(30.0, 25.0)
    assert view.step_left == "75 m"
    assert view.next_text == "the end"


def test_a_turn_is_announced(view: View) -> None:
    view.progress.enter(1)
    assert view.next_text == "Stand until you confirm, facing forward"
    view.progress.enter(2)
    assert view.step_left == ""


def test_after_the_last_step_everything_is_done(view: View) -> None:
    view.feed(events.StateChanged(SessionState.STOPPING), 400.0)
    assert view.session_fraction == 1
    assert view.step_text == ""


def test_targets_and_figures_follow_the_events(view: View) -> None:
    view.feed(events.TargetSet(speed=Speed(320)), 1.0)
    view.feed(events.TargetSet(incline=Incline(20)), 1.0)
    assert (view.target_speed, view.target_incline) == (Speed(320), Incline(20))
    view.feed(_sample(speed=None, stale=True, heart_rate_bpm=99), 2.0)
    assert (view.speed, view.stale, view.heart_rate) == (None, True, 99)


def test_cues_and_notes_go_after_a_while_and_urgent_ones_later(view: View) -> None:
    view.feed(events.Cue("Toes first"), 0.0)
    view.feed(events.Held("S9", "wait for 1.61 km/h"), 0.0)
    view.feed(events.Warned("Look out!", "S5", urgent=True), 0.0)
    assert view.cue == "Toes first"
    assert [(note.text, note.level) for note in view.notes] == [("Wait for 1.00 mph", "info"), ("Look out!", "urgent")]
    view.feed(_sample(), 30.0)
    assert view.cue == ""
    assert [note.level for note in view.notes] == ["urgent"]
    view.feed(_sample(), 60.0)
    assert view.notes == []


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (events.CommandSettled("speed", "unknown", "no answer"), "The speed command is unknown: no answer"),
        (
            events.Overridden("speed", speed=Speed(100)),
            "The console changed the speed; it is held to the end of the step",
        ),
        (events.Ended(Ending.ABORTED, "the link is lost", None), "The link is lost"),
        (events.StateChanged(SessionState.STOPPING, "you stopped it"), "You stopped it"),
    ],
)
def test_what_the_walker_must_know_becomes_a_note(view: View, event: events.SessionEvent, text: str) -> None:
    view.feed(event, 1.0)
    view.feed(event, 1.0)
    assert [note.text for note in view.notes] == [text]


def test_a_confirmed_command_is_no_news(view: View) -> None:
    view.feed(events.CommandSettled("speed", "confirmed"), 1.0)
    assert view.notes == []


@pytest.mark.parametrize(
    ("speed", "heading"), [(Speed(80), "SLOWING DOWN"), (Speed(0), "PAUSED"), (None, "PAUSED")], ids=str
)
def test_a_belt_that_still_moves_is_not_called_paused(view: View, speed: Speed | None, heading: str) -> None:
    view.feed(events.StateChanged(SessionState.PAUSED, "you paused it"), 5)
    view.feed(_sample(state=SessionState.PAUSED, speed=speed), 6)
    assert f" {heading} " in _screen(view)


def test_a_belt_that_still_moves_does_not_stand_in_a_stand(view: View) -> None:
    view.progress.enter(2)
    view.feed(_sample(step=2, speed=Speed(80)), 130)
    assert " SLOWING DOWN " in _screen(view)
    view.feed(_sample(step=2, speed=Speed(0)), 131)
    assert " STAND " in _screen(view)


def test_on_a_low_screen_the_figures_take_one_line_and_the_newest_remark_comes_first(view: View) -> None:
    view.progress.enter(0)
    view.feed(_sample(stale=True), 1.0)
    for remark in ("old", "new"):
        view.note(remark)
    lines = [line.strip() for line in _screen(view, width=60, height=12).splitlines()]
    assert len(lines) <= 12
    assert lines[1:4] == ["new", "old", "1.0 mph (target 1.0, not fresh)   0.0 % (target 0.0)"]
    assert lines[-1].startswith("q stop")


def test_where_nothing_else_has_room_the_urgent_and_the_keys_do(view: View) -> None:
    view.note("Take the rails", "urgent")
    lines = _screen(view, height=5).splitlines()
    assert "Take the rails" in lines[2]
    assert lines[-1].startswith("q stop")


def test_a_question_stands_until_something_happens(view: View) -> None:
    view.feed(events.PersonNeeded(Ask.START, "Start?"), 0.0)
    assert "Start?  Enter: yes   q: stop" in _screen(view)
    view.feed(events.Countdown(5, "the belt starts"), 1.0)
    assert " In 5 s: the belt starts " in _screen(view)
    view.feed(events.Held("S2", "no"), 1.0)
    view.feed(events.StateChanged(SessionState.STARTING), 1.0)
    assert (view.question, view.countdown, view.notes) == ("", "", [])


def test_the_screen_shows_speed_target_and_incline_as_big_figures(view: View) -> None:
    view.progress.enter(0)
    view.feed(_sample(), 1.0)
    lines = _screen(view).splitlines()
    assert "Speed, mph" in lines[1]
    assert "Target, mph" in lines[1]
    assert "target 0.0" in lines[7]
    assert sum("██" in line for line in lines) == 5
    assert "↓ BACKWARD   one hand on the rail" in _screen(view)


def test_a_narrow_terminal_gets_the_target_below_the_speed(view: View) -> None:
    view.feed(_sample(), 1.0)
    screen = _screen(view, 60)
    assert "target 1.0" in screen
    assert "Target, mph" not in screen
    assert max(map(len, screen.splitlines())) <= 60


def test_a_high_terminal_gets_the_course_with_the_walker_on_it(view: View) -> None:
    assert "▲" in _screen(view, 100, 40)
    assert "▲" not in _screen(view, 100, 24)


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("height", [24, 40])
def test_s12_a_lost_connection_is_unmissable_and_never_cut_off(view: View, width: int, height: int) -> None:
    view.feed(_sample(stale=True, heart_rate_bpm=120), 1.0)
    view.feed(events.LinkChanged(connected=False), 1.0)
    view.feed(events.Warned("Use the safety key!", "S12", urgent=True), 1.0)
    lines = _screen(view, width, height).splitlines()
    assert "CONNECTION LOST" in lines[2]
    assert any("Use the safety key!" in line for line in lines[:8])
    assert any("not fresh" in line for line in lines)
    view.feed(events.LinkChanged(connected=True), 2.0)
    assert "CONNECTION LOST" not in _screen(view, width, height)


def test_the_screen_fits_a_terminal_of_24_lines_with_a_question(view: View) -> None:
    view.feed(_sample(), 1.0)
    view.feed(events.PersonNeeded(Ask.CONFIRM, "Ready? " * 15), 1.0)
    assert len(_screen(view).splitlines()) <= 24
