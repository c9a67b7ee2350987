"""`backstride scan`: which treadmills are on the air."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from backstride.driver.discovery import Discovery, Found

EXAMPLES = (
    "Example:  backstride scan --seconds 20   (many treadmills advertise only shortly after they are switched on)"
)


def command(
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
    from backstride.apps.cli.terminal import console
    from backstride.driver.discovery import Discovery

    discovery = _simulated() if simulated else Discovery()
    found = clock.run(_heard(discovery, seconds), virtual=simulated)
    if not console().is_terminal:
        console().print(_table(found))
    for sentence in dict.fromkeys(item.unsupported.sentence for item in found if item.unsupported is not None):
        typer.echo(f"\n{sentence}")
    if not found:
        typer.echo("No treadmill was heard. Switch it on, close other apps that use it, and stand next to it.")


async def _heard(discovery: "Discovery", seconds: float) -> "list[Found]":
    """Return what was heard, the strongest first; on a terminal the list grows as it is heard."""
    from rich.live import Live

    from backstride.apps.cli.terminal import console

    out = console()
    heard: dict[str, Found] = {}
    with Live(_table(()), console=out, auto_refresh=False, transient=not out.is_terminal) as live:
        async for item in discovery.watch(seconds):
            heard[item.address] = item
            if out.is_terminal:
                live.update(_table(_strongest_first(heard.values())), refresh=True)
    return _strongest_first(heard.values())


def _strongest_first(found: "Iterable[Found]") -> "list[Found]":
    return sorted(found, key=lambda item: (-item.rssi, item.name or "", item.address))


def _table(found: "Iterable[Found]") -> "Table":
    from rich.text import Text

    from backstride.apps.cli.terminal import plain_table

    table = plain_table("Treadmill", "Address", "Signal", "Model", "")
    table.columns[2].justify = "right"
    for item in found:
        name = Text(item.name, style="bold") if item.name else Text("(no name)", style="dim")
        table.add_row(name, item.address, f"{item.rssi} dBm", *_described(item))
    return table


def _described(item: "Found") -> tuple[str, str]:
    """Return the model, and what is to be said of it."""
    if item.unsupported is not None:
        return item.unsupported.model, "not supported"
    model = item.facts.model if item.known else "not known by its name"
    if item.available is False:
        return model, "in use by another app"
    if item.is_treadmill is None:
        return model, "perhaps; connecting will tell"
    return model, "locked until its maker's app unlocks it" if item.facts.control.locked else ""


def _simulated() -> "Discovery":
    from backstride.driver.discovery import Discovery
    from backstride.machines.facts import known_machines
    from backstride.simulator.memory import Air
    from backstride.simulator.treadmill import SimulatedTreadmill

    air = Air()
    for model in known_machines():
        SimulatedTreadmill(model, air=air)
    return Discovery(scanner=air.scanner_backend, client=air.client_backend)
