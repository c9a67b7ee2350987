"""`backstride simulate`: a simulated treadmill on the air, for phones, watches and other programs."""

from typing import Annotated

import typer

from backstride.apps.cli.options import Common, Fault
from backstride.errors import ConfigError

EXAMPLES = "Example:  backstride simulate horizon-omega-z --hci usb:0"

_WITHOUT_HCI = (
    "Over which Bluetooth adapter? Name one with --hci: usb:0 is the first USB dongle, serial:/dev/ttyACM0,1000000 a "
    "board on a serial port, tcp-client:HOST:PORT another program's; docs/simulate.md tells the rest."
)
_WITHOUT_BUMBLE = "A treadmill on the air needs the extra [hci]: pip install 'backstride[hci]'."


def command(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    model: Annotated[
        str, typer.Argument(metavar="[MODEL]", help="Machine file to be, as `backstride machines` lists them.")
    ] = "generic",
    hci: Annotated[
        str | None, typer.Option("--hci", metavar="TRANSPORT", help="The adapter to be on the air with.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Advertised name, instead of the model's.")] = None,
    address: Annotated[
        str | None, typer.Option("--address", help="Static random address, such as F0:F1:F2:F3:F4:F5.")
    ] = None,
    locked: Annotated[bool, typer.Option("--locked", help="Close the maker's lock, on a model that has one.")] = False,
    rsc: Annotated[
        bool, typer.Option("--rsc", help="Be a foot pod as well: Running Speed and Cadence, of the simulated walker.")
    ] = False,
    heart_rate: Annotated[
        bool, typer.Option("--heart-rate", help="Be a heart rate sensor as well, with a simulated heart.")
    ] = False,
    fault: Fault = None,
) -> None:
    """Put a simulated treadmill on the air.

    Phones, watches and other programs see it and can drive it. In a terminal you have its console: press its buttons,
    pull the safety key, let things go wrong, and watch its clients. Ctrl-C ends it.
    """
    import asyncio

    from backstride.apps.cli.faults import LIST, read_faults, show_catalogue
    from backstride.apps.cli.settings import settings_for

    if fault == [LIST]:
        show_catalogue()
        return
    if hci is None:
        raise ConfigError(_WITHOUT_HCI)
    try:
        from backstride.apps.cli.on_air import serve
        from backstride.simulator.hci import HciTreadmill
        from backstride.simulator.sensors import Sensor
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "bumble":
            raise
        raise ConfigError(_WITHOUT_BUMBLE) from error
    settings = settings_for(Common.of(context))
    asked_for = {Sensor.RUNNING_SPEED: rsc, Sensor.HEART_RATE: heart_rate}
    treadmill = HciTreadmill(
        model,
        name=name,
        address=address,
        locked=locked,
        faults=read_faults(fault or ()),
        sensors=[sensor for sensor, wanted in asked_for.items() if wanted],
    )
    raise typer.Exit(asyncio.run(serve(treadmill, hci, settings.units)))
