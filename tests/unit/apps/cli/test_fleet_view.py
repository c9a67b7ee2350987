"""A fleet on the screen, in lines and as JSON: what is not known is not shown as a figure."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from rich.console import Console

from backstride.apps.cli.fleet_view import as_json, counted, line, result_json, result_line, screen, table
from backstride.apps.mqtt.standstill import Result
from backstride.apps.mqtt.topics import Channel
from backstride.units import SpeedUnit
from backstride.workout.events import Ask
from tests.support.fleet import SESSION, WALKING, Hearing


def walking() -> Hearing:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.SESSION, "den", SESSION)
    heard.say(Channel.STATE, "den", WALKING)
    return heard


def drawn(heard: Hearing, *, unit: SpeedUnit = SpeedUnit.KMH, height: int = 40) -> str:
    out = Console(file=io.StringIO(), width=140, height=height)
    out.print(screen(heard.fleet.rows(heard.now), unit, height, ("a notice",)))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_the_table_shows_belt_session_and_figures_in_the_chosen_unit() -> None:
    text = drawn(walking())
    assert all(
        part in text
        for part in ("Den", "moving", "3.2", "2.0 %", "2:30", "134 m", "retro-walk running 3/9", "a notice")
    )
    assert "1 treadmill: 1 in a session, 1 moving" in text
    assert "2.0" in drawn(walking(), unit=SpeedUnit.MPH)


def test_of_a_treadmill_that_nobody_sees_no_figure_is_shown() -> None:
    heard = walking()
    heard.say(Channel.BRIDGE, "cellar", "offline")
    text = drawn(heard)
    assert "3.2" not in text
    assert "its bridge cellar is gone" in text


def test_figures_that_are_not_fresh_are_marked() -> None:
    heard = walking()
    heard.now += 6
    assert "moving, NOT FRESH" in drawn(heard)
    assert json.loads(as_json(heard.row()))["stale"] is True


def test_where_not_all_have_room_those_who_need_a_look_come_first() -> None:
    heard = Hearing()
    for number in range(30):
        heard.offer(f"t{number:02}", title=f"Lane {number}")
    heard.say(Channel.LINK, "t29", "offline")
    text = drawn(heard, height=12)
    assert "Lane 29" in text
    assert "Lane 28" not in text
    assert "24 more" in text
    assert "30 treadmills: 1 unreachable, 29 standing, 1 in trouble" in text


def test_a_treadmill_that_was_let_go_of_is_not_counted() -> None:
    heard = Hearing()
    heard.offer()
    heard.say(Channel.CLAIM, "den", b"")
    assert counted(heard.fleet.rows(heard.now)) == "No treadmill is on this broker."
    assert "Den" not in drawn(heard)


def test_brackets_in_a_name_are_no_markup() -> None:
    heard = Hearing()
    heard.offer(title="[red]Den[/red]")
    assert "[red]Den[/red]" in drawn(heard)


def test_a_line_tells_what_a_person_would_act_on() -> None:
    heard = walking()
    assert line(heard.row(), SpeedUnit.KMH) == "Den (den): moving; retro-walk running 3/9"
    heard.say(Channel.SESSION, "den", replace(SESSION, state="paused", asking=Ask.RESUME, question="Go on?"))
    heard.event("den", event="warning", text="More than 3.20 km/h.", rule="", urgent=False)
    assert line(heard.row(), SpeedUnit.MPH) == (
        "Den (den): moving; retro-walk paused 3/9; waits: Go on?; More than 1.99 mph."
    )


def test_json_has_null_for_what_is_unknown() -> None:
    values = json.loads(as_json(walking().row()))
    assert values["treadmill"] == "den"
    assert values["speed_km_h"] == 3.22
    assert values["heart_rate_bpm"] is None
    heard = walking()
    heard.say(Channel.LINK, "den", "offline")
    values = json.loads(as_json(heard.row()))
    assert (values["speed_km_h"], values["standing"], values["condition"]) == (None, None, "unreachable")
    assert values["troubles"]


def test_a_row_of_which_nothing_is_known_can_be_drawn() -> None:
    heard = Hearing()
    heard.say(Channel.LINK, "den", "online")
    assert json.loads(as_json(heard.row()))["session"] is None
    assert line(heard.row(), SpeedUnit.KMH) == "den: gone"
    assert table(heard.fleet.rows(heard.now), SpeedUnit.KMH).row_count == 1


def test_what_came_of_a_stop_is_said_in_so_many_words() -> None:
    good = Result("den", "Den", stands=True, reason="the belt stands")
    bad = Result("loft", "loft", stands=False, reason="its bridge is gone")
    assert result_line(good) == "Den (den): the belt stands"
    assert result_line(bad) == "loft: NOT SEEN TO STAND: its bridge is gone"
    assert json.loads(result_json(bad)) == {
        "treadmill": "loft",
        "name": "loft",
        "stands": False,
        "reason": "its bridge is gone",
    }
