"""A treadmill in words: what it says it can do, and what its machine file knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from backstride.machines.facts import GENERIC, PauseEffect, WireUnit
from backstride.protocol.features import MachineFeature, TargetSetting

if TYPE_CHECKING:
    from enum import IntFlag

    from rich.console import Console

    from backstride.driver.machine import Machine
    from backstride.machines.facts import MachineFacts
    from backstride.protocol.control_point import OpCode
    from backstride.units import SpeedUnit

_PAUSES: Final = {
    PauseEffect.PAUSES: "keeps the workout",
    PauseEffect.STOPS: "ends the workout, as Stop does",
    PauseEffect.REFUSED: "refused; Backstride uses Stop instead",
}
_UNTOLD: Final = "not told"
_FIRST: Final = ("Speed", "Incline", "Takes", "Watchdog")


_OURS: Final = TargetSetting.SPEED_TARGET | TargetSetting.INCLINATION_TARGET
"""The targets a session sets; what else a machine offers does not matter to a walker."""


def treadmill_rows(machine: Machine, unit: SpeedUnit) -> list[tuple[str, str]]:
    """Return what a connected treadmill is and can do, as names and values."""
    identity, able = machine.identity, machine.capabilities
    speed, incline = able.speed, able.incline
    return [
        ("Treadmill", machine.name),
        ("Address", identity.address),
        ("Maker, model", ", ".join(filter(None, (identity.manufacturer, identity.model_number))) or _UNTOLD),
        ("Firmware", identity.firmware or _UNTOLD),
        (
            "Speed",
            f"cannot be set: {able.no_speed}"
            if speed is None
            else f"{speed.minimum.text(unit)} to {speed.maximum.text(unit)}, in steps of "
            f"{speed.increment.text(unit, digits=2)}",
        ),
        (
            "Incline",
            f"cannot be set: {able.no_incline}"
            if incline is None
            else f"{incline.minimum} to {incline.maximum}, in steps of {incline.increment}"
            + ("" if incline.reported else "; never reported, so it is not set"),
        ),
        ("Reports", _words(MachineFeature, identity.features.machine) or "nothing, it says"),
        ("Takes", _words(TargetSetting, identity.features.target & _OURS) or "no targets, it says"),
        ("Watchdog", watchdog_text(machine)),
    ]


def plain_rows(machine: Machine, unit: SpeedUnit) -> list[tuple[str, str]]:
    """Return what a walker wants to know of a connected treadmill first, and then the rest, as names and values."""
    rows, known = treadmill_rows(machine, unit)[1:], facts_rows(machine.facts, unit)
    first = [row for row in rows if row[0] in _FIRST]
    warnings = [row for row in known if row[0] == "Locked"]
    special = [row for row in known if row not in warnings] if machine.facts.id != GENERIC else []
    return [*first, *warnings, *special, *(row for row in rows if row not in first)]


def watchdog_text(machine: Machine) -> str:
    """Return what stops the belt when this program cannot, or that nothing does (S6)."""
    return machine.why_unguarded or "a second process stops the belt if this program is killed or hangs"


def facts_rows(facts: MachineFacts, unit: SpeedUnit) -> list[tuple[str, str]]:
    """Return what the machine file says, as names and values; what is as the standard has it is left out."""
    control, speed = facts.control, facts.speed
    rows: list[tuple[str, str | None]] = [
        ("Machine file", f"{facts.id}: {facts.model}"),
        ("", facts.summary),
        ("Slowest", None if speed.floor is None else f"{speed.floor.text(unit)}, whatever it announces"),
        ("Its km/h", "are miles per hour" if speed.unit is WireUnit.MPH else None),
        ("Takes speeds", "for miles per hour" if control.write_unit is WireUnit.MPH else None),
        ("Does not obey", _op_codes(control.ignored)),
        ("Refuses", _op_codes(control.refused)),
        ("Never answers", _op_codes(control.unanswered)),
        ("Pause", None if control.pause is PauseEffect.PAUSES else _PAUSES[control.pause]),
        ("Pacing", f"{control.pacing * 1000:.0f} ms between two commands" if control.pacing else None),
        ("Moves", f"within {control.motion_within:.0f} s of a start"),
        ("Targets", "only while the belt moves" if control.needs_motion else None),
        ("Locked", control.locked),
    ]
    return [(name, value) for name, value in rows if value]


def show_quirks(out: Console, facts: MachineFacts) -> None:
    """Print each known deviation with its source."""
    if not facts.quirks:
        if facts.id == GENERIC:
            out.print("\nNo deviations from the standard are known of this model.")
        return
    out.print("\nKnown deviations", style="bold")
    grid = Table.grid(padding=(0, 1))
    for quirk in facts.quirks:
        grid.add_row("•", Text(quirk.text))
        grid.add_row("", Text(f"{quirk.source} ({quirk.provenance})", style="dim"))
    out.print(grid)


def _words(flags: type[IntFlag], value: IntFlag) -> str:
    return ", ".join(name.lower().replace("_", " ") for name, flag in flags.__members__.items() if value & flag)


def _op_codes(op_codes: tuple[OpCode, ...]) -> str:
    return ", ".join(op_code.name.lower().replace("_", " ") for op_code in op_codes)
