"""`backstride` alone, or `backstride pair`: from a treadmill nobody has met to a walk on it."""

import sys
from typing import Annotated

import typer

from backstride.apps.cli.options import Common
from backstride.errors import ConfigError

EXAMPLES = "Example:  backstride pair --simulated generic --simulated horizon-omega-z   (to try it without a treadmill)"

_NO_TERMINAL = (
    "This needs a terminal to ask at. In a script, `backstride scan` lists the treadmills, and --device names one."
)


def command(
    context: typer.Context,
    *,
    simulated: Annotated[
        list[str] | None,
        typer.Option(
            "--simulated",
            metavar="[MODEL]",
            help="Hear simulated treadmills instead: MODEL as `backstride machines` lists them. May be repeated.",
        ),
    ] = None,
) -> None:
    """Find a treadmill, name it, and walk; `backstride` alone in a terminal does the same.

    Lists the treadmills in reach while they are heard. Pick one, see what it can do, give it a name, choose a session.
    The one you used last is connected to at once.
    """
    import asyncio

    from backstride.apps.cli.ears import simulated_radio
    from backstride.apps.cli.pairing import pair
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.terminal import console
    from backstride.driver.discovery import Discovery

    out = console()
    if not out.is_terminal or out.is_dumb_terminal or not sys.stdin.isatty():
        raise ConfigError(_NO_TERMINAL)
    common = Common.of(context)
    settings = settings_for(common)
    radio = simulated_radio(simulated, settings.console) if simulated else Discovery(adapter=settings.adapter)
    launched = common.launched if common.debug else None
    raise typer.Exit(asyncio.run(pair(settings, radio, out, simulated=bool(simulated), launched=launched)))
