"""The MQTT broker that a command means: its options, each declared once, and what they come to."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backstride.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstride.apps.mqtt.address import BrokerAddress

BrokerUrl = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="URL",
        envvar="BACKSTRIDE_BROKER",
        help="The broker: mqtt://user@host, or mqtts:// with TLS.",
        show_default=False,
    ),
]
Base = Annotated[str, typer.Option("--base", metavar="TOPIC", help="First level of all topics.")]
Ca = Annotated[Path | None, typer.Option("--ca", metavar="FILE", help="Authority of the broker's certificate.")]
Cert = Annotated[Path | None, typer.Option("--cert", metavar="FILE", help="Our own certificate.")]
Key = Annotated[Path | None, typer.Option("--key", metavar="FILE", help="The key to it.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="Its first line is the password at the broker."),
]

_OF_THE_EXTRA = frozenset({"aiomqtt", "paho"})


@contextlib.contextmanager
def extra(who: str) -> Iterator[None]:
    """Import what needs the extra ``[mqtt]`` in the block. Raises ConfigError where that is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
            raise
        raise ConfigError(f"{who} needs the extra [mqtt]: pip install 'backstride[mqtt]'.") from error


def address_of(
    broker: str | None, ca: Path | None, cert: Path | None, key: Path | None, password_file: Path | None
) -> BrokerAddress:
    """Return the broker that is meant, with the password that goes with it. Raises ConfigError."""
    from backstride.apps.mqtt.address import read_address, read_password

    if broker is None:
        raise ConfigError("Which broker? Write --broker mqtt://user@host, or set BACKSTRIDE_BROKER to it.")
    password = read_password(password_file, os.environ)
    return read_address(broker, password=password, ca=ca, certificate=cert, key=key)
