"""The figures of the research against the machine files, and against what the simulated machines put on the wire."""

from __future__ import annotations

import re
from operator import attrgetter

import pytest

from backstride.machines.facts import SpeedFacts, load_facts
from backstride.machines.incline_facts import InclineMap
from backstride.protocol import uuids
from backstride.protocol.control_point import OpCode
from backstride.protocol.treadmill_data import decode_treadmill_data
from backstride.simulator.peripheral import Peripheral
from backstride.units import Incline, Speed
from tests.machines.account import ACCOUNTS
from tests.machines.figures import FIGURES, Figure
from tests.machines.quirks import Entry, entries, entry

READ = {
    "feature_hex": uuids.FITNESS_MACHINE_FEATURE,
    "speed_range_hex": uuids.SUPPORTED_SPEED_RANGE,
}
"""What was read from a machine, by the key of an entry."""

HEX = [(one, key) for one in entries() for key in READ if getattr(one, key)]
RECORDS = [(one, record) for one in entries() for record in one.treadmill_data_hex]
FIRST_FLAGS = {bytes.fromhex("9E 1B"): bytes.fromhex("9E 1F")}
"""What a Matrix promises before a walk, and what in its course; only the latter is simulated."""

RANGE = re.compile(r"(?P<low>[\d.]+)-(?P<high>[\d.]+)(?: (?:km/h|%))?(?: step (?P<step>[\d.]+))?")


def only_file(one: Entry) -> str:
    (file,) = ACCOUNTS[one.number].files
    return file


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: f"{figure.file} {figure.path}")
def test_a_machine_file_has_the_figure_of_its_entry(figure: Figure) -> None:
    assert figure.words in entry(figure.entry).text
    assert figure.file in ACCOUNTS[figure.entry].files
    value = attrgetter(figure.path)(load_facts(figure.file))
    assert value == figure.value
    assert type(value) is type(figure.value) or {type(value), type(figure.value)} <= {int, float}


@pytest.mark.parametrize(("one", "key"), HEX, ids=lambda value: value if isinstance(value, str) else value.model)
def test_the_simulated_machine_reads_as_the_real_one_did(one: Entry, key: str) -> None:
    peripheral = Peripheral(load_facts(only_file(one)))
    assert peripheral.read(READ[key], 0.0) == bytes.fromhex(getattr(one, key))


@pytest.mark.parametrize("one", [one for one in entries() if one.speed_range_text], ids=lambda one: one.model)
def test_a_range_of_speed_told_in_words_is_the_one_in_the_file(one: Entry) -> None:
    told = RANGE.search(one.speed_range_text or "")
    assert told is not None
    speed: SpeedFacts = load_facts(only_file(one)).speed
    assert (speed.minimum, speed.maximum) == (Speed.from_kmh(told["low"]), Speed.from_kmh(told["high"]))
    assert told["step"] is None or speed.increment == Speed.from_kmh(told["step"])


@pytest.mark.parametrize("one", [one for one in entries() if one.inclination_range_text], ids=lambda one: one.model)
def test_a_range_of_incline_told_in_words_is_the_one_in_the_file(one: Entry) -> None:
    told = RANGE.search(one.inclination_range_text or "")
    incline = load_facts(only_file(one)).incline
    assert told is not None
    assert incline is not None
    figures = [Incline.from_percent(told[part]) for part in ("low", "high", "step")]
    assert [incline.minimum, incline.maximum, incline.increment] == figures


@pytest.mark.parametrize("one", [one for one in entries() if one.characteristics], ids=lambda one: one.model)
def test_the_control_point_has_the_properties_that_were_seen(one: Entry) -> None:
    assert one.characteristics is not None
    assert set(load_facts(only_file(one)).control.properties) == set(one.characteristics["2AD9"].split("|"))


def test_the_training_status_of_a_walk_is_the_one_that_was_read() -> None:
    peripheral = Peripheral(load_facts("yesoul-w2-pro"))
    connection = peripheral.connect()
    peripheral.control.carry_out(bytes([OpCode.REQUEST_CONTROL]), connection.number, 0.0)
    peripheral.control.carry_out(bytes([OpCode.START_OR_RESUME]), connection.number, 0.0)
    assert peripheral.read(uuids.TRAINING_STATUS, 10.0).hex(" ") == (entry(1).training_status_hex or "").lower()


@pytest.mark.parametrize(("one", "record"), RECORDS, ids=lambda value: getattr(value, "model", value))
def test_a_record_of_the_simulated_machine_has_the_flags_and_the_length_of_the_real_one(
    one: Entry, record: str
) -> None:
    octets = bytes.fromhex(record)
    lengths = {value[:2]: len(value) for value in records(Peripheral(load_facts(only_file(one))))}
    assert lengths.get(FIRST_FLAGS.get(octets[:2], octets[:2])) == len(octets)


@pytest.mark.parametrize("record", [record for _, record in RECORDS])
def test_the_decoder_reads_every_record_that_was_captured(record: str) -> None:
    """A record without a speed says nothing of it: that is not a speed of zero."""
    data = decode_treadmill_data(bytes.fromhex(record))
    assert (data.instantaneous_speed is None) == bool(data.flags & 1)


def test_kettler_s_codes_are_those_of_the_captured_table() -> None:
    """Written 0A to 96 in tens; what came back for each stands in the entry."""
    (text,) = (quirk for quirk in entry(26).quirks if "reported" in quirk)
    told = re.search(r"reported ([0-9A-F,]+):?;?", text)
    assert told is not None
    reported = [int(code, 16) for code in told[1].split(",")]
    incline = load_facts("kettler").incline
    assert incline is not None
    assert [(int(real), written) for real, written in incline.write_codes] == [
        (real, 10 * (place + 1)) for place, real in enumerate(reported)
    ]
    assert (incline.write_codes[0][1], incline.write_codes[-1][1]) == (0x0A, 0x96)


@pytest.mark.parametrize(("percent", "octets"), [(0, "10 00"), (1, "1A 00"), (2, "24 00"), (10, "74 00")])
def test_3g_s_targets_are_the_octets_that_the_entry_prints(percent: int, octets: str) -> None:
    assert octets in entry(27).text
    for file in ACCOUNTS[27].files:
        incline = load_facts(file).incline
        assert incline is not None
        assert int(incline.written.to_wire(Incline(10 * percent))).to_bytes(2, "little") == bytes.fromhex(octets)


def test_bh_s_scale_maps_its_thousand_to_sixteen_per_cent() -> None:
    incline = load_facts("bh-t01").incline
    assert incline is not None
    assert "raw 0..1000 maps to 0..16 %" in entry(4).text
    assert incline.told.to_wire(Incline(160)) == 1000
    assert isinstance(incline.told, InclineMap)


def records(peripheral: Peripheral) -> list[bytes]:
    """Return what a subscriber gets in the first minute of a walk."""
    connection = peripheral.connect(mtu=247)
    peripheral.subscribe(connection, uuids.TREADMILL_DATA, 1, 0.0)
    return [
        emission.value
        for second in range(60)
        for emission in peripheral.poll(float(second))
        if emission.uuid == uuids.TREADMILL_DATA
    ]
