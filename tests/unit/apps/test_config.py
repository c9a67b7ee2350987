from __future__ import annotations

import os
import re
import resource
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import platformdirs
import pytest

from backstride.apps.config import (
    FileSettings,
    PersonalLimits,
    RememberedMachine,
    Settings,
    acknowledge_notice,
    choose_device,
    forget_machine,
    load_settings,
    remember_machine,
    settings_path,
)
from backstride.apps.settings_file import key_lines, save
from backstride.errors import ConfigError
from backstride.machines.facts import WireUnit
from backstride.units import Incline, Speed, SpeedUnit

WHOLE = """\
# mine
units = "km/h"
records = "/walks"
device = "Sole"   # the one in the cellar
body_mass_kg = 72
notice_acknowledged = 2026-11-22

[limits]
speed = "3.2 mph"
incline = "6 %"

[machines.Sole]   # loud
address = "AA:BB"
model = "generic"
last_seen = 2026-11-22T10:58:03Z
"""
SEEN = datetime(2026, 11, 22, 10, 58, 3, tzinfo=UTC)


def written(folder: Path, text: str = WHOLE) -> Path:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return file


def loaded(file: Path, **environ: str) -> Settings:
    return load_settings(file, environ=environ)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        loaded(written(folder, text))
    return str(raised.value)


def test_a_file_that_does_not_exist_yet_stands_for_the_defaults(tmp_path: Path) -> None:
    settings = loaded(tmp_path / "none.toml")
    assert settings.units is SpeedUnit.MPH
    assert settings.records == Path(platformdirs.user_data_dir("backstride")) / "records"
    assert (settings.device, settings.body_mass_kg, settings.notice_acknowledged) == (None, None, None)
    assert settings.limits == PersonalLimits()
    assert settings.machines == {}
    assert settings.file == tmp_path / "none.toml"


def test_every_key_is_read(tmp_path: Path) -> None:
    settings = loaded(written(tmp_path))
    assert settings.units is SpeedUnit.KMH
    assert settings.records == Path("/walks")
    assert settings.device == "Sole"
    assert settings.body_mass_kg == 72
    assert settings.notice_acknowledged == date(2026, 11, 22)
    assert settings.limits == PersonalLimits(speed=Speed(515), incline=Incline(60))
    assert settings.machines == {"Sole": RememberedMachine(address="AA:BB", model="generic", last_seen=SEEN)}


def test_the_example_of_the_manual_is_a_settings_file(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[3] / "docs" / "settings.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", manual, re.DOTALL)
    assert loaded(written(tmp_path, example)).limits.speed == Speed(515)
    assert set(tomllib.loads(example)) == set(FileSettings.model_fields)


def test_what_is_typed_outranks_the_environment_and_that_the_file(tmp_path: Path) -> None:
    file = written(tmp_path)
    environ = {"BACKSTRIDE_UNITS": "mph", "BACKSTRIDE_RECORDS": "/elsewhere", "BACKSTRIDE_DEVICE": "Other"}
    settings = load_settings(file, environ=environ, device="AA:CC", records=Path("/typed"))
    assert (settings.units, settings.records, settings.device) == (SpeedUnit.MPH, Path("/typed"), "AA:CC")
    assert load_settings(file, environ=environ).device == "Other"
    assert load_settings(file, environ=environ, units="km/h").units is SpeedUnit.KMH
    assert settings.limits.speed == Speed(515)
    assert load_settings(file, environ={"BACKSTRIDE_ADAPTER": "hci2"}).adapter == "hci2"
    assert load_settings(file, environ={"BACKSTRIDE_ADAPTER": "hci2"}, adapter="hci1").adapter == "hci1"


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert loaded(written(tmp_path), BACKSTRIDE_DEVICE="", BACKSTRIDE_CONFIG="").device == "Sole"


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path: Path) -> None:
    assert loaded(written(tmp_path, 'records = "~/walks"')).records == Path.home() / "walks"


def test_the_file_is_the_named_one_or_the_platforms() -> None:
    environ = {"BACKSTRIDE_CONFIG": "~/my.toml"}
    assert settings_path(Path("/typed"), environ=environ) == Path("/typed")
    assert settings_path(environ=environ) == Path.home() / "my.toml"
    assert settings_path(environ={}) == Path(platformdirs.user_config_dir("backstride")) / "settings.toml"


