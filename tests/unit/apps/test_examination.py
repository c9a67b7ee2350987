"""The doctor beside the radio: which treadmills are meant, the files, the exit code and what is shown."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from backstride.apps.cli.doctor import code_of, payload, show
from backstride.apps.cli.exits import ExitCode
from backstride.apps.config import RememberedMachine, Settings
from backstride.apps.examination import Examination, file_findings, patients
from backstride.driver.doctor.findings import Check, Finding, Remedy, Verdict, everywhere, note, ok, trouble, unknown
from backstride.driver.doctor.snapshot import Patient, System
from backstride.machines.facts import WireUnit, load_facts
from backstride.record.journal import Journal
from backstride.units import SpeedUnit
from tests.unit.record.walks import header

if TYPE_CHECKING:
    from pathlib import Path

WELL = ok(Check.SERVICE, "BlueZ is running.")
OFF = trouble(Check.POWER, "Bluetooth is switched off.", Remedy("on Linux", "on macOS", "on Windows"))
FULL = trouble(Check.RECORDS, "It cannot be written.", everywhere("Name another."))


def settings(folder: Path, **values: object) -> Settings:
    return Settings.model_validate({"file": folder / "settings.toml", "records": folder / "records", **values})


def verdicts(held: Settings, fault: str = "") -> dict[Check, Verdict]:
    return {finding.check: finding.verdict for finding in file_findings(held, fault)}


def test_the_treadmills_met_before_are_asked_about_and_the_chosen_one_above_all(tmp_path: Path) -> None:
    met = {
        "Sole": RememberedMachine(address="AA", model="sole-f85"),
        "Pad": RememberedMachine(address="BB", model="generic"),
        "Mine": RememberedMachine(address="CC", model=str(tmp_path / "moved.toml")),
    }
    assert patients(settings(tmp_path, machines=met, device="Pad"), None) == (
        Patient("Sole", "AA", load_facts("sole-f85")),
        Patient("Pad", "BB", None, named=True),
        Patient("Mine", "CC", None),
    )
    assert patients(settings(tmp_path, machines=met), "sole") == (
        Patient("sole", "AA", load_facts("sole-f85"), named=True),
    )
    assert patients(settings(tmp_path, machines=met), "Other") == (Patient("Other", None, None, named=True),)


def test_a_treadmill_met_before_is_asked_about_as_its_console_is_set(tmp_path: Path) -> None:
    met = {"Therun": RememberedMachine(address="AA", model="therun-t15", console=WireUnit.MPH)}
    (patient,) = patients(settings(tmp_path, machines=met), None)
    assert patient.facts == load_facts("therun-t15").with_console(WireUnit.MPH)


def test_files_that_do_not_exist_yet_are_well_and_nothing_is_written(tmp_path: Path) -> None:
    assert set(verdicts(settings(tmp_path)).values()) == {Verdict.OK}
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda place, _: place != tmp_path)
    assert verdicts(settings(tmp_path)) == {
        Check.SETTINGS: Verdict.TROUBLE,
        Check.RECORDS: Verdict.TROUBLE,
        Check.WALK: Verdict.OK,
    }


def test_a_file_in_the_place_of_the_records_folder_is_a_trouble(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("")
    found = verdicts(settings(tmp_path))
    assert (found[Check.RECORDS], found[Check.WALK]) == (Verdict.TROUBLE, Verdict.UNKNOWN)


def test_settings_that_cannot_be_read_are_a_trouble_in_their_own_words(tmp_path: Path) -> None:
    (first, *_) = file_findings(settings(tmp_path), "settings.toml, line 1: this is not TOML.")
    assert (first.verdict, first.meaning) == (Verdict.TROUBLE, "settings.toml, line 1: this is not TOML.")


def test_a_walk_of_another_backstride_holds_its_treadmill(tmp_path: Path) -> None:
    held = settings(tmp_path)
    journal = Journal.create(held.records, header())
    walk = next(finding for finding in file_findings(held) if finding.check is Check.WALK)
    journal.close({})
    assert walk.verdict is Verdict.TROUBLE
    assert header().machine.name in walk.meaning
    assert verdicts(held)[Check.WALK] is Verdict.OK


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ((WELL, note(Check.CHOICE, "Two."), unknown(Check.BLOCKED, "No.")), ExitCode.FINISHED),
        ((WELL, OFF), ExitCode.NO_MACHINE),
        ((FULL,), ExitCode.WRONG_INPUT),
        ((OFF, FULL), ExitCode.NO_MACHINE),
    ],
)
def test_the_exit_code_is_that_of_what_stands_in_the_way(findings: tuple[Finding, ...], code: ExitCode) -> None:
    assert code_of(Examination(System.LINUX, findings)) is code


@pytest.mark.parametrize("system", list(System))
def test_the_remedy_of_this_system_is_shown_and_told_as_json(system: System) -> None:
    found = Examination(system, (WELL, OFF))
    out = Console(file=io.StringIO(), width=60)
    show(out, found, SpeedUnit.MPH)
    assert isinstance(out.file, io.StringIO)
    screen = out.file.getvalue()
    remedy = {"linux": "on Linux", "macos": "on macOS", "windows": "on Windows"}[system]
    assert f"→ {remedy}" in screen
    assert "1 trouble stands in the way." in screen
    assert max(map(len, screen.splitlines())) <= 60
    told = json.loads(json.dumps(payload(found)))
    assert told["exit_code"] == 3
    assert [finding["remedy"] for finding in told["findings"]] == [None, remedy]


def test_speeds_are_shown_in_the_person_s_unit() -> None:
    slow = Examination(System.LINUX, (note(Check.MODEL, "It walks no slower than 1.61 km/h."),))
    out = Console(file=io.StringIO(), width=80)
    show(out, slow, SpeedUnit.MPH)
    assert isinstance(out.file, io.StringIO)
    assert "1.00 mph" in out.file.getvalue()
    assert "Nothing that could be checked stands in the way." in out.file.getvalue()
