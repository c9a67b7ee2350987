"""`backstride scan`: which treadmills are on the air."""

from typing import TYPE_CHECKING, Annotated

import typer

from backstride.apps.cli.options import Common

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from backstride.apps.cli.sighting import Sighting
    from backstride.apps.config import Settings
    from backstride.driver.discovery import Discovery

EXAMPLES = (
    "Example:  backstride scan --seconds 20   (many treadmills advertise only shortly after they are switched on)"
)


def command(
    context: typer.Context,
    *,
    seconds: Annotated[float, typer.Option(metavar="N", min=1, max=600, help="How long to listen.")] = 8,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Listen to one simulated treadmill of every known model.")
    ] = False,
) -> None:
    """List the treadmills in reach.

    Name, address, signal strength, model, and whether another app uses it.
    """
    from backstride.apps.cli import clock
    from backstride.apps.cli.ears import simulated_radio
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.terminal import console
    from backstride.driver.discovery import Discovery
    from backstride.machines.facts import known_machines

    settings = settings_for(Common.of(context))
    discovery = (
        simulated_radio(known_machines(), settings.console) if simulated else Discovery(adapter=settings.adapter)
    )
    found = clock.run(_heard(discovery, seconds, settings), virtual=simulated)
    if not console().is_terminal:
        console().print(_table(found))
    for sentence in dict.fromkeys(item.unsupported for item in found if item.unsupported is not None):
        typer.echo(f"\n{sentence}")
    if not found:
        typer.echo("No treadmill was heard. Switch it on, close other apps that use it, and stand next to it.")


async def _heard(discovery: "Discovery", seconds: float, settings: "Settings") -> "list[Sighting]":
    """Return what was heard, the strongest first; on a terminal the list grows as it is heard."""
    from rich.live import Live

    from backstride.apps.cli.sighting import sighted
    from backstride.apps.cli.target import remembered_facts
    from backstride.apps.cli.terminal import console

    out = console()
    remembered = remembered_facts(settings)
    heard: dict[str, Sighting] = {}
    known = [machine.address for machine in settings.machines.values()]
    with Live(_table(()), console=out, auto_refresh=False, transient=not out.is_terminal) as live:
        async for item in discovery.watch(seconds, known=known):
            heard[item.address] = sighted(item, settings, remembered)
            if out.is_terminal:
                live.update(_table(_strongest_first(heard.values())), refresh=True)
    return _strongest_first(heard.values())


def _strongest_first(heard: "Iterable[Sighting]") -> "list[Sighting]":
    return sorted(heard, key=lambda item: (-item.rssi, item.name or "", item.address))


def _table(heard: "Iterable[Sighting]") -> "Table":
    from rich.text import Text

    from backstride.apps.cli.sighting import UNKNOWN_MODEL, remark, signal_bars
    from backstride.apps.cli.terminal import plain_table

    table = plain_table("Treadmill", "Address", "Signal", "Model", "")
    for column in table.columns[1:3]:
        column.no_wrap = True
    table.columns[2].justify = "right"
    for item in heard:
        name = Text(item.title, style="bold" if item.name else "dim")
        signal = f"{signal_bars(item.rssi)} {item.rssi} dBm"
        table.add_row(name, item.address, signal, item.model or UNKNOWN_MODEL, remark(item))
    return table
