"""`backstride learn`: find out what an unknown treadmill does, and write its machine file."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from backstride.apps.cli.options import Common, Device, Fault, Redact, Simulated
from backstride.errors import ConfigError

EXAMPLES = (
    "Example:  backstride learn --device 'My treadmill'   or, to see how it goes:  backstride learn --simulated --fast"
)


def command(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    device: Device = None,
    simulated: Simulated = None,
    fault: Fault = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The machine file to write; the capture goes beside it."),
    ] = None,
    redact: Redact = False,
    fast: Annotated[
        bool, typer.Option("--fast", help="Virtual time: only your answers take any. Simulated only.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Agree to every step, and answer every question. Simulated only.")
    ] = False,
) -> None:
    """Find out what an unknown treadmill does.

    You stand beside the belt, and nobody on it. The treadmill is tried out one small motion at a time, each announced
    and started by you, at a slow walk and up to 3 % of incline; Space, q or Ctrl-C stops the belt at any time. What was
    found goes into a machine file, which Backstride uses from then on, and all that crossed the connection into a
    capture beside it.
    """
    import sys

    from backstride.apps.cli import clock
    from backstride.apps.cli.faults import LIST, read_faults, show_catalogue
    from backstride.apps.cli.notice import acknowledged
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.cli.target import choose
    from backstride.apps.cli.trying import Wish, guide, output_path

    if fault == [LIST]:
        show_catalogue()
        return
    faults = read_faults(fault or ())
    settings = settings_for(Common.of(context))
    target = choose(settings, device=device, simulated=simulated)
    if target.captured is not None:
        raise ConfigError("A capture cannot be tried out: it knows only what was done then. Name a model instead.")
    if not target.is_simulated:
        for option, typed in (("--yes", yes), ("--fast", fast), ("--fault", faults)):
            if typed:
                raise ConfigError(f"{option} is for simulated treadmills only; leave it out, or add --simulated.")
    if not yes and not sys.stdin.isatty():
        raise ConfigError("A person at a terminal agrees to each motion (S1), and there is none here.")
    if output is not None:
        output_path(output)
    if not target.is_simulated:
        settings = acknowledged(settings)
    wish = Wish(replace(target, faults=faults), output, redact=redact, agreed=yes, fast=fast)
    raise typer.Exit(clock.run(guide(wish, settings), virtual=yes or fast))
