"""Finding treadmills on the air (facts 2; quirks, point 14)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from backstride.driver.discovery import Discovery
from backstride.driver.machine import Machine
from backstride.driver.reconnect import reconnect
from backstride.errors import NotFound
from backstride.machines.facts import ServiceDataForm
from backstride.simulator.memory import Air, MemoryClient
from backstride.simulator.memory_scanner import MemoryScanner
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.bench import altered, until

if TYPE_CHECKING:
    from collections.abc import Callable


def over(air: Air) -> Discovery:
    return Discovery(scanner=air.scanner_backend, client=air.client_backend)


def in_air(*models: str) -> tuple[Air, list[SimulatedTreadmill]]:
    air = Air()
    return air, [SimulatedTreadmill(model, air=air) for model in models]


def test_a_scan_lists_every_treadmill_the_nearest_first(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, treadmills = in_air("generic", "horizon-t202", "horizon-omega-z")
        for treadmill, rssi in zip(treadmills, (-80, -40, -60), strict=True):
            treadmill._radio.rssi = rssi  # noqa: SLF001 - where it stands in the room
        found = await over(air).scan()
        assert [item.address for item in found] == [treadmills[at].device.address for at in (1, 2, 0)]
        assert [item.name for item in found] == ["JFTM T202", None, "Generic treadmill"]
        assert [item.facts.id for item in found] == ["horizon-t202", "generic", "generic"]
        assert [item.known for item in found] == [True, False, False]
        assert all(item.is_treadmill for item in found)
        assert all(item.available for item in found)

    virtual_time(story())


def test_what_was_found_can_be_connected_to(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, (treadmill,) = in_air("fitshow-dbt-pad")
        found = await over(air).find("fs-5eed")
        async with Machine.connect(found) as machine:
            assert machine.facts.id == "fitshow-dbt-pad"
            assert machine.is_connected
        assert treadmill.peripheral.connections == []

    virtual_time(story())


@pytest.mark.parametrize("form", list(ServiceDataForm))
def test_service_data_of_any_form_is_enough(virtual_time: Callable[..., Any], form: ServiceDataForm) -> None:
    async def story() -> None:
        air = Air()
        treadmill = SimulatedTreadmill(altered(identity={"service_data": form}), air=air)
        found = await over(air).find_any()
        assert found.address == treadmill.device.address
        assert found.is_treadmill is (None if form is ServiceDataForm.ABSENT else True)

    virtual_time(story())


def test_an_address_ends_the_scan_at_once(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, (treadmill, _) = in_air("generic", "horizon-t202")
        found = await over(air).find(treadmill.device.address.lower())
        assert found.address == treadmill.device.address
        assert asyncio.get_running_loop().time() <= 1.0

    virtual_time(story())


def test_a_name_is_waited_for_a_second_longer(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, _ = in_air("generic", "horizon-t202")
        found = await over(air).find("jftm")
        assert found.name == "JFTM T202"
        assert asyncio.get_running_loop().time() <= 2.1

    virtual_time(story())


def test_a_nameless_machine_is_found_by_its_address(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, (treadmill,) = in_air("horizon-omega-z")
        found = await over(air).find(treadmill.device.address)
        assert found.name is None

    virtual_time(story())


def test_a_name_that_fits_two_machines_is_not_enough(virtual_time: Callable[..., Any]) -> None:
    """Nobody's belt is driven by mistake."""

    async def story() -> None:
        air, treadmills = in_air("ronning-x27-pro", "fitshow-dbt-pad")
        with pytest.raises(NotFound, match="Several treadmills called 'FS-'") as error:
            await over(air).find("FS-")
        assert all(treadmill.device.address in str(error.value) for treadmill in treadmills)

    virtual_time(story())


