"""`backstride fleet`: all treadmills on an MQTT broker, and one Stop for all of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backstride.apps.cli.broker import Base, BrokerUrl, Ca, Cert, Key, PasswordFile, address_of, extra
from backstride.apps.cli.options import Common, Json
from backstride.errors import ConfigError

if TYPE_CHECKING:
    from backstride.apps.cli.halting import Place

EXAMPLES = (
    "Example:  backstride fleet --broker mqtt://broker.example   or   backstride fleet stop --all   "
    "(with BACKSTRIDE_BROKER set)"
)

app = typer.Typer(
    name="fleet",
    help="Show all treadmills on an MQTT broker, and stop one or all of them.",
    rich_markup_mode=None,
    invoke_without_command=True,
    epilog=EXAMPLES,
)


@app.callback()
def command(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    broker: BrokerUrl = None,
    base: Base = "backstride",
    ca: Ca = None,
    cert: Cert = None,
    key: Key = None,
    password_file: PasswordFile = None,
    once: Annotated[bool, typer.Option("--once", help="Print what is there now, and end.")] = False,
    json: Json = False,
) -> None:
    """Show all treadmills on the broker, until Ctrl-C.

    On a terminal a table that is kept up to date, where the space bar stops every belt; elsewhere a line whenever
    something happens that a person would act on. With --json a line of JSON for each treadmill whenever it changes, at
    most once a second.
    """
    if context.invoked_subcommand is not None:
        return  # it looks for what was typed before it
    import asyncio

    from backstride.apps.cli.settings import settings_for

    place = _place(broker, base, ca, cert, key, password_file)
    settings = settings_for(Common.of(context))
    from backstride.apps.cli.overseeing import oversee

    # paho needs a loop that watches sockets, which is not the usual one on Windows
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        raise typer.Exit(runner.run(oversee(place, settings.units, once=once, as_lines_of_json=json)))


@app.command(epilog="Example:  backstride fleet stop --all   or   backstride fleet stop den")
def stop(  # noqa: PLR0913 - same
    context: typer.Context,
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A treadmill as topics call it.", show_default=False)
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every treadmill on the broker.")] = False,
    within: Annotated[
        float, typer.Option("--within", metavar="SECONDS", min=1, max=600, help="How long to wait for the belts.")
    ] = 30.0,
    broker: BrokerUrl = None,
    base: Base = "backstride",
    ca: Ca = None,
    cert: Cert = None,
    key: Key = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Stop treadmills: Stop is published at once, and again to whoever does not answer.

    Says for each whether its belt stands. The exit code is 5 where one is not seen to stand, 3 where there is none.
    This is no emergency stop: the safety key is.
    """
    if everyone == (name is not None):
        raise ConfigError("Which one? Name a treadmill as `backstride fleet` shows it, or write --all.")
    import asyncio

    if broker is None and context.parent is not None:  # it was typed before the word stop
        typed = context.parent.params
        broker, base, ca = typed["broker"], typed["base"], typed["ca"]
        cert, key, password_file = typed["cert"], typed["key"], typed["password_file"]
    place = _place(broker, base, ca, cert, key, password_file)
    from backstride.apps.cli.halting import halt

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:  # as above
        raise typer.Exit(runner.run(halt(place, name, within, as_lines_of_json=json)))


def _place(
    broker: str | None, base: str, ca: Path | None, cert: Path | None, key: Path | None, password_file: Path | None
) -> "Place":
    """Return the broker that is meant, and the topics there. Raises ConfigError."""
    from backstride.apps.mqtt.topics import Topics

    with extra("The fleet"):
        from backstride.apps.cli.halting import Place
    return Place(address_of(broker, ca, cert, key, password_file), Topics(base))
