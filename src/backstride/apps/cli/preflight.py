"""Pre-flight: a profile compiled for a machine, and how the plan looks on a screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.text import Text

from backstride.apps.cli.portrait import SEE_TO
from backstride.apps.cli.settings import personal_limits
from backstride.apps.cli.terminal import CHART_HEIGHT, chart_width, plain_table, show_chart, show_pairs, uses_colour
from backstride.apps.cli.wording import distance_text, in_unit
from backstride.apps.service import prepare
from backstride.driver.machine import Machine
from backstride.errors import PlanError
from backstride.record.charts import draw_curves
from backstride.record.curves import Curves
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import climb_text, format_duration
from backstride.workout.compiler import compile_plan
from backstride.workout.plan import StepKind, Verdict, step_label
from backstride.workout.profile import load_profile, shipped_profiles

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from backstride.apps.config import Settings
    from backstride.apps.service import Prepared
    from backstride.units import SpeedUnit
    from backstride.workout.plan import Plan, PlanStep
    from backstride.workout.profile import Profile

_ROUNDED: Final = re.compile(r" (mph|km/h|%) rounded to ")
_UNSEEN: Final = re.compile(r"(.+) rounded to \1")
_STYLES: Final = {Verdict.AS_WRITTEN: "green", Verdict.ROUNDED: "yellow", Verdict.REFUSED: "bold red"}
_TOO_SHORT: Final = "yellow"


def prepared_for(profile: str, machine: Machine, settings: Settings) -> Prepared:
    """Compile `profile` for a connected machine, within the walker's own limits. Raises ProfileError."""
    return prepare(profile, machine, personal_limits(settings))


def require_runnable(plan: Plan, unit: SpeedUnit) -> None:
    """Raise PlanError in the person's unit unless the plan can run."""
    try:
        plan.require_runnable()
    except PlanError as error:
        raise PlanError(in_unit(str(error), unit), reasons=error.reasons) from error


async def plans_on_generic() -> list[tuple[str, Profile, Plan]]:
    """Return every shipped profile, compiled for the generic treadmill."""
    async with Machine.connect(SimulatedTreadmill()) as machine:
        loaded = [(name, load_profile(path)) for name, path in shipped_profiles().items()]
        return [(name, profile, compile_plan(profile, machine.capabilities)) for name, profile in loaded]


def show_plan(out: Console, plan: Plan, machine: str, unit: SpeedUnit) -> None:
    """Print the plan as a table and a chart, its totals, and what speaks against it."""
    facings = " and ".join(dict.fromkeys(step.facing.value for step in plan.steps))
    out.print(Text(f"{plan.name} on {machine}, facing {facings}", style="bold"))
    if plan.summary:
        out.print(Text(plan.summary.strip(), style="dim"))
    out.print()
    out.print(_table(plan, unit))
    out.print()
    if plan.runnable:
        curves = Curves.of_course(plan.course, plan.total_time)
        chart = draw_curves(curves, width=chart_width(out), height=CHART_HEIGHT, unit=unit, colour=uses_colour(out))
        show_chart(out, chart)
        out.print()
        show_pairs(out, totals(plan, unit))
    else:
        out.print(Text("Refused: this session cannot run safely on this machine.", style="bold red"))
        for reason in plan.refusals:
            out.print(Text(f"  {in_unit(reason, unit)}", style="red"))


def plan_payload(plan: Plan, machine: str) -> dict[str, object]:
    """Return the plan as JSON values, the unit in the key."""
    return {
        "event": "plan",
        "name": plan.name,
        "machine": machine,
        "runnable": plan.runnable,
        "refusals": list(plan.refusals),
        "confirm_limits": plan.confirm_limits,
        "before": list(plan.before),
        "total_s": round(plan.total_time, 1),
        "distance_m": round(plan.total_distance, 1),
        "climb_m": round(plan.climb, 1),
        "steps": [_step_payload(step) for step in plan.steps],
    }


def _step_payload(step: PlanStep) -> dict[str, object]:
    return {
        "step": step.index,
        "where": step.where,
        "kind": step.kind.value,
        "facing": step.facing.value,
        "handrails": step.handrails.value,
        "starts_s": round(step.starts, 1),
        "planned_s": round(step.duration, 1),
        "planned_m": round(step.metres, 1),
        "speed_from_km_h": int(step.speed_from) / 100,
        "speed_to_km_h": int(step.speed) / 100,
        "incline_from_percent": int(step.incline_from) / 10,
        "incline_to_percent": int(step.incline) / 10,
        "verdict": step.verdict.value,
        "note": step.note,
        "reaches_km_h": None if step.reaches is None else int(step.reaches) / 100,
    }


def _table(plan: Plan, unit: SpeedUnit) -> Table:
    turns = len({step.facing for step in plan.steps}) > 1
    table = plain_table("", "Step", *(["Facing"] if turns else []), "Rails", "From", "Length", "On this machine")
    for column in table.columns:
        column.justify = "right" if column.header in {"", "From", "Length"} else "left"
    for step in plan.steps:
        walked = "" if step.kind is StepKind.STAND else distance_text(step.metres, unit)
        table.add_row(
            str(step.index + 1),
            step_label(step, unit),
            *([step.facing.value] if turns else []),
            step.handrails.value,
            format_duration(step.starts) if plan.runnable else "",
            walked if plan.runnable else "",
            Text(verdict_text(step, unit), style=_TOO_SHORT if step.reaches is not None else _STYLES[step.verdict]),
        )
    return table


def verdict_text(step: PlanStep, unit: SpeedUnit) -> str:
    """Return what becomes of a step on this machine: as written, rounded and how, too short, or refused and why."""
    if step.reaches is not None:
        return f"too short: reaches {step.reaches.text(unit)}, for speed rises gently (S8)"
    match step.verdict:
        case Verdict.ROUNDED:
            return _rounded(in_unit(step.note, unit))
        case Verdict.REFUSED:
            return f"refused: {in_unit(step.note, unit)}"
        case _:
            return step.verdict.value


def _rounded(note: str) -> str:
    """Return what was rounded to what; a rounding too small to be seen in the walker's unit is as written."""
    changes = [part for part in note.split("; ") if not _UNSEEN.fullmatch(part)]
    return f"rounded {_ROUNDED.sub(' → ', '; '.join(changes))}" if changes else Verdict.AS_WRITTEN.value


def totals(plan: Plan, unit: SpeedUnit) -> list[tuple[str, str]]:
    """Return what a plan comes to, and what must be agreed to before it, as names and values."""
    rows = [
        ("Time", format_duration(plan.total_time)),
        ("Distance", distance_text(plan.total_distance, unit)),
        ("Climb", climb_text(plan.climb, unit)),
    ]
    if any(step.until_confirmed for step in plan.steps):
        rows[0] = ("Time", f"{format_duration(plan.total_time)}, and the waits for your confirmation")
    if plan.confirm_limits:
        rows.append(("To confirm", in_unit(plan.confirm_limits, unit)))
    rows += [(SEE_TO, sentence) for sentence in plan.before]
    return rows