def test_the_environment_of_the_process_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSTRIDE_CONFIG", str(written(tmp_path)))
    assert settings_path() == tmp_path / "settings.toml"
    assert load_settings().device == os.environ.get("BACKSTRIDE_DEVICE", "Sole")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '# first\nunit = "mph"',
            "line 2: unknown key 'unit' (nearest: 'units'). Allowed: units, records, device, console, adapter, body_m",
        ),
        ("file = 'x'", "line 1: unknown key 'file'"),
        ('[limits]\n\nspede = "3 mph"', "line 3: unknown key 'spede' (nearest: 'speed'). Allowed: speed, incline."),
        ('units = "kmh"', "line 1: units: found 'kmh', allowed is mph or km/h (nearest: 'km/h')."),
        ("units = 3", "line 1: units: found 3, allowed is mph or km/h."),
        ("console = 'miles'", "line 1: console: found 'miles', allowed is mph or km/h, as the treadmill's own display"),
        (
            "[machines.S]\naddress = 'A'\nconsole = 'kmh'",
            "line 3: machines.S.console: found 'kmh', allowed is mph or km/h",
        ),
        (
            "[limits]\nspeed = 3.2",
            "line 2: limits.speed: found 3.2, allowed is a speed as text, such as '3.2 mph' or '5 km/h'.",
        ),
        ("limits.speed = '0 mph'", "line 1: limits.speed: found '0 mph', allowed is a speed as text"),
        ("limits = {incline = '-1 %'}", "line 1: limits.incline: found '-1 %', allowed is an incline as text"),
        ("limits = 3", "line 1: limits: found 3, allowed is a table with speed and incline."),
        ("body_mass_kg = 7", "line 1: body_mass_kg: found 7, allowed is a number from 20 to 300."),
        ("body_mass_kg = nan", "line 1: body_mass_kg: found nan"),
        ("records = ''", "line 1: records: found ''"),
        ("records = '~nobody-at-all/x'", "line 1: records: found '~nobody-at-all/x', allowed is a folder"),
        ("device = ''", "line 1: device: found ''"),
        ("adapter = '1'", "line 1: adapter: found '1', allowed is a Bluetooth adapter by its name on Linux"),
        ("notice_acknowledged = true", "line 1: notice_acknowledged: found True, allowed is a date"),
        ("[machines.Sole]\nmodel = 'x'", "line 1: machines.Sole.address: found nothing, allowed is its Bluetooth"),
        ("[machines]\nSole = 'AA:BB'", "line 2: machines.Sole: found 'AA:BB', allowed is a table with an address."),
        ("[machines.S]\naddress = 'A'\nlast_seen = 2026-11-22T10:58:03", "line 3: machines.S.last_seen: found"),
        ("x = [\n 1,\n]\n", "line 1: unknown key 'x'"),
        ("units = ", "this is not TOML: Invalid value"),
        ("units = 'mph'\nunits = 'mph'", "this is not TOML: Cannot overwrite a value"),
    ],
)
def test_a_refusal_names_line_key_found_and_allowed(tmp_path: Path, text: str, sentence: str) -> None:
    message = refusal(tmp_path, text)
    assert sentence in message
    assert str(tmp_path / "settings.toml") in message


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    assert len(refusal(tmp_path, "units = 1\nbody_mass_kg = 1\nx = 1").splitlines()) == 3


def test_a_wrong_variable_or_option_is_named_instead_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^BACKSTRIDE_UNITS: units: found 'miles'"):
        loaded(tmp_path / "none.toml", BACKSTRIDE_UNITS="miles")
    with pytest.raises(ConfigError, match=r"^--units: units: found 'mhp', .* \(nearest: 'mph'\)"):
        load_settings(tmp_path / "none.toml", environ={"BACKSTRIDE_UNITS": "miles"}, units="mhp")


def test_a_file_that_cannot_be_read_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Cannot read the settings in .*: is a directory"):
        loaded(tmp_path)
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        loaded(tmp_path / "s.toml")


def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_bytes(b'\xef\xbb\xbfunits = "km/h"\r\n# kept\r\n')
    settings = loaded(file)
    assert settings.units is SpeedUnit.KMH
    choose_device(settings, "Sole")
    assert b"# kept\r\n" in file.read_bytes()


def test_settings_cannot_be_changed_in_memory(tmp_path: Path) -> None:
    settings = loaded(tmp_path / "none.toml")
    with pytest.raises(ValueError, match="frozen"):
        settings.units = SpeedUnit.KMH  # type: ignore[misc]  # the point of the test


def test_the_notice_is_acknowledged_once_and_for_all(tmp_path: Path) -> None:
    """S14."""
    file = tmp_path / "new" / "folder" / "settings.toml"
    settings = acknowledge_notice(loaded(file), date(2026, 11, 22))
    assert settings.notice_acknowledged == loaded(file).notice_acknowledged == date(2026, 11, 22)


def test_saving_keeps_comments_and_everything_else(tmp_path: Path) -> None:
    file = written(tmp_path)
    choose_device(loaded(file), "Other")
    assert file.read_text() == WHOLE.replace('"Sole"', '"Other"')


def test_a_key_without_table_goes_before_the_tables(tmp_path: Path) -> None:
    file = written(tmp_path, '[limits]\nspeed = "3 mph"\n')
    choose_device(loaded(file), "Sole")
    assert loaded(file).device == "Sole"
    assert loaded(file).limits.speed == Speed(483)


