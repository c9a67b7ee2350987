"""`backstride` alone, on a real terminal: from a treadmill nobody has met to a walk on it."""

from __future__ import annotations

import time
import tomllib
from typing import TYPE_CHECKING

from backstride.apps.cli.deafness import DEAF_FOR
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.e2e.command import events, without_escapes
from tests.e2e.terminal import on_a_terminal

if TYPE_CHECKING:
    from tests.e2e.command import Program

READY_WITHIN = 5.0
"""Seconds from the start of the process until the remembered treadmill is ready."""

HELD_FOR = 5.0
"""Seconds: long enough to come to the question on a slow computer."""

REPEATS_EVERY = 0.033
"""Seconds between two repetitions of a key that is held down."""

NAME = 'Das "Band" \N{GRINNING FACE}'


def remember(program: Program, model: str, name: str) -> None:
    address = SimulatedTreadmill(model).address
    program.settings.write_text(
        f'[machines."{name}"]\naddress = "{address}"\nmodel = "{model}"\nsimulated = true\n', encoding="utf-8"
    )


def test_a_new_treadmill_is_named_and_walked_on_and_known_the_next_time(program: Program) -> None:
    profiles = program.folder / "profiles"
    profiles.mkdir()
    program.profile(name="profiles/short.yaml")
    with on_a_terminal(program, "--simulated", "--simulated", "sole-f85") as terminal:
        terminal.read_until("Sole F85 (2023)")
        terminal.read_until("Generic treadmill")
        terminal.press("2")
        terminal.press("\r")
        terminal.read_until("in steps of")
        terminal.press("\r")
        terminal.read_until("Name:")
        terminal.press(NAME)
        terminal.press("\r")
        terminal.read_until(f"Ready: {NAME}. Which session?")
        terminal.press("1")
        terminal.press("\r")
        terminal.read_until("go to the start")
        terminal.press("\r")
        terminal.read_until("Start Short?")
        terminal.read_for(DEAF_FOR)
        terminal.press("\r")
        terminal.read_until("RUNNING")
        terminal.press("q")
        assert terminal.end() == 0
    assert "Stopped: you stopped it." in without_escapes(terminal.raw)
    (machine,) = tomllib.loads(program.settings.read_text(encoding="utf-8"))["machines"].items()
    assert machine[0] == NAME
    assert machine[1]["simulated"] is True
    (record,) = program.records.iterdir()
    header = events(record.read_text(encoding="utf-8"))[0]
    assert NAME in str(header["machine"])
    with on_a_terminal(program, "pair", "--simulated", machine[1]["model"]) as terminal:
        terminal.read_until(f"Ready: {NAME}. Which session?")
        terminal.read_until("▸ 1  Short")
        terminal.press("q")
        assert terminal.end() == 0


def test_s1_enter_held_down_runs_through_the_pages_and_starts_nothing(program: Program) -> None:
    with on_a_terminal(program, "--simulated") as terminal:
        terminal.read_until("Generic treadmill")
        terminal.press("\r")
        terminal.read_until("in steps of")
        ends = time.monotonic() + HELD_FOR
        while time.monotonic() < ends:
            terminal.press("\r")
            terminal.read_for(REPEATS_EVERY)
        assert "Start First steps?" in without_escapes(terminal.everything)
        assert "Let go of Enter" in without_escapes(terminal.everything)
        assert "STARTING" not in without_escapes(terminal.everything)
        terminal.read_for(DEAF_FOR)
        terminal.press("\r")
        terminal.read_until("STARTING")
        terminal.press("q")
        assert terminal.end() == 0


def test_from_launch_to_ready_on_the_remembered_treadmill_takes_less_than_5_s(program: Program) -> None:
    remember(program, "horizon-omega-z", "Cellar")
    with on_a_terminal(program, "--debug", "--simulated", "generic", "--simulated", "horizon-omega-z") as terminal:
        began = time.monotonic()
        terminal.read_until("Ready: Cellar")
        assert time.monotonic() - began < READY_WITHIN
        terminal.read_until("ready after ")
        terminal.press("q")
        assert terminal.end() == 0


def test_without_bluetooth_it_is_said_why_and_the_simulated_treadmill_is_offered(program: Program) -> None:
    with on_a_terminal(program) as terminal:
        terminal.read_until("No Bluetooth service answers on this computer")
        terminal.read_until("Try it without a treadmill: s")
        terminal.press("s")
        terminal.read_until("1  Generic treadmill")
        terminal.press("q")
        assert terminal.end() == 0


def test_ctrl_c_leaves_from_the_list_and_from_a_connected_treadmill(program: Program) -> None:
    for key in ("", "\r"):
        with on_a_terminal(program, "--simulated") as terminal:
            terminal.read_until("Generic treadmill")
            if key:
                terminal.press(key)
                terminal.read_until("in steps of")
            terminal.press("\x03")
            assert terminal.end() == 130
        assert "Interrupted. Nothing has moved." in without_escapes(terminal.raw)


def test_a_terminal_that_goes_away_ends_it(program: Program) -> None:
    with on_a_terminal(program, "--simulated") as terminal:
        terminal.read_until("Generic treadmill")
        terminal.cut()
        assert terminal.process.wait(10) == 129


def test_pairing_without_a_terminal_says_what_to_do_instead(program: Program) -> None:
    done = program.run("pair", "--simulated")
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert "backstride scan" in done.stderr


def test_on_a_dumb_terminal_the_help_is_printed(program: Program) -> None:
    with on_a_terminal(program, TERM="dumb") as terminal:
        assert terminal.end() == 0
    assert "Usage: backstride" in terminal.raw


def test_a_model_that_there_is_none_of_is_refused(program: Program) -> None:
    with on_a_terminal(program, "--simulated", "nonesuch") as terminal:
        assert terminal.end() == 2
    assert "There is no machine file 'nonesuch'" in terminal.raw


def test_a_name_given_in_the_pairing_is_the_one_that_scan_and_device_know(program: Program) -> None:
    remember(program, "sole-f85", "Cellar")
    heard = program.run("scan", "--simulated").stdout
    assert "Cellar" in heard
    done = program.run("info", "--device", "cellar")
    assert done.returncode == 2
    assert "'cellar' is a simulated treadmill" in done.stderr
