"""`backstride bridge`: treadmills on an MQTT broker."""

from pathlib import Path
from typing import Annotated

import typer

from backstride.apps.cli.options import Common, Records
from backstride.errors import ConfigError

EXAMPLES = "Example:  backstride bridge --simulated generic:2 --allow-start --broker mqtts://me@broker.example"

_WITHOUT_AIOMQTT = "The bridge needs the extra [mqtt]: pip install 'backstride[mqtt]'."


def command(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    broker: Annotated[
        str, typer.Option("--broker", metavar="URL", help="The broker: mqtt://user@host, or mqtts:// with TLS.")
    ],
    device: Annotated[
        list[str] | None,
        typer.Option("--device", metavar="NAME", help="A treadmill, as for `run`. May be repeated."),
    ] = None,
    simulated: Annotated[
        str | None,
        typer.Option("--simulated", metavar="[MODEL[:COUNT]]", help="Simulated treadmills, and how many of them."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of this bridge, instead of the computer's.")] = None,
    base: Annotated[str, typer.Option("--base", metavar="TOPIC", help="First level of all topics.")] = "backstride",
    ca: Annotated[
        Path | None, typer.Option("--ca", metavar="FILE", help="Authority of the broker's certificate.")
    ] = None,
    cert: Annotated[Path | None, typer.Option("--cert", metavar="FILE", help="Our own certificate.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="The key to it.")] = None,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", metavar="FILE", help="Its first line is the password at the broker."),
    ] = None,
    allow_start: Annotated[
        bool, typer.Option("--allow-start", help="Let the belts be started over MQTT. Simulated only.")
    ] = False,
    record: Records = None,
) -> None:
    """Offer treadmills on an MQTT broker, to Home Assistant and to programs of yours (docs/mqtt.md).

    The password comes from --password-file or from BACKSTRIDE_MQTT_PASSWORD, never from the command line. A real
    treadmill is started over MQTT only if the settings say mqtt_start = true of it. Ctrl-C stops the belts first.
    """
    import asyncio
    import os

    from backstride.apps.cli.settings import settings_for
    from backstride.apps.mqtt.address import read_address, read_password

    try:
        from backstride.apps.cli.bridging import Wish, serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"aiomqtt", "paho"}:
            raise
        raise ConfigError(_WITHOUT_AIOMQTT) from error
    password = read_password(password_file, os.environ)
    address = read_address(broker, password=password, ca=ca, certificate=cert, key=key)
    settings = settings_for(Common.of(context), records=record)
    wish = Wish(address, tuple(device or ()), simulated, name, base, allow_start=allow_start)
    # paho needs a loop that watches sockets, which is not the usual one on Windows
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        raise typer.Exit(runner.run(serve(wish, settings)))
