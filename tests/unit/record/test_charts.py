from __future__ import annotations

import re
import time

import pytest

from backstride.record.charts import draw_curves, draw_steps
from backstride.record.curves import Curves, Stretch
from backstride.record.summary import StepSummary
from backstride.units import Speed, SpeedUnit

GOLDEN = """\
Speed, km/h
  4.0 ┤        ████████████████████
      │        ████████████████████
      │        ████████████████████
      │        ████████████████████
  2.0 ┤▄▄▄▄▄▄▄▄████████████████████
      │████████████████████████████▄▄▄▄▄▄▄▄▄▄▄▄▄
      │█████████████████████████████████████████
      │█████████████████████████████████████████
  0.0 ┼┬──────────────┬──────────────┬──────────
       0:00           1:00           2:00"""


def chart(speed: list[Stretch], **others: list[Stretch]) -> Curves:
    return Curves(speed=speed, end=max(stretch.end for stretch in speed), **others)


def test_steps_of_speed_are_drawn_to_scale() -> None:
    speed = [Stretch(0, 32, 1.75, 1.75), Stretch(32, 112, 4.0, 4.0), Stretch(112, 164, 1.25, 1.25)]
    drawn = draw_curves(chart(speed), width=48, height=11, unit=SpeedUnit.KMH)
    assert drawn == GOLDEN


def test_miles_an_hour_are_drawn_for_those_who_read_them() -> None:
    drawn = draw_curves(chart([Stretch(0, 60, 8.0, 8.0)]), height=12)  # 8 km/h = 4.97 mph
    assert drawn.startswith("Speed, mph\n  5.0 ┤")


@pytest.mark.parametrize("width", [30, 47, 80, 200])
@pytest.mark.parametrize("height", [10, 16, 40])
def test_a_chart_keeps_to_its_width_and_height(width: int, height: int) -> None:
    curves = chart([Stretch(0, 36_000, 0.0, 5.0)], incline=[Stretch(0, 36_000, -3.0, 15.0)])
    for drawn in (curves, chart(curves.speed)):
        lines = draw_curves(drawn, width=width, height=height).split("\n")
        assert len(lines) == height
        assert max(map(len, lines)) == width
        assert not any(line.endswith(" ") for line in lines)


def test_ten_hours_get_marks_in_hours() -> None:
    last = draw_curves(chart([Stretch(0, 36_000, 3.0, 3.0)])).rsplit("\n", 1)[1]
    assert last.split() == ["0:00", "2:00:00", "4:00:00", "6:00:00", "8:00:00"]


def test_one_second_gets_one_mark() -> None:
    last = draw_curves(chart([Stretch(0, 1, 3.0, 3.0)])).rsplit("\n", 1)[1]
    assert last.split() == ["0:00"]


def test_days_get_marks_too() -> None:
    assert "8:00:00" in draw_curves(chart([Stretch(0, 1e6, 3.0, 3.0)]))


def test_a_record_whose_clock_ran_away_is_drawn_at_once() -> None:
    began = time.process_time()
    draw_curves(chart([Stretch(0, 1e11, 3.0, 3.0)]))
    assert time.process_time() - began < 0.5


def test_seconds_known_in_hours_of_silence_are_too_little_to_draw() -> None:
    moment = [Stretch(0, 2.5, 3.0, 3.0)]
    assert draw_curves(Curves(speed=moment, incline=moment, end=36_000)) == "There is no speed to draw."
    drawn = draw_curves(Curves(speed=[Stretch(0, 36_000, 3.0, 3.0)], incline=moment, end=36_000))
    assert "Incline" not in drawn


def test_the_incline_has_its_own_scale_below() -> None:
    drawn = draw_curves(chart([Stretch(0, 60, 3.0, 3.0)], incline=[Stretch(0, 60, -3.0, 7.0)]))
    lower = drawn.split("\n\n")[1]
    assert lower.startswith("Incline, %\n  8.0 ┤")
    assert " -3.0 ┼" in lower


def test_a_standing_belt_is_a_low_line_and_an_unknown_speed_is_nothing() -> None:
    rows = draw_curves(chart([Stretch(0, 20, 0.0, 0.0), Stretch(40, 60, 0.0, 0.0)]), width=37).split("\n")
    assert rows[-3] == "      │▁▁▁▁▁▁▁▁▁▁          ▁▁▁▁▁▁▁▁▁▁"


