from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from backstride.errors import ConfigError
from backstride.machines.facts import (
    GENERIC,
    InclineFacts,
    RecordLayout,
    SpeedFacts,
    WireUnit,
    known_machines,
    load_facts,
)
from backstride.machines.recognition import recognise
from backstride.protocol.control_point import OpCode
from backstride.protocol.features import TargetSetting
from backstride.protocol.treadmill_data import TreadmillData
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from pathlib import Path

HEADER = 'model = "Mine"\nsummary = "A treadmill."\n'


def write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_generic_machine_comes_first_and_at_least_eight_real_ones_follow() -> None:
    names = known_machines()
    assert names[0] == GENERIC
    assert len(names) > 8
    assert list(names[1:]) == sorted(names[1:])


@pytest.mark.parametrize("name", known_machines())
def test_every_shipped_file_loads_under_its_name(name: str) -> None:
    facts = load_facts(name)
    assert facts.id == name
    assert facts.summary.endswith(".")


@pytest.mark.parametrize("name", known_machines()[1:])
def test_every_real_machine_names_the_source_of_each_quirk_and_what_is_assumed(name: str) -> None:
    quirks = load_facts(name).quirks
    assert all(quirk.text and quirk.source and quirk.provenance for quirk in quirks)
    assert any("assumed" in quirk.provenance for quirk in quirks)
    assert any("assumed" not in quirk.provenance for quirk in quirks)


@pytest.mark.parametrize("name", known_machines())
def test_every_telemetry_field_a_file_names_exists(name: str) -> None:
    telemetry = load_facts(name).telemetry
    known = {field.name for field in fields(TreadmillData)}
    assert {*telemetry.unavailable, *telemetry.stuck} <= known
    union = 0
    for flags in telemetry.packets:
        union |= flags
    assert union in {0, telemetry.flags | 1}
    assert bool(telemetry.packets) == (telemetry.layout is RecordLayout.SPLIT)


@pytest.mark.parametrize("name", known_machines())
def test_every_simulated_belt_is_gentle_enough_for_its_own_start(name: str) -> None:
    assert load_facts(name).belt.acceleration <= 0.2 * 1.609344


def test_the_machines_that_the_project_promises_are_there() -> None:
    facts = [load_facts(name) for name in known_machines()]
    assert any(one.speed.slowest > Speed.parse("0.5 mph") for one in facts)
    assert any(one.incline is not None and one.incline.increment == Incline(10) for one in facts)
    assert any(OpCode.REQUEST_CONTROL in one.control.unanswered for one in facts)
    assert any(OpCode.SET_TARGET_SPEED in one.control.ignored for one in facts)
    assert any(one.telemetry.layout is RecordLayout.SPLIT for one in facts)
    assert any(one.telemetry.layout is RecordLayout.TRUNCATED for one in facts)
    assert any(one.control.write_unit is WireUnit.MPH for one in facts)
    assert any(one.control.pacing == 0.4 for one in facts)


def test_a_file_is_loaded_from_a_path(tmp_path: Path) -> None:
    facts = load_facts(
        write(
            tmp_path,
            HEADER
            + 'incline = false\n[control]\nrefused = ["set target inclination"]\ntargets = ["speed target"]\n'
            + '[speed]\nminimum = "1 km/h"\nfloor = "0.9 km/h"\n',
        )
    )
    assert facts.id == "mine"
    assert facts.incline is None
    assert facts.control.refused == (OpCode.SET_TARGET_INCLINATION,)
    assert facts.control.targets == (TargetSetting.SPEED_TARGET,)
    assert (facts.speed.minimum, facts.speed.floor, facts.speed.slowest) == (100, 90, 90)


