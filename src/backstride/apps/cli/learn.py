"""`backstride learn`: find out what an unknown treadmill does, and write its machine file."""

from pathlib import Path
from typing import Annotated

import typer

from backstride.apps.cli.options import Common, Device, Simulated
from backstride.errors import ConfigError

EXAMPLES = "Example:  backstride learn --device 'My treadmill'   or, to see how it goes:  backstride learn --simulated"


def command(
    context: typer.Context,
    *,
    device: Device = None,
    simulated: Simulated = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The machine file to write.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Agree to every step, in virtual time; for simulated treadmills only.")
    ] = False,
) -> None:
    """Find out what an unknown treadmill does.

    You stand beside the belt, and nobody on it. The treadmill is tried out one small motion at a time, each announced
    and started by you, at a slow walk and up to 3 % of incline; Space, q or Ctrl-C stops the belt at any time. What was
    found goes into a machine file, which Backstride uses and which you can send in.
    """
    import sys

    from backstride.apps.cli import clock
    from backstride.apps.cli.beside import Wish, guide, output_path
    from backstride.apps.cli.notice import acknowledged
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.target import choose

    settings = settings_for(Common.of(context))
    target = choose(settings, device=device, simulated=simulated)
    if not target.is_simulated and yes:
        raise ConfigError("--yes is for simulated treadmills only; leave it out, or add --simulated.")
    if not yes and not sys.stdin.isatty():
        raise ConfigError("A person at a terminal agrees to each motion (S1), and there is none here.")
    if output is not None:
        output_path(output)
    if not target.is_simulated:
        settings = acknowledged(settings)
    raise typer.Exit(clock.run(guide(Wish(target, output, agreed=yes), settings), virtual=yes))
