"""A treadmill that was heard, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bleak.backends.device import BLEDevice

from backstride.apps.cli import sighting
from backstride.apps.cli.sighting import Sighting, remark, sighted, signal_text
from backstride.apps.cli.target import remembered_facts
from backstride.apps.config import RememberedMachine, Settings
from backstride.driver.discovery import Found
from backstride.machines.facts import load_facts
from backstride.machines.recognition import unsupported_by

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = Sighting("AA:BB", "F85", "Sole F85", -58, available=True, certain=True, locked=None, remembered=False)


def found(name: str | None, model: str = "generic") -> Found:
    device = BLEDevice("AA:BB", name, None)
    return Found(device, None, name, -70, load_facts(model), available=None, is_treadmill=None)


def seen_with(found: Found, settings: Settings) -> Sighting:
    return sighted(found, settings, remembered_facts(settings))


@pytest.mark.parametrize(
    ("rssi", "text"),
    [(-30, "▂▄▆█ strong"), (-60, "▂▄▆█ strong"), (-61, "▂▄▆  good"), (-80, "▂▄   fair"), (-81, "▂    weak")],
)
def test_a_signal_is_told_in_bars_and_a_word(rssi: int, text: str) -> None:
    assert signal_text(rssi) == text


def test_only_the_weightiest_thing_that_stands_in_the_way_is_told() -> None:
    everything = replace(PLAIN, available=False, certain=False, locked="by its maker")
    assert remark(everything, refuses=True, quiet=True) == sighting.QUIET
    assert remark(everything, refuses=True) == "busy: another app is connected"
    assert remark(replace(everything, available=None), refuses=True) == sighting.REFUSES
    assert remark(replace(everything, available=None)) == sighting.LOCKED
    assert remark(replace(PLAIN, certain=False)) == sighting.PERHAPS
    assert remark(PLAIN) == ""


def test_what_speaks_only_its_maker_s_protocol_is_not_supported_unless_its_owner_names_a_file(tmp_path: Path) -> None:
    pad = replace(found("WalkingPad 1"), unsupported=unsupported_by("WalkingPad 1", offers_service=False))
    bare = Settings(file=tmp_path / "settings.toml")
    seen = seen_with(pad, bare)
    assert (seen.model, remark(seen, refuses=True)) == ("KingSmith WalkingPad A1 or R1 Pro", "not supported")
    assert str(seen.unsupported).startswith("A KingSmith WalkingPad A1 or R1 Pro is not supported: it speaks WiLink")
    named = Settings(file=bare.file, machines={"Pad": RememberedMachine(address="AA:BB", model="kingsmith-z1")})
    assert seen_with(pad, named).unsupported is None
    assert seen_with(pad, named).model == "KingSmith WalkingPad Z1"


def test_an_owner_s_name_comes_before_the_advertised_one_and_both_before_none(tmp_path: Path) -> None:
    bare = Settings(file=tmp_path / "settings.toml")
    named = Settings(file=bare.file, machines={"Cellar": RememberedMachine(address="aa:bb")})
    assert seen_with(found(None), bare).title == sighting.NAMELESS
    assert seen_with(found("T-2000"), bare).title == "T-2000"
    assert (seen_with(found("T-2000"), named).title, seen_with(found(None), named).remembered) == ("Cellar", True)


def test_what_is_remembered_of_a_model_comes_before_what_the_name_tells(tmp_path: Path) -> None:
    machines = {"Cellar": RememberedMachine(address="AA:BB", model="kingsmith-z1")}
    known = seen_with(found(None), Settings(file=tmp_path / "settings.toml", machines=machines))
    assert known.model == "KingSmith WalkingPad Z1"
    assert remark(known) == sighting.LOCKED


def test_a_machine_file_that_is_gone_does_not_keep_a_treadmill_from_the_list(tmp_path: Path) -> None:
    machines = {"Cellar": RememberedMachine(address="AA:BB", model="gone.toml")}
    settings = Settings(file=tmp_path / "settings.toml", machines=machines)
    assert seen_with(found("F85", "sole-f85"), settings).model == "Sole F85 (2023)"
