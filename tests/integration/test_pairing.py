"""From `backstride` to a walk, in virtual time: real bleak on both ends of the air, typed keys, and the screen."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason
from rich.console import Console

from backstride.apps.cli.ears import ROUND, TRIES_AGAIN_AFTER
from backstride.apps.cli.interruption import Interruption
from backstride.apps.cli.pairing import Pairing
from backstride.apps.cli.sighting import BUSY, QUIET, REFUSES
from backstride.apps.cli.wizard import ADVICE_AFTER, LOOKS_FOR
from backstride.apps.cli.wizard_screen import draw
from backstride.apps.config import RememberedMachine, load_settings
from backstride.driver.discovery import Discovery
from backstride.simulator.memory import Air, MemoryClient
from backstride.simulator.memory_scanner import MemoryScanner
from backstride.simulator.treadmill import SimulatedTreadmill
from tests.support.bench import starts

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from backstride.apps.cli.keys import Key
    from backstride.apps.config import Settings

    Story = Callable[[Coroutine[Any, Any, Any]], Any]

WITHIN = 30.0
"""Seconds of virtual time for anything to be shown."""


@dataclass
class Person:
    """Somebody at a terminal of 80 by 24: types, and reads the screen."""

    pairing: Pairing
    running: asyncio.Task[int]
    keys: list[Callable[[Key | str], None]] = field(default_factory=list)

    @property
    def screen(self) -> str:
        loop, wizard = asyncio.get_running_loop(), self.pairing._wizard  # noqa: SLF001 - the live screen draws the same
        out = Console(file=(text := StringIO()), width=80, height=24, color_system=None)
        out.print(draw(wizard, loop.time(), 80, 24))
        return " ".join(text.getvalue().split())

    async def type(self, *keys: Key | str) -> None:
        for key in keys:
            for one in key if isinstance(key, str) else (key,):
                self.keys[0](one)
        await asyncio.sleep(0)

    async def sees(self, text: str, within: float = WITHIN) -> float:
        """Wait until `text` is shown; return the instant."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + within
        while text not in self.screen:
            assert loop.time() < ends, f"{text!r} was never shown: {self.screen}"
            assert not self.running.done(), self.running.result()
            await asyncio.sleep(0.05)
        return loop.time()

    async def leaves(self) -> int:
        return await asyncio.wait_for(self.running, WITHIN)


@contextlib.asynccontextmanager
async def at_the_terminal(settings: Settings, radio: Discovery, *, simulated: bool = False) -> Any:  # noqa: ANN401
    out = Console(file=StringIO(), width=80, height=24, force_terminal=True)
    pairing = Pairing(settings, radio, out, Interruption.of_task(None), simulated=simulated, launched=None)
    keys: list[Callable[[Key | str], None]] = []

    @contextlib.contextmanager
    def keyboard(pressed: Callable[[Key | str], None], _gone: Callable[[], None]) -> Iterator[None]:
        keys[:] = [pressed]
        yield

    pairing.keyboard = keyboard
    running = asyncio.get_running_loop().create_task(pairing.run())
    await asyncio.sleep(0)
    try:
        yield Person(pairing, running, keys)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def over(air: Air, *, real: bool = True) -> Discovery:
    """Return a scanner of `air` whose treadmills say of themselves that they are `real`."""
    client: type[MemoryClient] = type("Client", (air.client_backend,), {"simulated": not real})
    return Discovery(scanner=air.scanner_backend, client=client)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "settings.toml", environ={}, records=tmp_path / "records")


def known(settings: Settings, **machines: SimulatedTreadmill) -> Settings:
    met = {name: RememberedMachine(address=one.address) for name, one in machines.items()}
    return settings.model_copy(update={"machines": met})


def saved(settings: Settings) -> Settings:
    return load_settings(settings.file, environ={})


