"""Where the broker is and how it is to be reached: URL, certificates, password, and how long to wait in between. Pure.

A password never comes from the command line, where every user of the computer could read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from backstride.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PASSWORD_VARIABLE: Final = "BACKSTRIDE_MQTT_PASSWORD"  # noqa: S105 - the name of a variable
FIRST_WAIT: Final = 1.0
"""Seconds before the second attempt to reach a broker."""

LONGEST_WAIT: Final = 30.0
"""Seconds between two attempts at most."""

_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_EXAMPLE: Final = "Write it as mqtt://user@host:1883, or mqtts://user@host:8883 with TLS."
_LARGEST_FILE: Final = 4096


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker.

    Attributes:
        tls: True if the connection is encrypted, and the broker's certificate checked.
        user: The user's name there, or None.
        password: The user's password, or None; it is never printed.
        ca: A file of certificates that are trusted, instead of the system's.
        certificate: A certificate of our own, as a file, or None.
        key: The key to it, where that is a file of its own.
    """

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __repr__(self) -> str:
        """Return it without the password."""
        user = "" if self.user is None else f"{self.user}@"
        return f"{'mqtts' if self.tls else 'mqtt'}://{user}{self.host}:{self.port}"

    __str__ = __repr__

    @property
    def shows_password(self) -> bool:
        """True if the password crosses a network on which others can read it."""
        return self.password is not None and not self.tls and self.host not in _HERE


def read_address(
    url: str,
    *,
    password: str | None = None,
    ca: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> BrokerAddress:
    """Return the broker at a URL such as ``mqtts://user@host``.

    Raises:
        ConfigError: The URL is none, or holds a password, or the rest does not fit it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"--broker: {error}. {_EXAMPLE}") from error
    if parts.password is not None:
        raise ConfigError(
            "--broker: a password on the command line can be read by everybody on this computer. Leave it out, and put "
            f"it into a file (--password-file FILE) or into {PASSWORD_VARIABLE}."
        )
    if parts.scheme not in _PORTS or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(f"--broker: this is not the address of a broker: {url!r}. {_EXAMPLE}")
    tls = parts.scheme == "mqtts"
    if not tls and (ca or certificate or key):
        raise ConfigError("Certificates are for an encrypted connection: write mqtts:// instead of mqtt://.")
    if key is not None and certificate is None:
        raise ConfigError("--key is the key to a certificate; add --cert FILE.")
    if password is not None and not parts.username:
        raise ConfigError(f"A password needs a user: {_EXAMPLE}")
    user = unquote(parts.username) if parts.username else None
    return BrokerAddress(host, port or _PORTS[parts.scheme], tls, user, password, ca, certificate, key)


def read_password(file: Path | None, environ: Mapping[str, str]) -> str | None:
    """Return the password in `file`, or in the environment, or None if there is none. Raises ConfigError."""
    if file is None:
        return environ.get(PASSWORD_VARIABLE) or None
    try:
        with file.open(encoding="utf-8") as text:
            password = text.read(_LARGEST_FILE).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--password-file: {file} cannot be read: {error}.") from error
    if not password or "\n" in password:
        raise ConfigError(f"--password-file: {file} is to hold the password on its first and only line.")
    return password


@dataclass(slots=True)
class BackOff:
    """How long to wait before the next attempt: twice as long each time, and shorter again once it has worked.

    Attributes:
        longest: Seconds between two attempts at most.
    """

    longest: float = LONGEST_WAIT
    _next: float = FIRST_WAIT

    def wait(self) -> float:
        """Return the seconds to wait now."""
        waits, self._next = self._next, min(self.longest, self._next * 2)
        return waits

    def succeeded(self) -> None:
        """Begin anew: a connection was made."""
        self._next = FIRST_WAIT
