"""`backstride bridge`: treadmills on an MQTT broker."""

from typing import Annotated

import typer

from backstride.apps.cli.broker import Base, BrokerUrl, Ca, Cert, Key, PasswordFile, address_of, extra
from backstride.apps.cli.options import Common, Records

EXAMPLES = "Example:  backstride bridge --simulated generic:2 --allow-start --broker mqtts://me@broker.example"


def command(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    broker: BrokerUrl = None,
    device: Annotated[
        list[str] | None,
        typer.Option("--device", metavar="NAME", help="A treadmill, as for `run`. May be repeated."),
    ] = None,
    simulated: Annotated[
        str | None,
        typer.Option("--simulated", metavar="[MODEL[:COUNT]]", help="Simulated treadmills, and how many of them."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of this bridge, instead of the computer's.")] = None,
    base: Base = "backstride",
    ca: Ca = None,
    cert: Cert = None,
    key: Key = None,
    password_file: PasswordFile = None,
    allow_start: Annotated[
        bool, typer.Option("--allow-start", help="Let the belts be started over MQTT. Simulated only.")
    ] = False,
    home_assistant: Annotated[
        str | None,
        typer.Option(
            "--home-assistant",
            metavar="[PREFIX]",
            help="Let Home Assistant find the treadmills. PREFIX is its discovery prefix, if it was changed.",
        ),
    ] = None,
    record: Records = None,
) -> None:
    """Offer treadmills on an MQTT broker, to Home Assistant and to programs of yours (docs/mqtt.md).

    The password comes from --password-file or from BACKSTRIDE_MQTT_PASSWORD, never from the command line. A real
    treadmill is started over MQTT only if the settings say mqtt_start = true of it. Ctrl-C stops the belts first.
    """
    import asyncio

    from backstride.apps.cli.settings import settings_for

    with extra("The bridge"):
        from backstride.apps.cli.bridging import Wish, serve
    address = address_of(broker, ca, cert, key, password_file)
    settings = settings_for(Common.of(context), records=record)
    wish = Wish(address, tuple(device or ()), simulated, name, base, home_assistant, allow_start=allow_start)
    # paho needs a loop that watches sockets, which is not the usual one on Windows
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        raise typer.Exit(runner.run(serve(wish, settings)))
