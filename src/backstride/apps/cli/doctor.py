"""`backstride doctor`: what stands between this computer and a treadmill, and what to do about it."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from backstride.apps.cli.exits import ExitCode
from backstride.apps.cli.options import Common, Json

if TYPE_CHECKING:
    from rich.console import Console

    from backstride.apps.config import Settings
    from backstride.apps.examination import Examination
    from backstride.units import SpeedUnit

EXAMPLES = "Example:  backstride doctor   or   backstride doctor --device 'Sole F63'   to connect and read as well"

_STYLES: Final = {"ok": "green", "note": "yellow", "trouble": "bold red", "unknown": "dim"}


def command(
    context: typer.Context,
    *,
    device: Annotated[
        str | None,
        typer.Option("--device", metavar="NAME", help="Connect to this treadmill, and read what it says of itself."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(metavar="N", min=0, max=600, help="How long to listen; 0 does not listen.")
    ] = 8,
    json: Json = False,
) -> None:
    """Find out what keeps Bluetooth or a treadmill from working.

    Each finding is ok, a note, a trouble, or unknown with the reason; where something can be done, it says what.
    Nothing is started, moved or changed. The exit code is 0 if nothing stands in the way.
    """
    from backstride.apps.cli import clock
    from backstride.apps.cli.terminal import console, say
    from backstride.apps.examination import examination
    from backstride.driver.discovery import Discovery

    settings, fault = _settings(Common.of(context))
    if seconds:
        say(f"Listening for {seconds:g} s …")
    discovery = Discovery(adapter=settings.adapter)
    found = clock.run(examination(settings, discovery, device=device, seconds=seconds, fault=fault))
    if json:
        from json import dumps

        typer.echo(dumps(payload(found)))
    else:
        show(console(), found, settings.units)
    raise typer.Exit(code_of(found))


def code_of(found: "Examination") -> ExitCode:
    """Return the exit code: what a command would end with that meets the first of these troubles."""
    from backstride.driver.doctor.findings import FILES

    checks = {finding.check for finding in found.troubles}
    if checks - FILES:
        return ExitCode.NO_MACHINE
    return ExitCode.WRONG_INPUT if checks else ExitCode.FINISHED


def payload(found: "Examination") -> dict[str, object]:
    """Return the findings for `--json` (docs/doctor.md)."""
    return {
        "system": found.system.value,
        "exit_code": int(code_of(found)),
        "findings": [
            {
                "check": finding.check.value,
                "verdict": finding.verdict.value,
                "meaning": finding.meaning,
                "remedy": found.remedy(finding),
            }
            for finding in found.findings
        ],
    }


def show(out: "Console", found: "Examination", unit: "SpeedUnit") -> None:
    """Print every finding, and last what stands in the way."""
    from rich.table import Table
    from rich.text import Text

    from backstride.apps.cli.wording import in_unit

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column()
    for finding in found.findings:
        verdict = finding.verdict.value
        meaning = Text(in_unit(finding.meaning, unit))
        grid.add_row(Text(verdict, style=_STYLES[verdict]), Text(_title(finding.check.value)), meaning)
        if (remedy := found.remedy(finding)) is not None:
            grid.add_row("", "", Text(f"→ {remedy}"))
    out.print(grid)
    out.print()
    count = len(found.troubles)
    if not count:
        out.print("Nothing that could be checked stands in the way.", style="bold")
    else:
        out.print(f"{count} {'trouble stands' if count == 1 else 'troubles stand'} in the way.", style="bold red")


def _title(check: str) -> str:
    return check[:1].upper() + check[1:]


def _settings(common: Common) -> "tuple[Settings, str]":
    """Return the settings, and why they are the defaults if those of the file cannot be read."""
    from backstride.apps.cli.settings import settings_for
    from backstride.apps.config import Settings, settings_path
    from backstride.errors import ConfigError

    try:
        return settings_for(common), ""
    except ConfigError as error:
        return Settings(file=settings_path(common.config), adapter=common.adapter), str(error)
