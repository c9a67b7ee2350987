"""Carrying out what happens to a treadmill at an instant: at its console, to its link, to the computer's own radio."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from backstride.machines.facts import GENERIC, load_facts
from backstride.protocol import uuids
from backstride.protocol.control_point import RequestControl, SetTargetSpeed, encode_request
from backstride.simulator.faults import speed_of
from backstride.simulator.gatt import AttFault, Cccd
from backstride.simulator.peripheral import Peripheral
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.simulator.faults import Fault
    from backstride.simulator.simulation import Simulation
    from backstride.simulator.traffic import Connection

_RETURNS_AT: Final = Speed(100)
"""Speed of a belt that moves when its machine comes back: 1 km/h."""

_STRANGERS: Final = ("sole-f85", GENERIC)
"""The machine that answers where another one answered before: the first that is another model."""

_ASKS_AGAIN: Final = 1.0
_ASKS: Final = 10
"""Seconds after which another app asks again that was told to wait, and how often it asks."""


def carry_out(treadmill: Simulation, fault: Fault) -> None:
    """Let `fault`, which is one that happens, happen to `treadmill` now."""
    _MISHAPS[fault.kind.name](treadmill, fault.value)


def _console_speed(treadmill: Simulation, kmh: float) -> None:
    """Set the speed, or the nearest that the console offers."""
    facts = treadmill.peripheral.facts.speed
    lowest, highest = facts.unit.from_wire(facts.minimum), facts.unit.from_wire(facts.maximum)
    treadmill.console.set_speed(min(max(speed_of(kmh), lowest), highest))


def _console_incline(treadmill: Simulation, percent: float) -> None:
    """Set the incline, or the nearest that the console offers; a machine without one has no such button."""
    facts = treadmill.peripheral.facts.incline
    if facts is not None:
        treadmill.console.set_incline(min(max(Incline(round(percent * 10)), facts.minimum), facts.maximum))


def _safety_key(treadmill: Simulation, seconds: float) -> None:
    treadmill.console.pull_safety_key()
    treadmill.later(seconds, treadmill.console.insert_safety_key)


def _other_client(treadmill: Simulation, kmh: float) -> None:
    """Another app connects, takes control and sets a speed; a machine with no room for it loses control otherwise."""
    peripheral, now = treadmill.peripheral, treadmill.now
    if not peripheral.connectable:
        treadmill.console.take_control()
        return
    other = peripheral.connect(encrypted=True)
    indicates = "indicate" in peripheral.facts.control.properties
    peripheral.subscribe(other, uuids.CONTROL_POINT, Cccd.INDICATE if indicates else Cccd.NOTIFY, now)
    number = peripheral.facts.control.write_unit.to_wire(speed_of(kmh))
    requests = (encode_request(RequestControl()), encode_request(SetTargetSpeed(number)))
    _ask(treadmill, peripheral, other, requests, _ASKS)


def _ask(
    treadmill: Simulation, peripheral: Peripheral, other: Connection, requests: tuple[bytes, ...], asks: int
) -> None:
    """Write `requests` as the client `other`, one after the other, and the rest later where one is refused."""
    for done, request in enumerate(requests):
        try:
            peripheral.write(other, uuids.CONTROL_POINT, request, treadmill.now)
        except AttFault:  # a procedure of somebody else is under way, or a fault of the machine's is at work
            if asks:
                again = partial(_ask, treadmill, peripheral, other, requests[done:], asks - 1)
                treadmill.later(_ASKS_AGAIN, again)
            break
        peripheral.confirm(other)
    treadmill.disturb()


def _link_lost(treadmill: Simulation, seconds: float) -> None:
    treadmill.drop_link(out_of_reach_for=seconds)


def _out_of_range(treadmill: Simulation, seconds: float) -> None:
    treadmill.leave_range()
    treadmill.later(seconds, treadmill.enter_range)


def _returns_moving(treadmill: Simulation, seconds: float) -> None:
    def start() -> None:
        treadmill.console.press_start()
        treadmill.console.set_speed(_RETURNS_AT)

    treadmill.drop_link(out_of_reach_for=seconds)
    treadmill.later(seconds / 2, start)


def _returns_standing(treadmill: Simulation, seconds: float) -> None:
    treadmill.drop_link(out_of_reach_for=seconds)
    treadmill.later(seconds / 2, treadmill.console.press_stop)


def _returns_other(treadmill: Simulation, seconds: float) -> None:
    stranger = next(model for model in _STRANGERS if model != treadmill.facts.id)
    treadmill.drop_link(out_of_reach_for=seconds)
    treadmill.replace(Peripheral(load_facts(stranger), treadmill.now))


def _power_cut(treadmill: Simulation, seconds: float) -> None:
    treadmill.power_off()
    treadmill.later(seconds, treadmill.power_on)


_MISHAPS: Final[dict[str, Callable[[Simulation, float], None]]] = {
    "console-start": lambda treadmill, _: treadmill.console.press_start(),
    "console-stop": lambda treadmill, _: treadmill.console.press_stop(),
    "console-pause": lambda treadmill, _: treadmill.console.press_pause(),
    "console-speed": _console_speed,
    "console-incline": _console_incline,
    "safety-key": _safety_key,
    "control-taken": lambda treadmill, _: treadmill.console.take_control(),
    "other-client": _other_client,
    "link-lost": _link_lost,
    "out-of-range": _out_of_range,
    "returns-moving": _returns_moving,
    "returns-standing": _returns_standing,
    "returns-other": _returns_other,
    "power-cut": _power_cut,
    "adapter-lost": lambda treadmill, seconds: treadmill.lose_adapter(seconds),
    "adapter-unsaid": lambda treadmill, seconds: treadmill.lose_adapter(seconds, said=False),
    "stalled": lambda treadmill, seconds: treadmill.stall(seconds),
}
"""Every kind that happens."""
