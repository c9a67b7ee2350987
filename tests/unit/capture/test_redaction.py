"""What a redacted capture does not tell any more, and what it still does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backstride.capture import events
from backstride.capture.events import Answered, Asked, Failure, Heard, Operation, Trouble
from backstride.capture.file import Captured, write_capture
from backstride.capture.lines import Entry
from backstride.capture.redaction import DEVICE_NAME, OWN_FILE, SYSTEM_ID, redacted, secrets_in
from backstride.machines.facts import load_facts
from backstride.machines.written import as_written, from_written
from backstride.protocol import uuids
from backstride.protocol.uuids import full_uuid
from tests.unit.capture.test_file import HEADER_OF_A_TEST

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS, OTHER_ADDRESS = "D4:5E:96:4F:A1:D3", "D4:5E:96:4F:A1:D4"
NAME, SHORT_NAME, SERIAL = "Annas Laufband", "Annas Lauf", "SN-20261125-77"
VENDOR = "0000fff0-aaaa-bbbb-cccc-0123456789ab"
USER_NAME = "Anna Muster"
OCTETS = bytes.fromhex(ADDRESS.replace(":", ""))


def read(number: int, uuid: str, value: bytes) -> tuple[events.Event, ...]:
    return Asked(number, Operation.READ, uuid), Answered(number, uuid, value)


TOLD: tuple[events.Event, ...] = (
    events.Connecting(ADDRESS, SHORT_NAME),
    events.NotConnected(Failure(Trouble.OTHER, f"BleakError: device 'dev_{ADDRESS.replace(':', '_')}' not found")),
    events.Connecting(OTHER_ADDRESS, NAME),
    events.Connected(23),
    *read(1, uuids.SERIAL_NUMBER, SERIAL.encode() + b"\0\0"),
    *read(2, DEVICE_NAME, NAME.encode()),
    *read(3, SYSTEM_ID, OCTETS[:3] + b"\xff\xfe" + OCTETS[3:]),
    *read(4, uuids.MODEL_NUMBER, f"T-100 of {NAME.upper()}".encode()),
    *read(5, full_uuid(0x2A8A), b"Anna"),
    *read(6, uuids.FITNESS_MACHINE_FEATURE, bytes(8)),
    Heard(VENDOR, b"\x01" + OCTETS + b"\x02" + OCTETS[::-1]),
    Heard(VENDOR, b"\xa0" + SERIAL.encode()),
    Heard(VENDOR, NAME.encode("utf-16-le")),
    Heard(VENDOR, b"\x00\x01" + USER_NAME.encode() + b"\x02"),
    Heard(uuids.TRAINING_STATUS, b"\x01\x0d" + USER_NAME.encode()),
    Heard(uuids.TREADMILL_DATA, bytes.fromhex("8c05500015000000 00ff7f0100ad00032020 00")),
    events.LetGo(f"it is called {NAME!r} ({ADDRESS.lower()}), serial number {SERIAL}"),
)
SECRETS = (ADDRESS, OTHER_ADDRESS, NAME, SHORT_NAME, SERIAL, USER_NAME)


def capture(*told: events.Event) -> Captured:
    header = replace(HEADER_OF_A_TEST, address=ADDRESS, name=NAME, note=f"in {USER_NAME}'s cellar")
    return Captured(header, tuple(Entry(float(number), event) for number, event in enumerate(told)))


def forms(secret: str) -> set[str]:
    """Return every way in which a secret may stand in the lines of a file, without spaces and in small letters."""
    octets = secret.encode()
    if secret.count(":"):
        plain = secret.replace(":", "")
        octets = bytes.fromhex(plain)
        return {plain.lower(), octets[::-1].hex(), octets[:3].hex() + "fffe" + octets[3:].hex()}
    small = secret.lower().replace(" ", "")
    return {small, octets.hex(), secret.upper().encode().hex(), secret.encode("utf-16-le").hex()}


def plainly(text: str) -> str:
    return text.lower().translate(dict.fromkeys(map(ord, " :-_")))


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_left_in_any_form(tmp_path: Path, secret: str) -> None:
    for name, one in (("open", capture(*TOLD)), ("closed", redacted(capture(*TOLD)))):
        write_capture(tmp_path / name, one)
    left = {form for form in forms(secret) if plainly(form) in plainly((tmp_path / "closed").read_text())}
    assert left == set()
    assert any(plainly(form) in plainly((tmp_path / "open").read_text()) for form in forms(secret))


def test_the_same_becomes_the_same_and_keeps_its_length() -> None:
    before, after = capture(*TOLD), redacted(capture(*TOLD))
    first, second = (entry.event for entry in after.entries if isinstance(entry.event, events.Connecting))
    assert after.header.address == first.address
    assert first.address != second.address
    values = {
        entry.event.uuid: entry.event.value for entry in after.entries if isinstance(entry.event, Answered | Heard)
    }
    assert after.header.name is not None
    assert values[DEVICE_NAME] == after.header.name.encode()
    for old, new in zip(before.entries, after.entries, strict=True):
        if isinstance(old.event, Asked | Answered | Heard) and old.event.value is not None:
            assert isinstance(new.event, type(old.event))
            assert new.event.value is not None
            assert len(new.event.value) == len(old.event.value)


def test_what_the_machine_measured_and_can_do_stays() -> None:
    after = redacted(capture(*TOLD))
    kept = {uuids.TREADMILL_DATA, uuids.FITNESS_MACHINE_FEATURE}
    assert [entry for entry in after.entries if getattr(entry.event, "uuid", None) in kept] == [
        entry for entry in capture(*TOLD).entries if getattr(entry.event, "uuid", None) in kept
    ]


def test_the_note_goes_and_the_header_says_that_it_is_redacted_once() -> None:
    once = redacted(capture(*TOLD))
    assert once.header.redacted
    assert once.header.note == ""
    assert redacted(once) is once


def test_a_shipped_machine_file_stays_and_only_the_figures_of_a_persons_own() -> None:
    shipped = events.Recognised("sole-f85", as_written(load_facts("sole-f85")))
    own = events.Recognised("annas", {**as_written(load_facts("sole-f85")), "id": "annas", "model": USER_NAME})
    after = [entry.event for entry in redacted(capture(shipped, own)).entries]
    assert after[0] == shipped
    assert isinstance(after[1], events.Recognised)
    assert USER_NAME not in json.dumps(dict(after[1].facts))
    facts = from_written(after[1].facts)
    assert facts.id == OWN_FILE
    assert facts.control == load_facts("sole-f85").control


def test_an_identifier_that_is_no_bluetooth_address_is_replaced_as_well() -> None:
    mac_os = "8A9F1A50-0B6C-4B0B-9B57-3B5B6A0A1C2D"
    after = redacted(capture(events.Connecting(mac_os, None), events.LetGo(f"no {mac_os} in reach")))
    assert mac_os not in str(after)


def test_a_name_that_is_the_models_own_leaves_the_model_alone() -> None:
    model = (events.Connecting(ADDRESS, "FS-BT-02"), *read(1, uuids.MODEL_NUMBER, b"FS-BT-02"))
    assert Answered(1, uuids.MODEL_NUMBER, b"FS-BT-02") in [entry.event for entry in redacted(capture(*model)).entries]


def test_a_person_is_told_what_a_capture_tells() -> None:
    told = secrets_in(capture(*TOLD))
    assert told == {
        "address": (ADDRESS, OTHER_ADDRESS),
        "name": (NAME, SHORT_NAME),
        "serial number": (SERIAL,),
    }
