"""docs/troubleshooting.md quotes what the program says: every quotation is one that the program has just said here."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from bleak.backends.device import BLEDevice
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)
from bleak_retry_connector import BleakAbortedError, BleakOutOfConnectionSlotsError

from backstride.driver.discovery import Discovery
from backstride.driver.doctor.examination import examine
from backstride.driver.doctor.snapshot import Air as Listened
from backstride.driver.doctor.snapshot import Held, Snapshot, Switch
from backstride.driver.link import Link
from backstride.driver.radio import require_choice_of_adapter, translated
from backstride.driver.wire import Wire
from backstride.errors import MachineError
from backstride.machines.facts import load_facts
from backstride.simulator.memory import Air, MemoryClient
from tests.support.doctor import BUILT_IN, DONGLE, EVERY_SYSTEM, HEARD, LINUX, MACOS, bluez, heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANUAL = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
QUOTATIONS = re.findall(r"^> (.*)$", MANUAL, re.MULTILINE)
SOLE = "Sole F63"
ADDRESS = "AA:BB:CC:DD:EE:FF"
LEFT = Held(SOLE, ADDRESS, "hci0", in_use=False)


class Refusing(MemoryClient):
    """bleak where a connection is never made in time."""

    air: ClassVar[Air] = Air()

    async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: ANN401, ARG002, FBT001 - bleak's signature
        raise TimeoutError


def errors() -> Iterator[BaseException]:
    """Yield what bleak raises."""
    for reason in BleakBluetoothNotAvailableReason:
        yield BleakBluetoothNotAvailableError("", reason)
    for name, words in (
        ("org.freedesktop.DBus.Error.AccessDenied", "no"),
        ("org.freedesktop.DBus.Error.ServiceUnknown", "no"),
        ("org.bluez.Error.InProgress", "Operation already in progress"),
        ("org.freedesktop.DBus.Error.UnknownObject", "no"),
        ("org.bluez.Error.NotPermitted", "Not paired"),
    ):
        yield BleakDBusError(name, [words])
    yield BleakAbortedError("le-connection-abort-by-local")
    yield BleakOutOfConnectionSlotsError("full")
    yield BleakError("adapter 'hci1' not found")
    yield BleakError("Could not get GATT services: Access Denied")
    yield BleakError("Thread is configured for Windows GUI but callbacks are not working.")


def snapshots() -> Iterator[Snapshot]:
    """Yield computers in trouble."""
    yield from EVERY_SYSTEM
    for version in ((5, 54), (5, 64), (5, 66), (5, 87)):
        yield bluez(version=version)
    yield bluez(switches=(Switch("hci0", soft=True, hard=False),))
    yield bluez(switches=(Switch("tpacpi_bluetooth_sw", soft=False, hard=True),))
    yield bluez(held=(LEFT,))
    yield bluez(held=(replace(LEFT, in_use=True),))
    yield bluez(adapters=(BUILT_IN, DONGLE))
    yield replace(MACOS, host=replace(MACOS.host, release="12.1"))
    yield heard(name=SOLE, available=False)
    yield replace(LINUX, air=Listened(8.0, (replace(HEARD, name=SOLE, facts=load_facts("kingsmith-z1")),)))


async def refusals() -> list[str]:
    """Return what is said where nothing is found, and where nothing can be connected to."""
    discovery = Discovery(scanner=Air().scanner_backend)
    sole = BLEDevice(ADDRESS, SOLE, {"radio": None})
    link = Link(sole, Refusing, on_value=lambda _uuid, _value: None, on_lost=lambda _link: None, wire=Wire())
    said = []
    for attempt in (discovery.find(SOLE), discovery.find_any(), link.open(once_within=5)):
        with pytest.raises(MachineError) as refused:
            await attempt
        said.append(str(refused.value))
    return said


@pytest.fixture
def said(virtual_time: Callable[..., Any]) -> set[str]:
    """Everything that the program says of these troubles."""
    sentences = {str(translated(error)) for error in errors()}
    sentences |= {finding.meaning for snapshot in snapshots() for finding in examine(snapshot)}
    sentences |= set(virtual_time(refusals()))
    with pytest.raises(MachineError) as refused:
        require_choice_of_adapter("darwin")
    return sentences | {str(refused.value)}


def test_every_sentence_that_is_quoted_is_one_that_the_program_says(said: set[str]) -> None:
    assert len(QUOTATIONS) > 25
    assert not set(QUOTATIONS) - said


def test_every_reason_why_bluetooth_cannot_be_used_can_be_looked_up() -> None:
    missing = {
        str(translated(error)) for error in errors() if not isinstance(error, BleakBluetoothNotAvailableError)
    } - set(QUOTATIONS)
    assert not missing


def test_every_section_has_a_remedy_for_each_system_that_it_concerns() -> None:
    for section in MANUAL.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        if title.startswith(("macOS", "Windows")):
            continue
        remedies = " ".join(re.findall(r"\*\*(.*?):\*\*", body))
        assert "Any" in remedies or all(system in remedies for system in ("Linux", "macOS", "Windows")), title
