"""A treadmill in words: what it says it can do, and what its machine file knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from backstride.machines.capabilities import before_session
from backstride.machines.facts import GENERIC, PauseEffect, WireUnit
from backstride.machines.incline_facts import InclineMap
from backstride.protocol.features import MachineFeature, TargetSetting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import IntFlag

    from rich.console import Console

    from backstride.driver.machine import Machine
    from backstride.machines.facts import MachineFacts, Quirk
    from backstride.machines.unsupported import Unsupported
    from backstride.protocol.control_point import OpCode
    from backstride.units import SpeedUnit

_PAUSES: Final = {
    PauseEffect.PAUSES: "keeps the workout",
    PauseEffect.STOPS: "ends the workout, as Stop does",
    PauseEffect.REFUSED: "refused; Backstride uses Stop instead",
}
_UNTOLD: Final = "not told"
LOCKED: Final = "Locked"
SEE_TO: Final = "See to first"
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
    warnings = [row for row in known if row[0] in {LOCKED, SEE_TO}]
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
        *((LOCKED if sentence == control.locked else SEE_TO, sentence) for sentence in before_session(facts)),
        ("Called", names_text(facts)),
        ("Slowest", None if speed.floor is None else f"{speed.floor.text(unit)}, whatever it announces"),
        ("Its km/h", "are miles per hour" if speed.unit is WireUnit.MPH else None),
        ("Takes speeds", "for miles per hour" if control.write_unit is WireUnit.MPH else None),
        ("Set to miles", _in_miles(facts)),
        ("Deck", _deck(facts)),
        ("Its incline", _incline(facts)),
        ("Does not obey", _op_codes(control.ignored)),
        ("Refuses", _op_codes(control.refused)),
        ("Never answers", _op_codes(control.unanswered)),
        *(("Is not asked", f"{_op_codes((op_code,))}: {why}") for op_code, why in control.withheld.items()),
        ("Pause", None if control.pause is PauseEffect.PAUSES else _PAUSES[control.pause]),
        ("Pacing", f"{control.pacing * 1000:.0f} ms between two commands" if control.pacing else None),
        ("Moves", f"within {control.motion_within:.0f} s of a start"),
        ("Targets", "only while the belt moves" if control.needs_motion else None),
        ("One app", "at a time: close every other one" if facts.link.centrals == 1 else None),
    ]
    return [(name, value) for name, value in rows if value]


def names_text(facts: MachineFacts) -> str:
    """Return under what names the model is known, as a scan shows them."""
    identity = facts.identity
    starts = [f"{name!r} …" for name in identity.names]
    starts += [f"{name!r} … (where it offers FTMS)" for name in identity.shared]
    starts += [f"{shape!r} (? is any character, # a digit)" for shape in identity.shapes]
    if identity.anonymous:
        starts.append("nothing: it advertises no name, and is known by its model number")
    if identity.firmware is not None:
        starts.append(f"with firmware {identity.firmware} of the module {identity.model_number}")
    if identity.twin is not None:
        starts.append(f"and taken for {identity.twin}, which is called so too")
    return ", ".join(starts) or ("" if facts.id == GENERIC else "not noted: name its file in the settings")


def show_unsupported(out: Console, one: Unsupported) -> None:
    """Print why a treadmill cannot be driven, and what is known of it."""
    out.print(Text(one.sentence))
    _show_quirks(out, one.quirks)


def _in_miles(facts: MachineFacts) -> str | None:
    """Return what changes once the console is set to miles."""
    if not facts.miles_console:
        return None
    means = {"targets": "takes speeds", "reports": "reports speeds"}
    what = " and ".join(means[one] for one in facts.miles_console)
    is_taken_so = WireUnit.MPH in {facts.control.write_unit, facts.speed.unit}
    remark = ", as it is taken to be" if is_taken_so else ': say so in the settings (console = "mph")'
    return f"it {what} in miles per hour{remark}"


def _deck(facts: MachineFacts) -> str | None:
    fixed = None if facts.incline is None else facts.incline.fixed
    return None if fixed is None else f"fixed at {fixed}: it has no motor, and is not level"


def _incline(facts: MachineFacts) -> str | None:
    """Return how the incline differs from what the machine announces."""
    incline = facts.incline
    if incline is None:
        return "none: no motor"
    if incline.fixed is not None:
        return None
    plain = InclineMap()
    parts = [
        None if incline.floor is None else f"not below {incline.floor}",
        None if incline.ceiling is None else f"not above {incline.ceiling}",
        None if incline.step is None else f"in steps of {incline.step}",
        None if incline.reported else "never reported, so it is not set",
        None if incline.written == plain else "set by numbers of its own",
        None if incline.told == plain else "reported in numbers of its own",
        "level after a stop" if incline.levels_on_stop else None,
    ]
    return "; ".join(filter(None, parts)) or None


def show_quirks(out: Console, facts: MachineFacts) -> None:
    """Print each known deviation with its source."""
    if facts.quirks:
        _show_quirks(out, facts.quirks)
    elif facts.id == GENERIC:
        out.print("\nNo deviations from the standard are known of this model.")


def _show_quirks(out: Console, quirks: Sequence[Quirk]) -> None:
    out.print("\nKnown deviations", style="bold")
    grid = Table.grid(padding=(0, 1))
    for quirk in quirks:
        grid.add_row("•", Text(quirk.text))
        grid.add_row("", Text(f"{quirk.source} ({quirk.provenance})", style="dim"))
    out.print(grid)


def _words(flags: type[IntFlag], value: IntFlag) -> str:
    return ", ".join(name.lower().replace("_", " ") for name, flag in flags.__members__.items() if value & flag)


def _op_codes(op_codes: tuple[OpCode, ...]) -> str:
    return ", ".join(op_code.name.lower().replace("_", " ") for op_code in op_codes)
