"""From `backstride` to a walk: radio, keys and screen brought together around the wizard (wizard.py)."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Final

from backstride.apps.cli import keys, wizard_screen
from backstride.apps.cli.ears import listen, simulated_radio
from backstride.apps.cli.interruption import Interruption
from backstride.apps.cli.offers import last_walked, offers_for
from backstride.apps.cli.portrait import plain_rows
from backstride.apps.cli.sighting import sighted
from backstride.apps.cli.target import Target, facts_at, favourites, met, remembered_facts
from backstride.apps.cli.terminal import whole_screen
from backstride.apps.cli.walking import GuidedWalk, Wish, guided_walk
from backstride.apps.cli.wizard import Acknowledge, CallIt, Connect, Leave, Quit, Simulate, Walk, Welcome, Wizard
from backstride.apps.config import acknowledge_notice, call_machine, called_so, name_fault, remember_machine
from backstride.driver.events import LinkLost, MachineEvent
from backstride.driver.machine import Machine
from backstride.errors import BackstrideError, ConfigError, Disconnected, MachineError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from rich.console import Console, RenderableType

    from backstride.apps.cli.keys import Key
    from backstride.apps.cli.wizard import Act
    from backstride.apps.config import Settings
    from backstride.driver.discovery import Discovery, Found

    Keyboard = Callable[[Callable[[Key | str], None], Callable[[], None]], AbstractContextManager[object]]

_FIRST_SESSION: Final = "first-steps"

FRAME: Final = 0.25
"""Seconds between two looks at the clock."""


def keyboard(pressed: Callable[[Key | str], None], gone: Callable[[], None]) -> AbstractContextManager[object]:
    """Call `pressed` with each key that is typed at the terminal during the block, and `gone` if it goes away."""
    return keys.listening(asyncio.get_running_loop(), pressed, gone, keys.Typist().read)


async def pair(
    settings: Settings, radio: Discovery, out: Console, *, simulated: bool = False, launched: float | None = None
) -> int:
    """Find a treadmill, make its acquaintance, and walk on it; return the exit code.

    Args:
        settings: The settings.
        radio: What hears treadmills.
        out: The terminal.
        simulated: Whether what the radio hears is simulated.
        launched: Instant of the loop's clock at which the program began, to show how long it took; None shows nothing.

    Raises:
        BackstrideError: The walk could not begin, or was broken off.
    """
    interruption = Interruption.of_task(asyncio.current_task())
    with interruption.listening(asyncio.get_running_loop()):
        pairing = Pairing(settings, radio, out, interruption, simulated=simulated, launched=launched)
        try:
            return await pairing.run()
        except asyncio.CancelledError:
            if interruption.number is None:
                raise
            with contextlib.suppress(OSError):  # the terminal may be what has gone
                sys.stderr.write("backstride: Interrupted. Nothing has moved.\n")
            return interruption.exit_code


class Pairing:
    """One way from the start of the program to a walk.

    Args:
        interruption: Tells of signals; the others are those of `pair`.

    Attributes:
        keyboard: Where keys come from.
    """

    def __init__(
        self,
        settings: Settings,
        radio: Discovery,
        out: Console,
        interruption: Interruption,
        *,
        simulated: bool,
        launched: float | None,
    ) -> None:
        self.keyboard: Keyboard = keyboard
        self._loop = asyncio.get_running_loop()
        self._settings = settings
        self._remembered = remembered_facts(settings)
        self._radio = radio
        self._simulated = simulated
        self._interruption = interruption
        self._launched = launched
        self._aside = ""
        self._found: dict[str, Found] = {}
        self._acts: asyncio.Queue[Act | Disconnected] = asyncio.Queue()
        self._wizard = Wizard(favourites(settings, simulated=simulated), self._loop.time())
        self._meeting: asyncio.Task[int | None] | None = None
        self._converses = False  # with a connected treadmill that is not to be let go of yet
        self._terminal = contextlib.ExitStack()
        self._out = out
        self._live = whole_screen(out, self._draw)

    async def run(self) -> int:
        """Go all the way; return the exit code."""
        clock = self._loop.create_task(self._keep_time())
        try:
            with self._terminal as terminal:
                terminal.callback(self._give_screen_back)
                self._live.start()
                terminal.enter_context(self.keyboard(self._pressed, self._interruption.close_terminal))
                terminal.callback(clock.cancel)
                while True:
                    match await self._listen(clock):
                        case Connect(address) if address in self._found:
                            code = await self._meet(self._found[address])
                            if code is not None:
                                return code
                        case Simulate():
                            self._radio, self._simulated = simulated_radio(("generic",)), True
                            self._found.clear()
                            self._wizard.listen_anew(self._loop.time())
                        case Quit():
                            return 0
                        case _:
                            pass
        finally:
            clock.cancel()

    # --- listening

    async def _listen(self, clock: asyncio.Task[None]) -> Act | Disconnected:
        """Listen to the air until there is something to do."""
        known = [one.address for one in self._settings.machines.values()]
        listening = self._loop.create_task(listen(self._radio, known, self))
        wanted = self._loop.create_task(self._acts.get())
        try:
            done, _ = await asyncio.wait({wanted, listening, clock}, return_when=asyncio.FIRST_COMPLETED)
            for failed in done - {wanted}:  # neither ends by itself
                await failed
            return wanted.result()
        finally:
            listening.cancel()
            wanted.cancel()
            await asyncio.gather(listening, wanted, return_exceptions=True)

    def hear(self, found: Found) -> None:
        """Take a treadmill that was heard, or of which more is known."""
        self._found[found.address] = found
        self._do(self._wizard.hear(sighted(found, self._settings, self._remembered), self._loop.time()))
        self._refresh()

    def end_round(self) -> None:
        """Take note that a whole round of listening is over."""
        self._wizard.heard.end_round()

    def listens(self) -> None:
        """Take note that Bluetooth is there."""
        self._wizard.heard.listens(self._loop.time())

    def deaf(self, sentence: str) -> None:
        """Take note that Bluetooth is not to be had, and why."""
        self._wizard.deaf(sentence)
        self._refresh()

    # --- one treadmill

    async def _meet(self, found: Found) -> int | None:
        """Connect, and go on to the walk; None if the person wants another treadmill, or this one is not to be had."""
        self._meeting = self._loop.create_task(self._get_acquainted(found))
        try:
            await asyncio.wait({self._meeting})
            return None if self._meeting.cancelled() else self._meeting.result()
        finally:
            meeting, self._meeting = self._meeting, None
            if not meeting.done():
                meeting.cancel()
                await asyncio.wait({meeting})

    async def _get_acquainted(self, found: Found) -> int | None:
        walking = False
        refused = True
        try:
            called = self._settings.name_at(found.address)
            facts = facts_at(self._settings, found.address)
            console = self._settings.console_of(found.address)
            async with Machine.connect(found, facts=facts, console=console, called=called) as machine:
                refused, self._converses = False, True
                machine.on_event(self._machine_said)
                self._welcome(machine, is_new=called is None)
                self._refresh()
                guided = await self._converse(machine)
                if not isinstance(guided, GuidedWalk):
                    return guided
                self._terminal.close()
                walking = True
                return await guided.run()
        except (MachineError, ConfigError) as error:
            if walking:
                raise
            self._lost(error, found, refused=refused and isinstance(error, Disconnected | NotFound))
            return None
        finally:
            self._converses = False

    def _welcome(self, machine: Machine, *, is_new: bool) -> None:
        trouble = ""
        try:
            self._settings = remember_machine(self._settings, machine.name, met(self._settings, machine))
        except ConfigError as error:
            trouble = f"The treadmill is not remembered: {error}"
            self._settings = called_so(self._settings, machine.name, met(self._settings, machine))
        self._remembered = remembered_facts(self._settings)
        address = machine.identity.address
        last = last_walked(self._settings, simulated=machine.is_simulated)
        self._wizard.connected(
            Welcome(
                name=self._settings.name_at(address) or machine.name,
                portrait=tuple(plain_rows(machine, self._settings.units)),
                offers=offers_for(machine, self._settings, last),
                preferred=last or _FIRST_SESSION,
                is_new=is_new,
                needs_notice=not machine.is_simulated and self._settings.notice_acknowledged is None,
                fault_of=lambda name: name_fault(self._settings, name, address),
            )
        )
        self._wizard.trouble = trouble
        if self._launched is not None and not self._aside:
            self._aside = f"ready after {self._loop.time() - self._launched:.1f} s"

    async def _converse(self, machine: Machine) -> GuidedWalk | int | None:
        """Answer what the person wants of a treadmill; return the walk, an exit code, or None to let it go."""
        while True:
            match await self._acts.get():
                case Walk(reference):
                    wish = Wish(profile=reference, target=Target(wanted=machine.identity.address), paged=True)
                    try:
                        return guided_walk(machine, wish, self._settings, self._interruption)
                    except BackstrideError as error:  # the records' folder, or a profile that was changed meanwhile
                        self._wizard.not_walked(str(error))
                case Quit():
                    return 0
                case Leave():
                    return None
                case CallIt(name):
                    self._call(machine, name)
                case Acknowledge():
                    self._do(self._wizard.acknowledged(self._acknowledge()))
                case Disconnected() as loss:
                    raise loss
                case _:
                    pass
            self._refresh()

    def _call(self, machine: Machine, name: str) -> None:
        """Call the treadmill so from now on; a name that cannot be saved holds as long as the program runs."""
        remembered, trouble = met(self._settings, machine), ""
        try:
            self._settings = call_machine(self._settings, name, remembered)
        except ConfigError as error:
            trouble = f"The name holds for now, and is forgotten when you leave: {error}"
            self._settings = called_so(self._settings, name, remembered)
        machine.called = name
        self._wizard.called(name, trouble)

    def _acknowledge(self) -> str:
        try:
            self._settings = acknowledge_notice(self._settings, datetime.now().astimezone().date())
        except ConfigError as error:
            return str(error)
        return ""

    def _machine_said(self, event: MachineEvent) -> None:
        if isinstance(event, LinkLost) and self._converses:
            self._acts.put_nowait(Disconnected("The connection to the treadmill was lost. Choose it again."))

    def _lost(self, error: BackstrideError, found: Found, *, refused: bool) -> None:
        called = self._settings.name_at(found.address) or found.name or found.address
        self._drop_acts()
        why = "" if found.unsupported is None or not refused else f"{found.unsupported.sentence} "
        self._wizard.lost(f"{called}: {error} {why}{wizard_screen.DOCTOR}", refused=refused)
        self._refresh()

    def _drop_acts(self) -> None:
        """Forget what was wanted of a treadmill that is not connected any more, but not that the person wants to go."""
        waiting = [self._acts.get_nowait() for _ in range(self._acts.qsize())]
        for act in waiting:
            if isinstance(act, Quit):
                self._acts.put_nowait(act)

    # --- keys, clock and screen

    def _pressed(self, key: Key | str) -> None:
        self._do(self._wizard.press(key, self._loop.time()))
        self._refresh()

    def _do(self, act: Act | None) -> None:
        if act is None:
            return
        if isinstance(act, Leave | Quit) and not self._converses:  # it connects, or is about to
            if self._meeting is not None:
                self._meeting.cancel()
            if isinstance(act, Leave):
                self._drop_acts()
                return
        if isinstance(act, Leave):
            self._converses = False
        self._acts.put_nowait(act)

    async def _keep_time(self) -> None:
        while True:
            self._do(self._wizard.tick(self._loop.time()))
            self._refresh()
            await asyncio.sleep(FRAME)

    def _refresh(self) -> None:
        if not self._live.is_started:
            return
        try:
            self._live.refresh()
        except OSError:
            self._interruption.close_terminal()

    def _give_screen_back(self) -> None:
        with contextlib.suppress(OSError):
            self._live.stop()

    def _draw(self) -> RenderableType:
        size = self._out.size
        return wizard_screen.draw(self._wizard, self._loop.time(), size.width, size.height, self._aside)
