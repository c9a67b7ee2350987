"""Carrying out what happens to a treadmill at an instant: at its console, to its link, to the computer's own radio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.machines.facts import load_facts
from backstride.protocol import uuids
from backstride.protocol.control_point import RequestControl, SetTargetSpeed, encode_request
from backstride.simulator.gatt import Cccd
from backstride.simulator.peripheral import Peripheral
from backstride.units import Incline, Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.simulator.faults import Fault
    from backstride.simulator.treadmill import SimulatedTreadmill

_RETURNS_AT: Final = Speed(100)
"""Speed of a belt that moves when its machine comes back: 1 km/h."""

_STRANGER: Final = "sole-f85"
"""The machine that answers where another one answered before."""


def carry_out(treadmill: SimulatedTreadmill, fault: Fault) -> None:
    """Let `fault`, which is one that happens, happen to `treadmill` now."""
    _MISHAPS[fault.kind.name](treadmill, fault.value)


def _console_speed(treadmill: SimulatedTreadmill, kmh: float) -> None:
    treadmill.console.set_speed(Speed(round(kmh * 100)))


def _console_incline(treadmill: SimulatedTreadmill, percent: float) -> None:
    treadmill.console.set_incline(Incline(round(percent * 10)))


def _safety_key(treadmill: SimulatedTreadmill, seconds: float) -> None:
    treadmill.console.pull_safety_key()
    treadmill.later(seconds, treadmill.console.insert_safety_key)


def _other_client(treadmill: SimulatedTreadmill, kmh: float) -> None:
    """Another app connects, takes control and sets a speed; a machine with no room for it loses control otherwise."""
    peripheral, now = treadmill.peripheral, treadmill.now
    if not peripheral.connectable:
        treadmill.console.take_control()
        return
    other = peripheral.connect()
    peripheral.subscribe(other, uuids.CONTROL_POINT, Cccd.INDICATE, now)
    peripheral.write(other, uuids.CONTROL_POINT, encode_request(RequestControl()), now)
    peripheral.confirm(other)
    peripheral.write(other, uuids.CONTROL_POINT, encode_request(SetTargetSpeed(Speed(round(kmh * 100)))), now)
    peripheral.confirm(other)
    treadmill.disturb()


def _link_lost(treadmill: SimulatedTreadmill, seconds: float) -> None:
    treadmill.drop_link(out_of_reach_for=seconds)


def _out_of_range(treadmill: SimulatedTreadmill, seconds: float) -> None:
    treadmill.leave_range()
    treadmill.later(seconds, treadmill.enter_range)


def _returns_moving(treadmill: SimulatedTreadmill, seconds: float) -> None:
    def start() -> None:
        treadmill.console.press_start()
        treadmill.console.set_speed(_RETURNS_AT)

    treadmill.drop_link(out_of_reach_for=seconds)
    treadmill.later(seconds / 2, start)


def _returns_standing(treadmill: SimulatedTreadmill, seconds: float) -> None:
    treadmill.drop_link(out_of_reach_for=seconds)
    treadmill.later(seconds / 2, treadmill.console.press_stop)


def _returns_other(treadmill: SimulatedTreadmill, seconds: float) -> None:
    treadmill.drop_link(out_of_reach_for=seconds)
    treadmill.replace(Peripheral(load_facts(_STRANGER), treadmill.now))


def _power_cut(treadmill: SimulatedTreadmill, seconds: float) -> None:
    treadmill.power_off()
    treadmill.later(seconds, treadmill.power_on)


def _adapter_lost(treadmill: SimulatedTreadmill, seconds: float) -> None:
    treadmill.air.lose_adapter()
    treadmill.later(seconds, treadmill.air.find_adapter)


_MISHAPS: Final[dict[str, Callable[[SimulatedTreadmill, float], None]]] = {
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
    "adapter-lost": _adapter_lost,
    "stalled": lambda treadmill, seconds: treadmill.stall(seconds),
}
"""Every kind that happens."""
