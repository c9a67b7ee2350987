"""`backstride info`: what one treadmill can do, in words."""

import typer

from backstride.apps.cli.options import Common, Device, Simulated

EXAMPLES = "Example:  backstride info --device 'Sole F63'   or   backstride info --simulated kingsmith-z1"


def command(context: typer.Context, *, device: Device = None, simulated: Simulated = None) -> None:
    """Tell what a treadmill can do.

    Connects, reads, and tells what the treadmill offers and where its model differs from the standard. Nothing moves.
    """
    from backstride.apps.cli import clock
    from backstride.apps.cli.portrait import facts_rows, show_quirks, treadmill_rows
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.target import choose, connected
    from backstride.apps.cli.terminal import console, show_pairs
    from backstride.machines.facts import MachineFacts

    settings = settings_for(Common.of(context))
    target = choose(settings, device=device, simulated=simulated)

    async def looked_at() -> tuple[list[tuple[str, str]], MachineFacts]:
        async with connected(target, settings) as machine:
            return treadmill_rows(machine, settings.units), machine.facts

    rows, facts = clock.run(looked_at(), virtual=target.is_simulated)
    out = console()
    show_pairs(out, rows)
    out.print()
    show_pairs(out, facts_rows(facts, settings.units))
    show_quirks(out, facts)