def test_a_target_is_drawn_only_where_the_speed_differs() -> None:
    speed = [Stretch(0, 20, 4.0, 4.0), Stretch(20, 40, 1.0, 1.0), Stretch(40, 60, 4.0, 4.0)]
    target = [Stretch(0, 40, 4.0, 4.0), Stretch(40, 60, 1.0, 1.0)]
    curves = chart(speed, target=target)
    rows = draw_curves(curves, width=37, height=11, unit=SpeedUnit.KMH).split("\n")
    assert rows[0].startswith("Speed, km/h")
    assert rows[1] == "  4.0 ┤██████████━━━━━━━━━━██████████"
    assert rows[7] == "      │" + "█" * 20 + "━" * 10
    assert rows[8] == "      │" + "█" * 30
    assert "█ walked  ━ target, where it differs" in draw_curves(curves, width=80)


def test_a_target_is_drawn_where_the_speed_is_unknown() -> None:
    curves = chart([Stretch(0, 30, 2.0, 2.0)], target=[Stretch(0, 60, 2.0, 2.0)])
    curves.end = 60
    assert "━" * 10 in draw_curves(curves, width=37, unit=SpeedUnit.KMH)


def test_colour_comes_only_when_it_is_wanted() -> None:
    curves = chart([Stretch(0, 60, 2.0, 2.0)], target=[Stretch(0, 60, 6.0, 6.0)], incline=[Stretch(0, 60, 2.0, 2.0)])
    plain, painted = draw_curves(curves), draw_curves(curves, colour=True)
    assert "\x1b" not in plain
    assert {"\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[0m"} == set(re.findall(r"\x1b\[\d+m", painted))
    assert re.sub(r"\x1b\[\d+m", "", painted).replace(" \n", "\n") == plain


@pytest.mark.parametrize("curves", [Curves(), Curves(speed=[Stretch(0, 0, 1.0, 1.0)])])
def test_nothing_to_draw_is_said(curves: Curves) -> None:
    assert draw_curves(curves) == "There is no speed to draw."


def test_a_speed_beyond_every_treadmill_is_still_drawn() -> None:
    assert draw_curves(chart([Stretch(0, 60, 73.0, 73.0)]), unit=SpeedUnit.KMH).split("\n")[1].startswith(" 80.0 ┤")


def step(place: int, label: str = "steady", **values: float | str | None) -> StepSummary:
    known: dict[str, float | str | None] = {"planned_s": 60.0, "planned_m": None, "walked_s": 60.0, "walked_m": 40.0}
    known |= {"how": "completed"} | values
    return StepSummary(
        step=place,
        label=label,
        kind="steady",
        planned_s=known["planned_s"],  # type: ignore[arg-type]  # the keys decide which of the types it is
        planned_m=known["planned_m"],  # type: ignore[arg-type]  # same
        walked_s=known["walked_s"],  # type: ignore[arg-type]  # same
        walked_m=known["walked_m"],  # type: ignore[arg-type]  # same
        average_speed=Speed(240),
        how=str(known["how"]),
        visits=1,
    )


def test_a_step_is_a_bar_of_what_was_walked_of_it() -> None:
    steps = [
        step(0, "easy"),
        step(1, "half", walked_s=30.0, how="skipped"),
        step(2, "far", planned_s=None, planned_m=200.0, walked_m=150.0, how="cut"),
        step(3, "turn", planned_s=None, walked_s=12.0),
        step(4, "over", walked_s=90.0),
    ]
    assert draw_steps(steps, width=51, unit=SpeedUnit.KMH).split("\n") == [
        "Planned against walked          █ walked  ░ planned",
        "1 easy  ████████████████████  1:00 of 1:00",
        "2 half  ██████████░░░░░░░░░░  0:30 of 1:00, skipped",
        "3 far   ███████████████░░░░░  150 m of 200 m, cut",
        "4 turn                        0:12",
        "5 over  ████████████████████  1:30 of 1:00",
    ]


def test_a_long_label_is_cut_and_a_long_plan_counted() -> None:
    lines = draw_steps([step(place, "a very long label of a step indeed") for place in range(50)], width=60)
    assert "…  █" in lines.split("\n")[1]
    assert lines.split("\n")[-1] == "… and 10 more steps"
    assert max(map(len, lines.split("\n"))) <= 60


def test_distances_are_read_in_miles_beside_mph_and_bars_may_be_coloured() -> None:
    drawn = draw_steps([step(0, planned_m=1609.344, walked_m=804.672)], colour=True)
    assert "0.50 mi of 1.00 mi" in drawn
    assert "\x1b[36m█" in drawn
    assert "\x1b[2m░" in drawn


def test_no_steps_are_said() -> None:
    assert draw_steps([]) == "There are no steps to draw."