def test_a_machine_that_is_not_there_is_not_found(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, (treadmill,) = in_air("generic")
        treadmill.hide()
        began = asyncio.get_running_loop().time()
        with pytest.raises(NotFound, match="No treadmill called 'generic'"):
            await over(air).find("generic")
        assert asyncio.get_running_loop().time() - began == pytest.approx(8.0, abs=0.01)
        with pytest.raises(NotFound, match="No treadmill is in reach"):
            await over(air).find_any()

    virtual_time(story())


def test_any_of_several_must_be_named(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, treadmills = in_air("horizon-t202", "horizon-omega-z")
        with pytest.raises(NotFound, match="Several treadmills") as error:
            await over(air).find_any()
        assert "JFTM T202" in str(error.value)
        assert treadmills[1].device.address in str(error.value)

    virtual_time(story())


def test_a_machine_that_advertises_late_is_heard(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, (treadmill,) = in_air("generic")
        treadmill.hide()
        asyncio.get_running_loop().call_later(5, treadmill.show)
        assert (await over(air).find("Generic")).address == treadmill.device.address

    virtual_time(story())


def test_the_same_machine_is_yielded_again_only_when_more_is_known(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, _ = in_air("generic")
        assert len([item async for item in over(air).watch(5)]) == 1

    virtual_time(story())


class BrokenScanner(MemoryScanner):
    """A scanner on a computer whose Bluetooth does not work."""

    air = Air()
    error: ClassVar[BaseException]

    async def start(self) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BleakBluetoothNotAvailableError("off", BleakBluetoothNotAvailableReason.POWERED_OFF), "switched off"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["no such name"]), "start BlueZ"),
        (FileNotFoundError("/run/dbus/system_bus_socket"), "start BlueZ"),
    ],
)
def test_bluetooth_that_does_not_work_is_one_sentence(
    virtual_time: Callable[..., Any], error: BaseException, words: str
) -> None:
    async def story() -> None:
        BrokenScanner.error = error
        discovery = Discovery(scanner=BrokenScanner)
        for search in (discovery.scan(1), discovery.find("X", 1), discovery.find_any(1)):
            with pytest.raises(NotFound, match=words):
                await search

    virtual_time(story())


class HangingScanner(MemoryScanner):
    """A scanner on a computer whose Bluetooth service hangs."""

    air = Air()

    async def start(self) -> None:
        await asyncio.Event().wait()


def test_a_scan_that_does_not_begin_is_given_up(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        with pytest.raises(Exception, match="did not answer in time"):
            await Discovery(scanner=HangingScanner).scan()
        assert asyncio.get_running_loop().time() == pytest.approx(10, abs=0.1)

    virtual_time(story())


class ChosenScanner(MemoryScanner):
    """bleak on BlueZ, which has two adapters; only ``hci1`` hears anything."""

    air: ClassVar[Air]
    used: ClassVar[list[str | None]] = []

    def __init__(self, *args: Any, bluez: dict[str, str], **kwargs: Any) -> None:  # noqa: ANN401 - bleak's signature
        super().__init__(*args, **kwargs)
        self.adapter = bluez.get("adapter")

    async def start(self) -> None:
        self.used.append(self.adapter)
        if self.adapter not in {None, "hci0", "hci1"}:
            raise BleakError(f"adapter '{self.adapter}' not found")
        if self.adapter == "hci1":
            await super().start()

    async def stop(self) -> None:
        if self.adapter == "hci1":
            await super().stop()


class ChosenClient(MemoryClient):
    """The same for its connections."""

    air: ClassVar[Air]
    used: ClassVar[list[str | None]] = []

    def __init__(self, *args: Any, bluez: dict[str, str], winrt: dict[str, bool], **kwargs: Any) -> None:  # noqa: ANN401 - bleak's signature
        super().__init__(*args, **kwargs)
        self.used.append(bluez.get("adapter"))
        assert winrt == {"use_cached_services": False}  # Windows would go by the table of an older firmware


def test_a_chosen_adapter_scans_connects_and_listens_for_a_lost_machine(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        air, (treadmill,) = in_air("generic")
        ChosenScanner.air = ChosenClient.air = air
        ChosenScanner.used.clear()
        ChosenClient.used.clear()
        with pytest.raises(NotFound, match="No treadmill is in reach"):
            await Discovery(scanner=ChosenScanner, client=ChosenClient).find_any()
        found = await Discovery(scanner=ChosenScanner, client=ChosenClient, adapter="hci1").find_any()
        async with Machine.connect(found) as machine:
            treadmill.drop_link(out_of_reach_for=20)
            await until(lambda: not machine.is_connected)
            await reconnect(machine)
            assert machine.is_connected
        assert ChosenScanner.used[:2] == [None, "hci1"]
        assert set(ChosenScanner.used[1:]) == {"hci1"}
        assert len(ChosenScanner.used) > 2
        assert set(ChosenClient.used) == {"hci1"}

    virtual_time(story())


def test_an_adapter_that_is_not_there_is_named(virtual_time: Callable[..., Any]) -> None:
    async def story() -> None:
        ChosenScanner.air = Air()
        with pytest.raises(NotFound, match="no Bluetooth adapter 'hci7'"):
            await Discovery(scanner=ChosenScanner, adapter="hci7").scan()

    virtual_time(story())