def test_the_chosen_treadmill_can_be_forgotten(tmp_path: Path) -> None:
    file = written(tmp_path)
    assert choose_device(loaded(file), None).device is None
    assert loaded(file).device is None
    choose_device(loaded(file), None)
    assert "[machines.Sole]   # loud" in file.read_text()


@pytest.mark.parametrize("text", ["", WHOLE, "machines = {}\n", "[machines]\n", 'machines.A = {address = "1"}\n'])
def test_a_new_treadmill_is_remembered_in_any_file(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, text)
    before = loaded(file)
    machine = RememberedMachine(address="CC:DD", id="serial 7", last_seen=SEEN)
    settings = remember_machine(before, "Cellar 1.5", machine)
    assert settings.machines == {**before.machines, "Cellar 1.5": machine}
    assert loaded(file) == settings


def test_a_known_address_keeps_the_name_a_person_gave_it(tmp_path: Path) -> None:
    file = written(tmp_path)
    settings = remember_machine(loaded(file), "T-2000", RememberedMachine(address="aa:bb", model="sole"))
    assert list(settings.machines) == ["Sole"]
    assert loaded(file).machines["Sole"].model == "sole"
    assert loaded(file).machines["Sole"].last_seen is None
    assert "[machines.Sole]   # loud" in file.read_text()


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    settings = loaded(written(tmp_path))
    for address in ("1", "2"):
        settings = remember_machine(settings, "Sole", RememberedMachine(address=address))
    assert {name: machine.address for name, machine in settings.machines.items()} == {
        "Sole": "AA:BB",
        "Sole 2": "1",
        "Sole 3": "2",
    }
    assert loaded(settings.file).machines == settings.machines


def test_a_treadmill_is_found_by_name_or_address(tmp_path: Path) -> None:
    settings = loaded(written(tmp_path))
    assert settings.machine("sole") is settings.machine("aa:bb") is settings.machines["Sole"]
    assert settings.machine("other") is None


def test_a_console_counts_for_its_treadmill_and_that_of_all_for_the_others(tmp_path: Path) -> None:
    machines = '[machines.A]\naddress = "AA"\nconsole = "km/h"\n[machines.B]\naddress = "BB"\n'
    settings = loaded(written(tmp_path, f'console = "mph"\n{machines}'))
    consoles = [settings.console_of(address) for address in ("aa", "BB", "never met")]
    assert consoles == [WireUnit.KMH, WireUnit.MPH, WireUnit.MPH]
    assert loaded(written(tmp_path, machines)).console_of("BB") is WireUnit.KMH
    simulated = f'console = "mph"\n{machines}simulated = true\nconsole = "km/h"\n'  # it has the console of all
    assert loaded(written(tmp_path, simulated)).console_of("BB") is WireUnit.MPH


def test_a_treadmill_is_forgotten(tmp_path: Path) -> None:
    settings = forget_machine(loaded(written(tmp_path)), "Sole")
    assert settings.machines == loaded(settings.file).machines == {}
    with pytest.raises(ConfigError, match="No treadmill called 'Sole' is remembered"):
        forget_machine(settings, "Sole")


def test_a_misspelt_treadmill_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nearest: 'Sole'"):
        forget_machine(loaded(written(tmp_path)), "sloe")


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = loaded(tmp_path / "none.toml").model_copy(update={"file": tmp_path / "file" / "settings.toml"})
    with pytest.raises(ConfigError, match="not a directory"):
        choose_device(settings, "Sole")


def test_a_disk_that_fills_up_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    settings = loaded(written(tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(WHOLE) // 2, hard))
    try:
        with pytest.raises(ConfigError, match=r"Cannot save the settings in .*: file too large"):
            choose_device(settings, "Other")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]
    assert settings.file.read_text() == WHOLE


def test_saving_leaves_no_other_file_and_keeps_mode_and_link(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    choose_device(loaded(link), "Other")
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.toml", "settings.toml"]


def test_a_file_that_was_broken_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    settings = loaded(written(tmp_path))
    for text in ("units = ", "machines = 3"):
        settings.file.write_text(text)
        with pytest.raises(ConfigError):
            remember_machine(settings, "New", RememberedMachine(address="1"))
        assert settings.file.read_text() == text


def test_taking_away_what_is_not_there_changes_nothing(tmp_path: Path) -> None:
    file = written(tmp_path)
    save(file, {("machines", "None"): None, ("nothing", "here"): None})
    assert file.read_text() == WHOLE


def test_the_line_of_a_key_is_found_in_every_way_to_write_it() -> None:
    text = 'a.b = 1\n[c."d e"] # x\nf = {g = 2}\nh = """\nx\n"""\n[[i]]\nj = 1\n\n# k = 1\n?\n'
    lines = key_lines(text)
    assert lines["a", "b"] == 1
    assert lines["c", "d e"] == 2
    assert lines["c", "d e", "f", "g"] == 3
    assert lines["c", "d e", "h"] == 4
    assert lines["i", "j"] == 8
    assert ("k",) not in lines
