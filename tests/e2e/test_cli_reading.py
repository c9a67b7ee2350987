"""The commands that only read and tell: check, profiles, machines, info, scan, records, show, decode, help."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from backstride.machines.facts import known_machines, load_facts
from backstride.machines.unsupported import unsupported_machines
from backstride.workout.profile import shipped_profiles
from tests.e2e.command import events

if TYPE_CHECKING:
    from tests.e2e.command import Program

COMMANDS = ("pair", "run", "check", "scan", "info", "doctor", "profiles", "machines", "records", "show", "decode")


# --- check


def test_check_shows_every_step_its_rounding_the_chart_and_the_totals(program: Program) -> None:
    done = program.run("check", program.profile(), "--simulated")
    assert done.returncode == 0
    assert "1.00 → 0.99 mph" in done.stdout
    assert "Ramp to 1.5 mph" in done.stdout
    assert "Speed, mph" in done.stdout
    assert any(line.split() == ["Time", "0:40"] for line in done.stdout.splitlines())


def test_s8_check_says_what_a_step_reaches_that_is_too_short(program: Program) -> None:
    steep = program.profile("name: Steep\nfacing: backward\nsteps:\n  - steady: {for: 20 s, speed: 2 mph}\n")
    shown = " ".join(program.run("check", steep, "--simulated").stdout.split())
    assert "too short: reaches 1.2 mph" in shown
    plan = json.loads(program.run("check", steep, "--simulated", "--json").stdout)
    assert plan["steps"][0]["reaches_km_h"] == 2.0


def test_s6_check_and_info_say_that_a_simulated_treadmill_has_no_watchdog(program: Program) -> None:
    for command in (("check", program.profile(), "--simulated"), ("info", "--simulated")):
        assert "no watchdog for a simulated treadmill" in " ".join(program.run(*command).stdout.split())


def test_check_refuses_with_the_reason_and_exits_4(program: Program) -> None:
    done = program.run("check", "retro-walk", "--simulated", "kingsmith-z1")
    assert done.returncode == 4
    assert "refused" in done.stdout
    assert "outside what this machine can do, 0.99 mph to 3.98 mph" in " ".join(done.stdout.split())


def test_check_names_limits_that_must_be_confirmed(program: Program) -> None:
    assert "To confirm" in program.run("check", "hill", "--simulated").stdout


def test_check_names_what_is_to_be_seen_to_first(program: Program) -> None:
    shown = program.run("check", program.profile(), "--simulated", "focus-jet-7").stdout
    assert "See to first It has been seen to stop by itself a few seconds" in " ".join(shown.split())
    plan = json.loads(program.run("check", program.profile(), "--simulated", "focus-jet-7", "--json").stdout)
    assert plan["before"] == list(load_facts("focus-jet-7").advice)


def test_check_prints_the_plan_as_json(program: Program) -> None:
    plan = json.loads(program.run("check", program.profile(), "--simulated", "--json").stdout)
    assert plan["runnable"] is True
    assert [step["planned_s"] for step in plan["steps"]] == [20, 20]
    assert plan["steps"][1]["speed_to_km_h"] == 2.4


def test_check_without_a_treadmill_or_bluetooth_points_to_the_simulator(program: Program) -> None:
    done = program.run("check", "retro-walk")
    assert done.returncode == 3
    assert "try --simulated" in done.stderr


# --- profiles and machines


def test_profiles_lists_every_shipped_profile(program: Program) -> None:
    listed = program.run("profiles").stdout
    assert [name for name in shipped_profiles() if f"{name}  " not in listed] == []


def test_profiles_prints_one_profile_as_it_is(program: Program) -> None:
    printed = program.run("profiles", "hill").stdout
    assert YAML(typ="safe").load(printed)["name"] == "Hill"


def test_profiles_suggests_the_nearest_name(program: Program) -> None:
    done = program.run("profiles", "hil")
    assert done.returncode == 2
    assert "did you mean 'hill'" in done.stderr


def test_machines_lists_every_model(program: Program) -> None:
    listed = program.run("machines").stdout
    assert [name for name in known_machines() if name not in listed] == []


def test_machines_tells_the_deviations_of_a_model_with_their_sources(program: Program) -> None:
    told = program.run("machines", "horizon-omega-z").stdout
    assert "Never answers" in told
    assert "Belgian-Coder/treadmill-runner" in told


def test_machines_lists_what_is_not_supported_and_tells_why(program: Program) -> None:
    listed = program.run("machines").stdout
    assert [one.id for one in unsupported_machines() if f"\n{one.id} " not in listed] == []
    told = program.run("machines", "ifit")
    assert told.returncode == 0
    assert "A NordicTrack with iFit is not supported: it speaks iFit" in " ".join(told.stdout.split())
    assert "cluffa/garmin-treadmill-bridge" in told.stdout


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("domyos-ts100", "Deck fixed at 26.8 %: it has no motor, and is not level"),
        ("kingsmith-z1", "Locked The maker's app must have unlocked it"),
        ("kingsmith-z1", "One app at a time"),
        ("focus-jet-7", "See to first It has been seen to stop by itself"),
        ("therun-t15", "Set to miles it takes speeds and reports speeds in miles per hour: say so in the settings"),
        ("kettler", "Its incline not above 10.0 %; in steps of 1.0 %; set by numbers of its own"),
        ("bh-t01", "set by numbers of its own; reported in numbers of its own"),
        ("schwinn-810", "Its incline never reported, so it is not set"),
        ("horizon-omega-z", "Its incline level after a stop"),
        (
            "toorx-power-compact-s",
            "Is not asked set target inclination: speed and incline cannot be controlled together",
        ),
        ("wt703", "Called 'WT###' (? is any character, # a digit)"),
        ("adidas-t19-t800", "Called 'ADIDAS' … (where it offers FTMS)"),
        ("ronning-x27-pro", "with firmware 1.3.8 of the module FS-BT-T4"),
        ("jtx-sprint-5", "and taken for jtx-sprint-7, which is called so too"),
        ("horizon-omega-z", "nothing: it advertises no name"),
        ("reebok-fr30z", "Called not noted: name its file in the settings"),
    ],
)
def test_machines_tells_a_model_in_full(program: Program, model: str, words: str) -> None:
    assert words in " ".join(program.run("machines", model).stdout.split())


def test_machines_lists_and_forgets_treadmills_met_before(program: Program) -> None:
    program.settings.write_text('[machines."Sole F63"]\naddress = "AA:BB:CC:DD:EE:FF"\n', encoding="utf-8")
    assert "Sole F63" in program.run("machines").stdout
    assert program.run("machines", "--forget", "Sole F63").returncode == 0
    assert "Sole F63" not in program.settings.read_text(encoding="utf-8")
    assert program.run("machines", "--forget", "Sole F63").returncode == 2


# --- info and scan


def test_info_tells_ranges_and_what_a_machine_does_not_obey(program: Program) -> None:
    told = program.run("info", "--simulated", "xterra-t85").stdout
    assert "cannot be set" in told
    assert any(line.split()[:3] == ["Does", "not", "obey"] for line in told.splitlines())


def test_info_tells_a_fixed_deck_and_what_is_to_be_seen_to(program: Program) -> None:
    fixed = " ".join(program.run("info", "--simulated", "domyos-ts100").stdout.split())
    assert "cannot be set: the deck of the Domyos TS100 is fixed at 26.8 %" in fixed
    taken = " ".join(program.run("info", "--simulated", "therun-t15").stdout.split())
    assert "It is taken to be set to kilometres" in taken
    program.settings.write_text('console = "mph"\n', encoding="utf-8")
    taken = " ".join(program.run("info", "--simulated", "therun-t15").stdout.split())
    assert "It is taken to be set to miles" in taken
    assert "in miles per hour, as it is taken to be" in taken


def test_scan_hears_a_simulated_treadmill_of_every_model(program: Program) -> None:
    heard = program.run("scan", "--simulated").stdout
    assert heard.count(" dBm") == len(known_machines())
    assert "Sole F85" in heard


def test_scan_without_bluetooth_is_one_sentence_and_exit_3(program: Program) -> None:
    done = program.run("scan")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1
    assert "Bluetooth" in done.stderr


# --- records and show


@pytest.fixture
def walked(program: Program) -> Program:
    assert program.run("run", program.profile(), "--simulated", "--fast", "--json").returncode == 0
    return program


def test_records_lists_the_walks(walked: Program) -> None:
    listed = walked.run("records").stdout
    (record,) = walked.records.iterdir()
    assert record.stem in listed
    assert "finished" in listed


def test_no_records_are_no_fault(program: Program) -> None:
    done = program.run("records")
    assert done.returncode == 0
    assert "No records" in done.stdout


def test_show_draws_the_last_walk_and_sums_it_up(walked: Program) -> None:
    shown = walked.run("show", "last", "--width", "60").stdout
    assert "Speed, mph" in shown
    assert "Planned against walked" in shown
    assert "Finished." in shown
    assert max(map(len, shown.splitlines())) <= 60


def test_show_takes_the_beginning_of_a_name_and_a_path(walked: Program) -> None:
    (record,) = walked.records.iterdir()
    assert walked.run("show", record.stem[:12]).returncode == 0
    assert walked.run("show", record).returncode == 0
    missing = walked.run("show", "yesterday")
    assert missing.returncode == 2
    assert "There is no record 'yesterday'" in missing.stderr


def test_show_exports_the_samples_as_csv(walked: Program) -> None:
    rows = list(csv.DictReader(io.StringIO(walked.run("show", "last", "--csv").stdout)))
    assert {"1.6"} <= {row["speed_km_h"] for row in rows}
    (record,) = walked.records.iterdir()
    samples = [line for line in events(record.read_text(encoding="ascii")) if line.get("event") == "sample"]
    assert len(rows) == len(samples)


# --- decode


def test_decode_prints_one_json_object(program: Program) -> None:
    done = program.run("decode", "0x2ACD", "00", "00:e803")
    assert json.loads(done.stdout) == {"flags_raw": 0, "more_data": False, "instantaneous_speed_km_h": 10.0}


def test_decode_tells_the_fields_before_a_break_and_exits_0(program: Program) -> None:
    done = program.run("decode", "2ACD", "0000e8")
    assert done.returncode == 0
    assert json.loads(done.stdout)["error"] == "truncated"


def test_decode_refuses_what_is_no_hex(program: Program) -> None:
    assert program.run("decode", "2ACD", "xyz").returncode == 2
    assert program.run("decode", "speed", "00").returncode == 2


def test_decode_reads_lines_and_names_the_bad_ones(program: Program) -> None:
    done = program.run("decode", "--stdin", stdin="2ACD 0000e803\n\nnonsense\n2AD9 80 07 01\n")
    assert done.returncode == 2
    assert [next(iter(line)) for line in events(done.stdout)] == ["flags_raw", "op_code"]
    assert done.stderr.startswith("backstride: line 3: ")


# --- help


def test_help_names_every_command_and_loads_nothing_heavy(program: Program) -> None:
    told = program.run("--help").stdout
    assert [command for command in COMMANDS if f"\n  {command} " not in told] == []
    assert program.run().stdout == told


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(program: Program, command: str) -> None:
    done = program.run(command, "--help")
    assert done.returncode == 0
    assert f"Example:  backstride {command}" in done.stdout


def test_the_version_is_printed(program: Program) -> None:
    assert program.run("--version").stdout.startswith("backstride 0.")


def test_a_fault_shows_its_place_only_with_debug(program: Program) -> None:
    assert "Traceback" not in program.run("show", "nothing").stderr
    assert "Traceback" in program.run("show", "nothing", "--debug").stderr


# --- doctor


def test_doctor_tells_what_is_wrong_and_what_to_do_and_exits_3(program: Program) -> None:
    done = program.run("doctor")
    assert done.returncode == 3
    assert "trouble  Bluetooth service" in done.stdout
    assert "sudo apt install dbus bluez" in " ".join(done.stdout.split())
    assert done.stdout.rstrip().endswith("1 trouble stands in the way.")
    assert done.stderr == ""


def test_doctor_examines_although_the_settings_cannot_be_read(program: Program) -> None:
    program.settings.write_text("units = 'parsecs'\n")
    told = json.loads(program.run("doctor", "--json", "--seconds", "0").stdout)
    (settings,) = (finding for finding in told["findings"] if finding["check"] == "settings file")
    assert settings["verdict"] == "trouble"
    assert "line 1: units: found 'parsecs'" in settings["meaning"]
    assert not program.records.exists()
