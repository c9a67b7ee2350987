"""The figures of the research that a machine file repeats, each with the words that say it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backstride.machines.facts import RecordLayout, WireUnit
from backstride.protocol.control_point import OpCode
from backstride.units import Incline, Speed


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        entry: Number of the entry.
        words: What the entry says.
        file: The machine file.
        path: Where it stands there.
        value: What it is.
    """

    entry: int
    words: str
    file: str
    path: str
    value: object


def _speed(text: str) -> Speed:
    return Speed.parse(f"{text} km/h")


def _percent(text: str) -> Incline:
    return Incline.parse(f"{text} %")


_DECLINES_OF_BH: Final = ((_percent("-1"), 450), (_percent("-2"), 380), (_percent("-3"), 320))

FIGURES: Final = (
    # Speeds
    Figure(1, "32 00 62 02 0A 00", "yesoul-w2-pro", "speed.minimum", _speed("0.50")),
    Figure(1, "32 00 62 02 0A 00", "yesoul-w2-pro", "speed.maximum", _speed("6.10")),
    Figure(1, "32 00 62 02 0A 00", "yesoul-w2-pro", "speed.increment", _speed("0.10")),
    Figure(2, "0.8-20.0 km/h step 0.1", "horizon-omega-z", "speed.minimum", _speed("0.8")),
    Figure(2, "0.8-20.0 km/h step 0.1", "horizon-omega-z", "speed.maximum", _speed("20.0")),
    Figure(2, "0.8-20.0 km/h step 0.1", "horizon-omega-z", "speed.increment", _speed("0.1")),
    Figure(3, "1.6-6.4 km/h", "kingsmith-z1", "speed.minimum", _speed("1.6")),
    Figure(3, "1.6-6.4 km/h", "kingsmith-z1", "speed.maximum", _speed("6.4")),
    Figure(18, "64 00 58 02 32 00", "citysports-pad", "speed.minimum", _speed("1.00")),
    Figure(18, "64 00 58 02 32 00", "citysports-pad", "speed.maximum", _speed("6.00")),
    Figure(18, "64 00 58 02 32 00", "citysports-pad", "speed.increment", _speed("0.50")),
    Figure(19, "0.6-3.8 step 0.1", "fitshow-dbt-pad", "speed.minimum", _speed("0.6")),
    Figure(19, "0.6-3.8 step 0.1", "fitshow-dbt-pad", "speed.maximum", _speed("3.8")),
    Figure(19, "0.6-3.8 step 0.1", "fitshow-dbt-pad", "speed.increment", _speed("0.1")),
    Figure(20, "1.00-14.00 km/h step 0.10", "ronning-x27-pro", "speed.minimum", _speed("1.00")),
    Figure(20, "1.00-14.00 km/h step 0.10", "ronning-x27-pro", "speed.maximum", _speed("14.00")),
    Figure(20, "1.00-14.00 km/h step 0.10", "ronning-x27-pro", "speed.increment", _speed("0.10")),
    Figure(25, "Cannot go below 1 km/h", "mobvoi-treadmill-plus", "speed.floor", _speed("1.0")),
    # The ranges and steps of inclines
    Figure(1, "No 2AD5", "yesoul-w2-pro", "incline", None),
    Figure(2, "0-12 % step 0.1", "horizon-omega-z", "incline.minimum", _percent("0")),
    Figure(2, "0-12 % step 0.1", "horizon-omega-z", "incline.maximum", _percent("12")),
    Figure(2, "0-12 % step 0.1", "horizon-omega-z", "incline.increment", _percent("0.1")),
    Figure(3, "No energy and no incline", "kingsmith-z1", "incline", None),
    Figure(7, "0.5 steps only", "life-fitness", "incline.step", _percent("0.5")),
    Figure(20, "0.0-12.0 % step 1.0", "ronning-x27-pro", "incline.minimum", _percent("0.0")),
    Figure(20, "0.0-12.0 % step 1.0", "ronning-x27-pro", "incline.maximum", _percent("12.0")),
    Figure(20, "0.0-12.0 % step 1.0", "ronning-x27-pro", "incline.increment", _percent("1.0")),
    Figure(26, "clamps to 0..10 % and 1 % steps", "kettler", "incline.ceiling", _percent("10")),
    Figure(26, "clamps to 0..10 % and 1 % steps", "kettler", "incline.step", _percent("1")),
    Figure(33, "1 % incline steps", "xterra-trx3500", "incline.step", _percent("1")),
    Figure(36, "0.5 % is not representable: rounded to 1", "sole-f85", "incline.step", _percent("1")),
    Figure(36, "starts at -5", "sole-f85", "incline.floor", _percent("-5")),
    Figure(37, "Minimum incline -5", "sole-f89", "incline.floor", _percent("-5")),
    Figure(38, "Minimum incline -6", "sole-tt8", "incline.floor", _percent("-6")),
    Figure(38, "1 % steps", "sole-tt8", "incline.step", _percent("1")),
    Figure(39, "1 % incline steps", "sole-s77", "incline.step", _percent("1")),
    Figure(40, "-6..40 %", "adidas-t19-t800", "incline.minimum", _percent("-6")),
    Figure(40, "-6..40 %", "adidas-t19-t800", "incline.maximum", _percent("40")),
    Figure(40, "1 % steps", "adidas-t19-t800", "incline.step", _percent("1")),
    Figure(42, "FIT-: 1 % steps", "fit-module", "incline.step", _percent("1")),
    Figure(46, "Fixed 15 degree deck", "domyos-ts100", "incline.fixed", _percent("26.8")),
    Figure(49, "minimum incline -3", "lifesmart-tm6500", "incline.floor", _percent("-3")),
    Figure(52, "drive to 15 %", "jtx-sprint-7", "incline.below_floor", _percent("15")),
    Figure(52, "clamp before sending", "jtx-sprint-7", "incline.floor", _percent("0")),
    # What the numbers of inclines mean
    Figure(4, "divide by 62.5", "bh-t01", "incline.telemetry_scale", 62.5),
    Figure(4, "about 450, 380, 320 for -1, -2, -3 %", "bh-t01", "incline.telemetry_codes", _DECLINES_OF_BH),
    Figure(4, "fixed raw values 450/380/320", "bh-t01", "incline.write_codes", _DECLINES_OF_BH),
    Figure(4, "positive grades in standard 0.1 % units", "bh-t01", "incline.write_scale", 10.0),
    Figure(27, "10n+16", "3g-pro-runner", "incline.write_offset", 16),
    Figure(27, "10n+16", "3g-elite", "incline.write_offset", 16),
    Figure(40, "6 % too high at 0 %", "adidas-t19-t800", "incline.telemetry_offset", 60),
    Figure(54, "divide by 2", "noblepro", "incline.telemetry_scale", 20.0),
    Figure(57, "6.5 % a step", "incline-6-5-a-step", "incline.telemetry_scale", 65.0),
    *(
        Figure(number, words, file, "incline.reported", value=False)
        for number, words, file in (
            (24, "incline not reported", "mobvoi-walking-pad"),
            (31, "Incline not reported", "sportstech-swalk"),
            (35, "ignores its incline telemetry", "tunturi-t60-t90"),
            (41, "Does not report incline", "schwinn-810"),
            (42, "FIT-TM-: incline not reported", "fit-tm"),
            (46, "incline flag absent", "domyos-ts100"),
            (70, "strongly non-linear", "winfita-t532"),
        )
    ),
    Figure(2, "returns both speed and incline to 0", "horizon-omega-z", "incline.levels_on_stop", value=True),
    # Units
    Figure(13, "taken as mph x 100", "horizon-t202", "control.write_unit", WireUnit.MPH),
    Figure(13, "telemetry is standard", "horizon-t202", "speed.unit", WireUnit.KMH),
    Figure(19, "the numbers are mph", "fitshow-dbt-pad", "speed.unit", WireUnit.MPH),
    Figure(27, "Elite: speed in both directions is mph", "3g-elite", "miles_console", ("targets", "reports")),
    Figure(28, "Target speed in mph when set to miles", "merach-w50", "miles_console", ("targets",)),
    Figure(43, "depends on the console's miles setting", "bowflex-t9", "miles_console", ("reports",)),
    Figure(49, "mph when the console is in miles", "lifesmart-tm4800", "miles_console", ("targets",)),
    Figure(49, "mph when the console is in miles", "lifesmart-tm6500", "miles_console", ("targets",)),
    Figure(50, "in both directions is mph", "therun-t15", "miles_console", ("targets", "reports")),
    Figure(51, "Set Target Speed in mph when set to miles", "wt703", "miles_console", ("targets",)),
    # Commands
    Figure(2, "never answered", "horizon-omega-z", "control.unanswered", (OpCode.REQUEST_CONTROL,)),
    Figure(1, "result 04 (Operation Failed)", "yesoul-w2-pro", "control.refused", (OpCode.SET_TARGET_INCLINATION,)),
    Figure(3, "paced at 400 ms", "kingsmith-z1", "control.pacing", 0.4),
    Figure(20, "400 ms minimum gap", "ronning-x27-pro", "control.pacing", 0.4),
    Figure(3, "after the belt moves", "kingsmith-z1", "control.needs_motion", value=True),
    Figure(27, "Must already be moving", "3g-pro-runner", "control.needs_motion", value=True),
    Figure(27, "Must already be moving", "3g-elite", "control.needs_motion", value=True),
    Figure(29, "Request Control twice", "ypoo-mini-pro", "control.requests", 2),
    Figure(29, "500 ms apart", "ypoo-mini-pro", "control.request_gap", 0.5),
    Figure(30, "Request Control twice", "wellfit-tm", "control.requests", 2),
    Figure(30, "500 ms apart", "wellfit-tm", "control.request_gap", 0.5),
    Figure(10, "nothing to control", "npe-runn", "control.properties", ()),
    Figure(22, "Set Target Speed has no effect", "xterra-t85", "control.ignored", (OpCode.SET_TARGET_SPEED,)),
    Figure(36, "refuses remote speed", "sole-f85", "control.refused", (OpCode.SET_TARGET_SPEED,)),
    Figure(43, "no speed control", "bowflex-t9", "control.ignored", (OpCode.SET_TARGET_SPEED,)),
    Figure(53, "Speed not controlled", "jtx-sprint-5", "control.ignored", (OpCode.SET_TARGET_SPEED,)),
    Figure(59, "Only incline obeys", "reebok-fr30z", "control.ignored", (OpCode.SET_TARGET_SPEED,)),
    Figure(1, "Single central only", "yesoul-w2-pro", "link.centrals", 1),
    Figure(3, "Only one BLE connection", "kingsmith-z1", "link.centrals", 1),
    # Records
    Figure(1, "3 bytes wide", "yesoul-w2-pro", "telemetry.step_octets", 3),
    Figure(3, "documents it as 2 bytes", "kingsmith-z1", "telemetry.step_octets", 2),
    Figure(14, "bit-13 steps (3 bytes)", "urevo-spacewalk-3s", "telemetry.step_octets", 3),
    Figure(15, "three bytes FA 00 00", "urevo-e1l", "telemetry.step_octets", 3),
    Figure(1, "2 frames a second", "yesoul-w2-pro", "telemetry.interval", 0.5),
    Figure(4, "One trailing byte more", "bh-t01", "telemetry.trailing_octets", 1),
    Figure(5, "exactly 20 bytes", "matrix-performance", "telemetry.layout", RecordLayout.TRUNCATED),
    Figure(6, "TWO notifications", "matrix-touchxl", "telemetry.packets", (0x009F, 0x1F00)),
    Figure(7, "flags 049E, then 059E", "life-fitness", "telemetry.flags", 0x049E),
    Figure(7, "0C9E in cool-down", "life-fitness", "telemetry.later_flags", (0x059E, 0x0C9E)),
    Figure(8, "TWO notifications", "technogym-myrun", "telemetry.packets", (0x001F, 0x0680)),
    Figure(3, "reset on Stop", "kingsmith-z1", "telemetry.zeroed_by_stop", value=True),
    Figure(62, "returns nothing", "horizon-7-4at", "telemetry.empty_status", value=True),
    Figure(9, "a bare name TREADMILL is shared", "technogym-run", "identity.shared", ("TREADMILL",)),
)


def known_speeds(file: str) -> bool:
    """Tell whether the research has the speeds of a machine, and not only Backstride's simulation of it."""
    return any(figure.file == file and figure.path == "speed.maximum" for figure in FIGURES)


def known_inclines(file: str) -> bool:
    """Tell whether the research has the whole range of its incline."""
    paths = {figure.path for figure in FIGURES if figure.file == file}
    return {"incline.minimum", "incline.maximum"} <= paths
