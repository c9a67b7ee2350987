"""`backstride profiles`: the sessions that travel with Backstride."""

from typing import Annotated

import typer

from backstride.apps.cli.options import Common

EXAMPLES = "Example:  backstride profiles retro-walk > mine.yaml   to make one of your own"


def command(
    context: typer.Context,
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Print the file of this profile.", show_default=False)
    ] = None,
) -> None:
    """List the shipped profiles, or print one."""
    from backstride.workout.profile import load_profile, shipped_profiles

    shipped = shipped_profiles()
    if name is not None:
        if name not in shipped:
            load_profile(name)  # tells what is wrong with a name that is not shipped
        typer.echo(shipped[name].read_text(encoding="utf-8") if name in shipped else _read(name), nl=False)
        return
    _show_list(Common.of(context))


def _read(path: str) -> str:
    from pathlib import Path

    return Path(path).read_text(encoding="utf-8-sig")


def _show_list(common: Common) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from backstride.apps.cli import clock
    from backstride.apps.cli.preflight import plans_on_generic
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.terminal import console
    from backstride.apps.cli.wording import distance_text, first_sentence
    from backstride.units import format_duration

    settings, out = settings_for(common), console()
    for name, profile, plan in clock.run(plans_on_generic(), virtual=True):
        facings = " and ".join(dict.fromkeys(step.facing.value for step in plan.steps))
        head = Text(name, style="bold")
        distance = distance_text(plan.total_distance, settings.units)
        head.append(f"  {format_duration(plan.total_time)}, {distance}, {facings}", style="not bold cyan")
        out.print(head)
        out.print(Padding(Text(first_sentence(profile.summary)), (0, 0, 0, 2)))
        if profile.source:
            out.print(Padding(Text(first_sentence(profile.source), style="dim"), (0, 0, 0, 2)))
    typer.echo("\nTimes and distances are those on the generic treadmill, waits for you left out.")