def test_a_new_treadmill_is_found_looked_at_named_and_remembered(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        SimulatedTreadmill("generic", air=air)
        z1 = SimulatedTreadmill("kingsmith-z1", air=air)
        async with at_the_terminal(settings, over(air)) as person:
            await person.sees("Generic treadmill")
            await person.sees("KingSmith WalkingPad Z1; locked, unless its maker's app has opened it")
            at = person.pairing._wizard.heard.choice.lines.index(z1.address) + 1  # noqa: SLF001 - its number on the screen
            await person.type(str(at), "\r")
            await person.sees("in steps of")
            assert "Locked" in person.screen
            await person.type("\r")
            await person.sees("Name:")
            await person.type('My "pad" \N{GRINNING FACE}', "\r")
            await person.sees('Ready: My "pad" \N{GRINNING FACE}. Which session?')
            assert len(z1.peripheral.connections) == 1
            await person.type("q")
            assert await person.leaves() == 0
        assert z1.peripheral.connections == []
        assert starts(z1) == 0
        remembered = saved(settings).machines['My "pad" \N{GRINNING FACE}']
        assert (remembered.address, remembered.model) == (z1.address, "kingsmith-z1")
        assert (remembered.advertised, remembered.simulated) == (z1.name, False)

    virtual_time(story())


def test_the_remembered_treadmill_is_ready_within_5_s_without_a_key_and_without_a_name(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        SimulatedTreadmill("generic", air=air)
        omega = SimulatedTreadmill("horizon-omega-z", air=air)
        assert omega.name is None
        async with at_the_terminal(known(settings, Cellar=omega), over(air)) as person:
            assert "Looking for your treadmill" in person.screen
            assert await person.sees("Ready: Cellar") <= 5.0
            assert omega.peripheral.connections != []

    virtual_time(story())


class Bare(MemoryScanner):
    """Hears no services in advertisements, as some systems do (demands 119)."""

    def call_detection_callbacks(self, device: Any, advertisement_data: Any) -> None:  # noqa: ANN401
        bare = advertisement_data._replace(service_uuids=[], service_data={}, local_name=None)
        super().call_detection_callbacks(device, bare)


def test_the_remembered_treadmill_is_known_by_its_address_alone(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        SimulatedTreadmill("sole-f85", air=air)
        generic = SimulatedTreadmill("generic", air=air)
        deaf = Discovery(scanner=type("Scanner", (Bare,), {"air": air}), client=air.client_backend)
        async with at_the_terminal(known(settings, Cellar=generic), deaf) as person:
            await person.sees("Ready: Cellar")

    virtual_time(story())


def test_a_key_while_it_is_looked_for_lists_the_others_and_it_is_not_connected_to(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        mine, other = SimulatedTreadmill("generic", air=air), SimulatedTreadmill("sole-f85", air=air)
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            await person.type(" ")
            await person.sees("1 Cellar yours")
            await person.sees("2 F85")
            await asyncio.sleep(30)
            assert mine.peripheral.connections == []
            await person.type("2", "\r")
            await person.sees("in steps of")
            assert len(other.peripheral.connections) == 1

    virtual_time(story())


def test_a_remembered_treadmill_that_is_switched_on_late_is_connected_to_when_it_comes(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("generic", air=air)
        mine.hide()
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            await person.sees("Treadmills in reach", LOOKS_FOR + 1)
            await asyncio.sleep(40)
            mine.show()
            await person.sees("Ready: Cellar", 5)

    virtual_time(story())


def test_of_several_remembered_ones_the_settings_choose_and_else_the_one_seen_last(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        one, two = SimulatedTreadmill("generic", air=air), SimulatedTreadmill("sole-f85", air=air)
        both = known(settings, One=one, Two=two)
        async with at_the_terminal(both.model_copy(update={"device": "two"}), over(air)) as person:
            await person.sees("Ready: Two")
        async with at_the_terminal(
            both.model_copy(update={"machines": {**both.machines, **saved(settings).machines}}),
            over(air),
        ) as person:
            await person.sees("Ready: Two")

    virtual_time(story())


# --- what goes wrong, and the list that goes on


class SwitchedOff(MemoryScanner):
    """Bluetooth that is switched off until it is switched on."""

    on: ClassVar[bool] = False

    async def start(self) -> None:
        if not self.on:
            raise BleakBluetoothNotAvailableError("off", BleakBluetoothNotAvailableReason.POWERED_OFF)
        await super().start()


def test_bluetooth_that_is_off_is_said_and_once_it_is_on_the_list_fills(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()

        class Scanner(SwitchedOff):
            pass

        Scanner.air = air
        async with at_the_terminal(settings, Discovery(scanner=Scanner, client=air.client_backend)) as person:
            await person.sees("Bluetooth is switched off; switch it on and try again.")
            assert "`backstride doctor` tells more. Try it without a treadmill: s" in person.screen
            await asyncio.sleep(60)
            assert "Bluetooth is switched off" in person.screen
            Scanner.on = True
            began = asyncio.get_running_loop().time()
            await person.sees("Switch the treadmill on")
            SimulatedTreadmill("sole-f85", air=air)
            assert await person.sees("Sole F85") - began <= TRIES_AGAIN_AFTER + 3

    virtual_time(story())


def test_an_adapter_that_is_pulled_out_is_said_and_heard_through_again_when_it_is_back(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        SimulatedTreadmill("sole-f85", air=air)
        async with at_the_terminal(settings, over(air)) as person:
            await person.sees("Sole F85")
            air.lose_adapter()
            await person.sees("This computer has no Bluetooth adapter", ROUND + 1)
            assert "Sole F85" in person.screen
            air.find_adapter()
            await asyncio.sleep(TRIES_AGAIN_AFTER + 2)
            assert "no Bluetooth adapter" not in person.screen

    virtual_time(story())


def test_without_bluetooth_s_tries_it_on_a_simulated_treadmill(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        air.lose_adapter()
        async with at_the_terminal(settings, over(air)) as person:
            await person.sees("This computer has no Bluetooth adapter")
            await person.type("s")
            await person.sees("1 Generic treadmill")
            await person.type("\r")
            await person.sees("There is no watchdog for a simulated treadmill")
        assert saved(settings).machines["Generic treadmill"].simulated

    virtual_time(story())


def test_a_treadmill_that_says_it_is_in_use_is_busy_in_the_list(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        SimulatedTreadmill("generic", air=air)

        class InUse(MemoryScanner):
            def call_detection_callbacks(self, device: Any, advertisement_data: Any) -> None:  # noqa: ANN401
                (service,) = advertisement_data.service_data
                busy = advertisement_data._replace(service_data={service: b"\x00\x01\x00"})
                super().call_detection_callbacks(device, busy)

        radio = Discovery(scanner=type("Scanner", (InUse,), {"air": air}), client=air.client_backend)
        async with at_the_terminal(settings, radio) as person:
            await person.sees(BUSY)

    virtual_time(story())


def test_a_remembered_treadmill_is_connected_to_once_the_app_that_holds_it_lets_go(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("yesoul-w2-pro", air=air)  # takes one client, and is silent while it has one
        other = mine.peripheral.connect(mtu=23, encrypted=False)
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            await person.sees("Usually it is one of these", ADVICE_AFTER + 2)
            mine.peripheral.disconnect(other)
            await person.sees("Ready: Cellar", 5)

    virtual_time(story())


class Refusing(MemoryClient):
    """A machine that is heard and does not answer connection requests."""

    refuses: ClassVar[bool] = True

    async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: ANN401, FBT001 - bleak's signature
        if self.refuses:
            await asyncio.sleep(1)
            raise TimeoutError
        await super().connect(pair, **kwargs)


def test_a_treadmill_that_is_heard_and_refuses_is_marked_and_can_be_chosen_again(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("generic", air=air)

        class Client(Refusing):
            pass

        Client.air = air
        radio = Discovery(scanner=air.scanner_backend, client=Client)
        async with at_the_terminal(known(settings, Cellar=mine), radio) as person:
            await person.sees(REFUSES, 60)
            assert "Cellar: The treadmill is not in reach, or no longer advertising" in person.screen
            assert "`backstride doctor` tells more." in person.screen
            Client.refuses = False
            await asyncio.sleep(20)
            assert mine.peripheral.connections == []
            await person.type("\r")
            await person.sees("Ready: Cellar")
            assert REFUSES not in person.screen

    virtual_time(story())


def test_an_attempt_that_hangs_can_be_given_up_and_another_treadmill_chosen(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        mine, other = SimulatedTreadmill("generic", air=air), SimulatedTreadmill("sole-f85", air=air)
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            mine.latency = 20.0
            await person.sees("Connecting to Cellar")
            await person.type("x")
            await person.sees("2 F85")
            await person.type("2", "\r")
            await person.sees("Sole F85 (2023)")
            await person.sees("in steps of")
            assert len(other.peripheral.connections) == 1
            assert mine.peripheral.connections == []
            await person.type("q")
            assert await person.leaves() == 0

    virtual_time(story())


def test_who_changes_their_mind_while_an_attempt_is_given_up_gets_no_treadmill(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("generic", air=air)
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            mine.latency = 20.0
            await person.sees("Connecting to Cellar")
            await person.type("x", "\r", "x")
            mine.latency = 0.01
            await asyncio.sleep(30)
            assert "Treadmills in reach" in person.screen
            assert mine.peripheral.connections == []

    virtual_time(story())


def test_who_changes_their_mind_before_the_attempt_has_begun_gets_no_treadmill_either(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        one = SimulatedTreadmill("generic", air=air)
        async with at_the_terminal(settings, over(air)) as person:
            await person.sees("1 Generic treadmill")
            await person.type("\rx")
            await asyncio.sleep(30)
            assert "Treadmills in reach" in person.screen
            assert one.peripheral.connections == []
            await person.type("\r")
            await person.sees("in steps of")

    virtual_time(story())


def test_b_lets_go_of_a_connected_treadmill_and_breaks_nothing_off(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        mine, other = SimulatedTreadmill("generic", air=air), SimulatedTreadmill("sole-f85", air=air)
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            await person.sees("Ready: Cellar")
            meeting = person.pairing._meeting  # noqa: SLF001 - what is broken off looks the same from outside
            assert meeting is not None
            await person.type("b")
            await person.sees("2 F85")
            assert mine.peripheral.connections == []
            assert meeting.done()
            assert not meeting.cancelled()
            await person.type("2\r")
            await person.sees("in steps of")
            await person.type("b\rx")
            await asyncio.sleep(30)
            assert "Treadmills in reach" in person.screen
            assert other.peripheral.connections == []

    virtual_time(story())


def test_a_treadmill_that_is_heard_while_the_simulated_one_is_wanted_is_not_connected_to(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        real = SimulatedTreadmill("sole-f85", air=air)
        async with at_the_terminal(settings, over(air)) as person:
            await person.sees("1 F85")
            (found,) = person.pairing._found.values()  # noqa: SLF001 - what the radio says once more
            person.keys[0]("s")
            person.pairing.hear(found)
            person.keys[0]("\r")
            await person.sees("1 Generic treadmill")
            assert "F85" not in person.screen
            assert real.peripheral.connections == []

    virtual_time(story())


def test_a_fault_of_the_program_while_it_listens_is_not_swallowed(virtual_time: Story, settings: Settings) -> None:
    class Broken(MemoryScanner):
        def call_detection_callbacks(self, device: Any, advertisement_data: Any) -> None:  # noqa: ANN401
            super().call_detection_callbacks(device, advertisement_data._replace(rssi="loud"))

    async def story() -> None:
        air = Air()
        SimulatedTreadmill("generic", air=air)
        Broken.air = air
        async with at_the_terminal(settings, Discovery(scanner=Broken, client=air.client_backend)) as person:
            with pytest.raises(TypeError):
                await asyncio.wait_for(person.running, WITHIN)

    virtual_time(story())


def test_q_while_connecting_leaves_at_once(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("generic", air=air)
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            mine.latency = 20.0
            await person.sees("Connecting to Cellar")
            began = asyncio.get_running_loop().time()
            await person.type("q")
            assert await person.leaves() == 0
            assert asyncio.get_running_loop().time() - began <= 2

    virtual_time(story())


def test_a_link_that_is_lost_while_the_sessions_are_shown_leads_back_to_the_list(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("generic", air=air)
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            await person.sees("Ready: Cellar")
            mine.drop_link()
            await person.sees("Cellar: The connection to the treadmill was lost. Choose it again.")
            await person.sees("1 Cellar yours")
            await person.type("\r")
            await person.sees("Ready: Cellar")
            assert "lost" not in person.screen

    virtual_time(story())


def test_a_treadmill_that_falls_silent_stays_in_the_list_and_is_said_to_be_silent(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        one = SimulatedTreadmill("generic", air=air)
        SimulatedTreadmill("sole-f85", air=air)
        async with at_the_terminal(settings, over(air)) as person:
            await person.sees("Generic treadmill")
            one.power_off()
            await person.sees(f"unknown model; {QUIET}", 2 * ROUND + 1)
            one.power_on()
            await asyncio.sleep(ROUND + 1.5)
            assert QUIET not in person.screen

    virtual_time(story())


def test_where_nothing_is_heard_it_is_said_what_is_usually_the_matter(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        async with at_the_terminal(settings, over(Air())) as person:
            began = asyncio.get_running_loop().time()
            assert await person.sees("Usually it is one of these", ADVICE_AFTER + 2) - began >= ADVICE_AFTER - 0.1

    virtual_time(story())


def test_a_device_that_is_no_treadmill_is_said_to_be_none(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        strap = SimulatedTreadmill("generic", air=air, name="Strap")
        strap.peripheral.services = ()  # a peripheral of another kind
        async with at_the_terminal(settings, over(air)) as person:
            await person.sees("1 Strap")
            await person.type("\r")
            await person.sees("Strap: ")
            assert "Treadmills in reach" in person.screen
            assert REFUSES not in person.screen

    virtual_time(story())


def test_a_machine_file_that_is_gone_is_said_to_be(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("generic", air=air)
        machines = {"Cellar": RememberedMachine(address=mine.address, model="gone.toml")}
        async with at_the_terminal(settings.model_copy(update={"machines": machines}), over(air)) as person:
            await person.sees("Cellar: There is no machine file 'gone.toml'")

    virtual_time(story())


def test_a_machine_file_of_one_s_own_is_not_read_at_every_advertisement(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("generic", air=air)
        own = settings.file.parent / "own.toml"
        own.write_text('model = "Own Make"\nsummary = "Mine."\n')
        machines = {"Cellar": RememberedMachine(address=mine.address, model=str(own))}
        async with at_the_terminal(settings.model_copy(update={"machines": machines}), over(air)) as person:
            own.unlink()  # whoever listens has it in mind
            await person.type(" ")
            await person.sees("1 Cellar yours")
            await asyncio.sleep(2 * ROUND)
            assert "Own Make" in person.screen

    virtual_time(story())


# --- names, notice, walk


def test_what_a_treadmill_cannot_run_is_said_in_plain_words_and_what_to_do_if_that_is_everything(
    virtual_time: Story, settings: Settings
) -> None:
    async def story() -> None:
        air = Air()
        pad = SimulatedTreadmill("kingsmith-z1", air=air)
        async with at_the_terminal(known(settings, Pad=pad), over(air)) as person:
            await person.sees("Ready: Pad")
            assert "None of these sessions fits this treadmill as it is written" in person.screen
            assert "0.50 mph is outside what this machine can do, 0.99 mph to 3.98 mph." in person.screen
            assert "steps[" not in person.screen
            await person.type("\r")
            assert "Which session?" in person.screen

    virtual_time(story())


def test_settings_that_cannot_be_written_lose_nothing_of_the_session(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        SimulatedTreadmill("generic", air=air)
        settings.file.parent.joinpath("no-folder").touch()
        lost = settings.model_copy(update={"file": settings.file.parent / "no-folder" / "settings.toml"})
        async with at_the_terminal(lost, over(air)) as person:
            await person.sees("1 Generic treadmill")
            await person.type("\r")
            await person.sees("The treadmill is not remembered: Cannot read the settings")
            await person.type("\r", "Cellar", "\r")
            await person.sees("Ready: Cellar")
            assert "The name holds for now, and is forgotten when you leave" in person.screen

    virtual_time(story())


def test_a_name_that_another_treadmill_has_is_asked_for_again(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        mine, new = SimulatedTreadmill("generic", air=air), SimulatedTreadmill("sole-f85", air=air)
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            await person.type(" ")
            await person.sees("2 F85")
            await person.type("2", "\r")
            await person.sees("in steps of")
            await person.type("\r", "CELLAR", "\r")
            await person.sees("Another treadmill is called 'Cellar' already.")
            await person.type(" 2", "\r")
            await person.sees("Ready: CELLAR 2")
        assert saved(settings).name_at(new.address) == "CELLAR 2"

    virtual_time(story())


def test_s14_s1_a_real_treadmill_starts_only_after_the_notice(
    virtual_time: Story, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("generic", air=air)
        async with at_the_terminal(known(settings, Cellar=mine), over(air)) as person:
            await person.sees("▸ 4 First steps")
            await person.type("\r")
            await person.sees("First steps on Cellar")
            await person.type("\r")
            await person.sees("not an emergency stop, and not a medical device")
            await person.type("no", "\r")
            await person.sees("The notice was not acknowledged")
            await asyncio.sleep(30)
            assert starts(mine) == 0
            assert saved(settings).notice_acknowledged is None
            await person.type("\r", "\r", "yes", "\r")
            await asyncio.sleep(1)
            assert saved(settings).notice_acknowledged is not None
            person.running.cancel()
            await asyncio.gather(person.running, return_exceptions=True)
        assert mine.belt.standing

    virtual_time(story())
    capsys.readouterr()


def test_the_session_walked_last_has_the_cursor_and_own_profiles_are_offered(
    virtual_time: Story, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        air = Air()
        SimulatedTreadmill("generic", air=air)
        own = settings.file.parent / "profiles"
        own.mkdir()
        (own / "mine.yaml").write_text(
            "name: Mine\nsummary: My own minute.\nfacing: backward\nsteps:\n  - steady: {for: 60 s, speed: 0.5 mph}\n"
        )
        (own / "broken.yaml").write_text("steps: 3\n")
        async with at_the_terminal(settings, over(air, real=False), simulated=True) as person:
            await person.sees("1 Generic treadmill")
            await person.type("\r")
            await person.sees("in steps of")
            await person.type("\r", "\r")
            await person.sees("2 Mine 1:00")
            assert "1 broken not on this machine" in person.screen
            await person.type("2", "\r", "\r")
            assert await person.running == 0
        async with at_the_terminal(
            saved(settings).model_copy(update={"records": settings.records}), over(air, real=False), simulated=True
        ) as person:
            await person.sees("▸ 2 Mine 1:00")

    virtual_time(story())
    assert "Finished" in capsys.readouterr().out


def test_a_walk_that_cannot_be_recorded_leads_back_to_the_sessions(virtual_time: Story, settings: Settings) -> None:
    async def story() -> None:
        air = Air()
        mine = SimulatedTreadmill("generic", air=air)
        settings.file.parent.joinpath("no-folder").touch()
        lost = settings.model_copy(update={"records": settings.file.parent / "no-folder" / "records"})
        async with at_the_terminal(known(lost, Cellar=mine), over(air, real=False)) as person:
            await person.sees("Ready: Cellar")
            await person.type("\r", "\r")
            await person.sees("Cannot ")
            assert "Which session?" in person.screen
            assert starts(mine) == 0

    virtual_time(story())
