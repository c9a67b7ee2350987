"""A captured machine behind bleak's own client, in this process: where a simulated treadmill can stand, it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.capture.events import Connecting, Recognised
from backstride.errors import ConfigError
from backstride.machines.facts import GENERIC, MachineFacts, known_machines, load_facts
from backstride.machines.written import from_written
from backstride.simulator.memory import Air, device_of
from backstride.simulator.radio import Radio
from backstride.simulator.replay import Replay
from backstride.simulator.script import script_of

if TYPE_CHECKING:
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import BaseBleakScanner

    from backstride.capture.file import Captured
    from backstride.simulator.faults import Fault

_NO_ADDRESS: Final = "D0:5E:00:00:00:01"


class ReplayedTreadmill:
    """A treadmill made of a capture; it is a simulator, whatever it was captured from.

    Args:
        captured: The capture.
        air: The space it advertises in, shared with others; without it a space of its own.

    Raises:
        CaptureError: No connection was made in the capture.
        ConfigError: The machine file in it cannot be read.

    Attributes:
        facts: The machine file that was used then; the generic one if the machine was not recognised any more.
        replay: Its server, which counts what is not in the capture.
        air: The space it advertises in.
        device: What bleak's client connects to.
        backend: The client backend that reaches it.
        scanner_backend: The scanner backend that hears it.
    """

    def __init__(self, captured: Captured, *, air: Air | None = None) -> None:
        self.facts = facts_in(captured)
        self.replay = Replay(script_of(captured), self.facts)
        self.air = Air() if air is None else air
        name, address = _called(captured)
        self._radio = Radio(self.replay, address=address or _NO_ADDRESS, name=name)
        self._radio.latency = 0.0  # the capture knows how long each answer took
        self._radio.on_happening = self._lose
        self.air.add(self._radio)
        self.device: BLEDevice = device_of(self._radio)
        self.backend: type[BaseBleakClient] = self.air.client_backend
        self.scanner_backend: type[BaseBleakScanner] = self.air.scanner_backend
        self.adapter: str | None = None

    @property
    def now(self) -> float:
        """Seconds of the machine's time: the loop's time once it lives on one."""
        return self._radio.now

    def _lose(self, fault: Fault) -> None:
        """Let the link be lost as it was then, and the machine out of reach for as long."""
        self._radio.drop_links()
        if fault.value:
            self._radio.in_range = False
            self._radio.later(fault.value, self._come_back)

    def _come_back(self) -> None:
        self._radio.in_range = True
        self._radio.pump()


def facts_in(captured: Captured) -> MachineFacts:
    """Return the machine file that a capture holds, or the generic one.

    One that this version cannot read is taken from those that are shipped now. Raises ConfigError if it is not there.
    """
    for entry in captured.entries:
        if isinstance(entry.event, Recognised):
            try:
                return from_written(entry.event.facts)
            except ConfigError:
                if entry.event.model not in known_machines():
                    raise
                return load_facts(entry.event.model)
    return load_facts(GENERIC)


def _called(captured: Captured) -> tuple[str | None, str]:
    """Return name and address of the machine."""
    for entry in captured.entries:
        if isinstance(entry.event, Connecting):
            return entry.event.name, entry.event.address
    return captured.header.name, captured.header.address