def test_op_codes_and_targets_may_be_numbers(tmp_path: Path) -> None:
    facts = load_facts(write(tmp_path, HEADER + "[control]\nunanswered = [0]\ntargets = [1]\n"))
    assert facts.control.unanswered == (OpCode.REQUEST_CONTROL,)
    assert facts.control.targets == (TargetSetting.SPEED_TARGET,)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("model =", "Invalid value"),
        (HEADER + "colour = 'red'\n", "colour"),
        (HEADER + "[speed]\nminimum = '5 knots'\n", "5 knots"),
        (HEADER + "[speed]\nminimum = 80\n", "speed.minimum"),
        (HEADER + "[incline]\nminimum = 5\n", "incline.minimum"),
        (HEADER + "[control]\nignored = ['jump']\n", "request control, reset"),
        (HEADER + "[control]\ntargets = ['the moon']\n", "speed target"),
        (HEADER + "[telemetry]\ninterval = 0\n", "interval"),
        ("summary = 'x'\n", "model"),
        ("a = " + "[" * 2000, "nested too deep"),
        (HEADER + "gentle = " + "1" * 5000, "5000 digits"),
        (HEADER + "[control]\npacing = inf\n", "finite"),
        (HEADER + "[speed]\nmaximum = '655.36 km/h'\n", "655.36 km/h is outside what FTMS can carry"),
        (HEADER + "[speed]\nminimum = '-0.01 km/h'\n", "-0.01 km/h is outside what FTMS can carry"),
        (HEADER + "[incline]\nminimum = '-3276.9 %'\n", "-3276.9 % is outside what FTMS can carry"),
        (HEADER + "[incline]\ntelemetry_scale = 0.01\n", "telemetry_scale"),
        (HEADER + "[control]\ntargets = [4294967296]\n", "4294967296 is outside what FTMS can carry"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(ConfigError, match="'mine' cannot be read") as refusal:
        load_facts(write(tmp_path, text))
    assert part in str(refusal.value)


def test_the_ends_of_what_the_wire_can_carry_are_taken(tmp_path: Path) -> None:
    ends = (
        "[speed]\nminimum = '0 km/h'\nmaximum = '655.35 km/h'\n[incline]\nminimum = '-3276.8 %'\nmaximum = '3276.7 %'\n"
    )
    facts = load_facts(write(tmp_path, HEADER + ends))
    assert (facts.speed.minimum, facts.speed.maximum) == (0, 0xFFFF)
    assert facts.incline is not None
    assert (facts.incline.minimum, facts.incline.maximum) == (-0x8000, 0x7FFF)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_facts(str(path))


@pytest.mark.parametrize("name", ["no-such-machine", "no/such/file.toml", __file__])
def test_an_unknown_machine_is_refused_and_the_way_to_the_known_ones_is_told(name: str) -> None:
    with pytest.raises(ConfigError, match=r"' *\. `backstride machines` lists those that are shipped"):
        load_facts(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("horizon", "horizon-7 or horizon-7-4at or horizon-omega-z"),
        ("sole-f58", "sole-f89 or sole-f85 or sole-tt8"),
        ("genric", "generic"),
    ],
)
def test_a_machine_that_is_misspelt_is_guessed(name: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"Did you mean {meant}\? "):
        load_facts(name)


def test_speeds_turn_to_the_wire_s_unit_and_back() -> None:
    assert WireUnit.KMH.to_wire(Speed(805)) == WireUnit.KMH.from_wire(Speed(805)) == 805
    assert WireUnit.MPH.to_wire(Speed(805)) == 500
    assert WireUnit.MPH.from_wire(Speed(500)) == 805


@pytest.mark.parametrize(
    ("speed", "nearest"), [(100, 100), (124, 100), (126, 150), (333, 350), (599, 600), (600, 600), (590, 600)]
)
def test_a_speed_goes_to_the_nearest_step(speed: int, nearest: int) -> None:
    facts = SpeedFacts(minimum=Speed(100), maximum=Speed(600), increment=Speed(50))
    assert facts.nearest(Speed(speed)) == nearest


def test_steps_are_those_of_the_machine_s_own_unit() -> None:
    facts = SpeedFacts(minimum=Speed(60), maximum=Speed(380), increment=Speed(10), unit=WireUnit.MPH)
    assert facts.nearest(Speed.parse("3.64 mph")) == Speed.parse("3.6 mph")
    assert (facts.slowest, facts.fastest) == (Speed.parse("0.6 mph"), Speed.parse("3.8 mph"))


def test_a_range_without_a_step_takes_every_target() -> None:
    assert SpeedFacts(increment=Speed(0)).nearest(Speed(123)) == 123


def test_inclines_turn_to_the_machine_s_own_scale_and_back() -> None:
    facts = InclineFacts(increment=Incline(10), telemetry_scale=62.5)
    assert facts.to_telemetry(Incline(40)) == 250
    assert facts.from_telemetry(Incline(250)) == 40
    assert facts.nearest(Incline(44)) == 40


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("YS_W2PRO_0042", "yesoul-w2-pro"),
        ("ys_w2pro_0042", "yesoul-w2-pro"),
        ("FS-BT-02", "xterra-t85"),
        ("FS-123456", "fitshow-module"),
        ("KS-HD-Z1D", "kingsmith-z1"),
        ("Somebody's headphones", GENERIC),
        ("", GENERIC),
        (None, GENERIC),
    ],
)
def test_a_machine_is_recognised_by_the_longest_prefix_of_its_name(name: str | None, expected: str) -> None:
    assert recognise(name=name).id == expected


def test_one_module_in_two_machines_is_told_apart_by_its_firmware() -> None:
    def told(firmware: str) -> str:
        return recognise(name="FS-1", manufacturer="FITSHOW", model_number="FS-BT-T4", firmware=firmware).id

    assert told("1.3.8\0") == "ronning-x27-pro"
    assert told("1.2.6") == "fitshow-dbt-pad"
    assert told("9.9") == "fitshow-module"


def test_device_information_that_disagrees_rules_a_machine_out() -> None:
    assert recognise(name="YS_W2PRO_1", model_number="W2PRO\0").id == "yesoul-w2-pro"
    assert recognise(name="YS_W2PRO_1", model_number="S3").id == GENERIC
    other = recognise(name="FS-1", manufacturer="Other", model_number="FS-BT-T4", firmware="1.2.6")
    assert other.id == "fitshow-module"


def test_an_anonymous_machine_is_recognised_by_its_model_number() -> None:
    assert recognise(name=None, model_number="Horizon Omega Z").id == "horizon-omega-z"
    assert recognise(name=None, model_number="Yesoul W2 Pro").id == GENERIC
