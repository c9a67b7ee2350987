"""Names that people give their treadmills: whatever they type, and whatever the settings file is like."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.config import (
    LONGEST_NAME,
    RememberedMachine,
    Settings,
    call_machine,
    called_so,
    load_settings,
    name_fault,
    remember_machine,
    tidy_name,
)
from backstride.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
device = "Sole"   # the one in the cellar

[machines.Sole]   # loud
# since May
address = "AA:BB"
model = "mine.toml"

[machines."Gym 1"]
address = "CC:DD"
"""
ODD = ('My "Sole"', "it's", "back\\slash", "a.b = [c]", "# no", "\N{GRINNING FACE}", "Ünï", "👩‍👩‍👧", "None", "' \"")


def loaded(folder: Path, text: str = FILE, **environ: str) -> Settings:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ=environ)


def sole(settings: Settings) -> RememberedMachine:
    machine = settings.machine("AA:BB")
    assert machine is not None
    return machine


@pytest.mark.parametrize("name", ODD)
def test_any_name_that_can_be_seen_comes_back_from_the_file_and_finds_its_treadmill(tmp_path: Path, name: str) -> None:
    before = loaded(tmp_path)
    assert (tidy_name(name), name_fault(before, name, "AA:BB")) == (name, None)
    settings = call_machine(before, name, sole(before))
    again = load_settings(settings.file, environ={})
    assert again == settings.model_copy(update={"machines": again.machines})
    assert again.machines == settings.machines
    assert again.name_at("aa:bb") == name
    assert again.machine(name.upper()) == sole(before)
    assert again.device == name


def test_a_new_name_takes_the_place_of_the_old_one_with_everything_that_stands_there(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    call_machine(settings, "Cellar", sole(settings))
    text = settings.file.read_text(encoding="utf-8")
    assert '"Cellar"   # the one in the cellar' in text
    assert "[machines.Cellar]   # loud\n# since May\n" in text
    assert "Sole" not in text
    assert list(tomllib.loads(text)["machines"]) == ["Gym 1", "Cellar"]


def test_the_same_name_again_changes_nothing_but_what_is_known(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    call_machine(settings, "Sole", sole(settings).model_copy(update={"advertised": "F63"}))
    text = settings.file.read_text(encoding="utf-8")
    assert list(tomllib.loads(text)["machines"]) == ["Sole", "Gym 1"]
    assert 'advertised = "F63"' in text


def test_a_name_is_given_in_a_file_of_one_line_tables_too(tmp_path: Path) -> None:
    settings = loaded(tmp_path, 'machines = {Sole = {address = "AA:BB"}}\n')
    call_machine(settings, 'My "Sole"', sole(settings))
    assert load_settings(settings.file, environ={}).name_at("AA:BB") == 'My "Sole"'


def test_a_device_that_only_the_environment_names_is_not_written_into_the_file(tmp_path: Path) -> None:
    settings = loaded(tmp_path, FILE.partition("\n\n")[2], BACKSTRIDE_DEVICE="Sole")
    renamed = call_machine(settings, "Cellar", sole(settings))
    assert "device" not in tomllib.loads(settings.file.read_text(encoding="utf-8"))
    assert renamed.device == "Cellar"


def test_a_file_that_cannot_be_written_loses_nothing_and_the_name_holds_for_now(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    (tmp_path / "file").touch()
    lost = settings.model_copy(update={"file": tmp_path / "file" / "settings.toml"})
    with pytest.raises(ConfigError, match="not a directory"):
        call_machine(lost, "Cellar", sole(settings))
    assert settings.file.read_text(encoding="utf-8") == FILE
    held = called_so(settings, "Cellar", sole(settings))
    assert (held.name_at("AA:BB"), held.device) == ("Cellar", "Cellar")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "at least one letter"),
        ("\u200d", "at least one letter"),
        ("x" * (LONGEST_NAME + 1), "41 letters"),
        ("--fast", "begin with a dash"),
        ("gym 1", "called 'Gym 1' already"),
        ("cc:dd", "called 'Gym 1' already"),
    ],
)
def test_a_name_that_would_not_work_is_refused_with_the_reason(tmp_path: Path, name: str, why: str) -> None:
    assert why in str(name_fault(loaded(tmp_path), name, "AA:BB"))


def test_its_own_name_is_not_taken_and_neither_is_its_own_address(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert name_fault(settings, "SOLE", "aa:bb") is None
    assert name_fault(settings, "AA:BB", "aa:bb") is None


def test_what_cannot_be_seen_is_no_part_of_a_name() -> None:
    assert tidy_name(" \tMy\r\n  \x1b\x07So\u202ele\ufeff ") == "My Sole"
    assert tidy_name("\x1b\u202e \t") == ""


@given(st.text(max_size=60))
def test_whatever_is_typed_becomes_one_line_that_stays_as_it_is(text: str) -> None:
    name = tidy_name(text)
    assert tidy_name(name) == name
    assert name == name.strip()
    assert "\n" not in name


def test_the_advertised_name_finds_it_too_unless_several_have_it(tmp_path: Path) -> None:
    machine = RememberedMachine(address="1", advertised="F63")
    settings = Settings(file=tmp_path / "settings.toml", machines={"Cellar": machine})
    assert settings.machine("f63") is machine
    twin = settings.model_copy(
        update={"machines": {**settings.machines, "Attic": RememberedMachine(address="2", advertised="F63")}}
    )
    assert twin.machine("F63") is None


def test_meeting_it_again_keeps_its_name_and_what_the_owner_wrote_of_it(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    again = remember_machine(settings, "F63", sole(settings).model_copy(update={"advertised": "F63"}))
    assert again.machines["Sole"].model == "mine.toml"
    assert load_settings(settings.file, environ={}).machines == again.machines
