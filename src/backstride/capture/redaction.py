"""Taking out of a capture what says whose machine it is: addresses, names, serial numbers, texts. Pure.

What is replaced keeps its length, and the same always becomes the same, so that a redacted capture replays as before
and what belongs together still does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from backstride.capture import events
from backstride.capture.file import Captured
from backstride.capture.lines import DESCRIBED, TEXTS, Entry
from backstride.machines.facts import known_machines
from backstride.protocol import uuids
from backstride.protocol.uuids import full_uuid, short_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from backstride.capture.events import Event, Failure

DEVICE_NAME: Final = full_uuid(0x2A00)
SYSTEM_ID: Final = full_uuid(0x2A23)
OWN_FILE: Final = "own-machine-file"
"""What a machine file is called that does not come with Backstride: its name and texts are a person's own."""

_MAKERS: Final = frozenset({uuids.MANUFACTURER_NAME, uuids.MODEL_NUMBER})
_SHORTEST: Final = 4  # characters or octets: what is shorter stands in many places by chance
_MAC: Final = re.compile(r"[0-9a-f]{2}(?:[:_-]?[0-9a-f]{2}){5}", re.IGNORECASE)
_RUN: Final = re.compile(rb"[ -~]{4,}")  # characters that somebody may have typed
_TYPED: Final = re.compile(rb"[0-9A-Za-z]")
_PERSONAL: Final = frozenset(map(full_uuid, chain(range(0x2A7E, 0x2AA3), (0x2A9F,))))
"""The characteristics of the User Data service: names, birthday, weight and more (assigned numbers)."""


def redacted(captured: Captured) -> Captured:
    """Return a capture without what says whose machine it is; one that is redacted already stays as it is."""
    if captured.header.redacted:
        return captured
    secrets = _Secrets()
    header = captured.header
    secrets.add_address(header.address)
    secrets.add("name", header.name)
    for entry in captured.entries:
        secrets.learn(entry.event)
    secrets.arrange()
    new_header = replace(
        header,
        redacted=True,
        note="",
        address=secrets.of(header.address) if header.address else "",
        name=None if header.name is None else secrets.of(header.name),
    )
    entries = tuple(Entry(t, _event(secrets, event)) for t, event in captured.entries)
    return Captured(new_header, entries, captured.cut)


@dataclass
class _Secrets:
    """What must not be seen any more, and what is seen instead."""

    pseudonyms: dict[str, str] = field(default_factory=dict)
    _octets: list[tuple[bytes, bytes]] = field(default_factory=list)
    _pattern: re.Pattern[str] | None = None

    def add(self, kind: str, secret: str | None) -> None:
        """Take a text under which it is to be replaced: one of the same length in octets."""
        if secret and secret not in self.pseudonyms:
            number = str(len(self.pseudonyms) + 1)
            room = max(0, len(_octets(secret)) - len(number))
            self.pseudonyms[secret] = f"{kind}-{'x' * room}"[:room] + number

    def add_address(self, address: str) -> None:
        """Take an address, or an identifier that the system gives instead."""
        if not address or address in self.pseudonyms:
            return
        number = len(self.pseudonyms) + 1
        if not _MAC.fullmatch(address):
            self.pseudonyms[address] = f"00000000-0000-0000-0000-{number:012d}"
            return
        pseudonym = bytes((0xC0, 0, 0, 0, number >> 8 & 0xFF, number & 0xFF))  # a static random address
        self.pseudonyms[address] = pseudonym.hex(":").upper()
        octets = _address_octets(address)
        self._octets += [(octets, pseudonym), (octets[::-1], pseudonym[::-1])]

    def learn(self, event: Event) -> None:
        """Take what an event tells of the machine and its owner."""
        match event:
            case events.Connecting():
                self.add_address(event.address)
                self.add("name", event.name)
            case events.Answered(value=bytes(value)) | events.Heard(value=value):
                if event.uuid == uuids.SERIAL_NUMBER:
                    self.add("serial", _plain(value))
                elif event.uuid == DEVICE_NAME:
                    self.add("name", _plain(value))
            case _:
                pass

    def arrange(self) -> None:
        """Make ready to replace: the longest first, since one may be a part of another."""
        long = sorted((secret for secret in self.pseudonyms if len(secret) >= _SHORTEST), key=len, reverse=True)
        for secret in long:
            if not _MAC.fullmatch(secret):
                pseudonym = self.pseudonyms[secret]
                self._octets.append((_octets(secret), pseudonym.encode()))
                self._octets.append((_octets(secret, "utf-16-le"), _wide(pseudonym, secret)))
        patterns = [_spelt_anyhow(secret) if _MAC.fullmatch(secret) else re.escape(secret) for secret in long]
        self._pattern = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None

    def of(self, secret: str) -> str:
        """Return what is seen instead of a whole text."""
        return self.pseudonyms.get(secret) or self.text(secret)

    def text(self, text: str) -> str:
        """Return a text in which every secret is replaced, and every other address as well."""
        replaced = text if self._pattern is None else self._pattern.sub(lambda match: self._instead(match[0]), text)
        known = set(self.pseudonyms.values())
        return _MAC.sub(lambda match: match[0] if match[0] in known else "XX:XX:XX:XX:XX:XX", replaced)

    def octets(self, value: bytes) -> bytes:
        """Return octets in which every secret is replaced, in any letter case."""
        for secret, pseudonym in self._octets:
            at = value.lower().find(secret.lower())
            while at >= 0:
                value = value[:at] + pseudonym + value[at + len(secret) :]
                at = value.lower().find(secret.lower(), at + len(secret))
        return value

    def _instead(self, found: str) -> str:
        if _MAC.fullmatch(found):
            octets = _address_octets(found)
            same = (known for known in self.pseudonyms if _MAC.fullmatch(known) and _address_octets(known) == octets)
            return self.pseudonyms[next(same)]
        folded = found.casefold()
        fitting = (instead for secret, instead in self.pseudonyms.items() if secret.casefold() == folded)
        return next(fitting, "x" * len(found))  # the letters of some languages have more than one small form


def _event(secrets: _Secrets, event: Event) -> Event:
    match event:
        case events.Connecting():
            name = None if event.name is None else secrets.of(event.name)
            return replace(event, address=secrets.of(event.address), name=name)
        case events.NotConnected() | events.Closed():
            return replace(event, failure=_failure(secrets, event.failure))
        case events.LetGo():
            return replace(event, reason=secrets.text(event.reason))
        case events.Recognised():
            return _recognised(secrets, event)
        case events.Asked():
            return replace(event, value=_value(secrets, event.uuid, event.value))
        case events.Answered():
            value = _value(secrets, event.uuid, event.value)
            return replace(event, value=value, failure=_failure(secrets, event.failure))
        case events.Heard():
            return replace(event, value=_value(secrets, event.uuid, event.value))
        case _:
            return event


def _failure(secrets: _Secrets, failure: Failure | None) -> Any:  # noqa: ANN401 - None where None came
    return None if failure is None else replace(failure, text=secrets.text(failure.text))


def _value(secrets: _Secrets, uuid: str, value: bytes | None) -> Any:  # noqa: ANN401 - None where None came
    if value is None:
        return None
    short = short_uuid(uuid)
    if uuid == SYSTEM_ID or uuid in _PERSONAL:
        return bytes(len(value))
    if uuid in {uuids.SERIAL_NUMBER, DEVICE_NAME}:
        told = len(value.rstrip(b"\0 "))
        instead = secrets.pseudonyms.get(_plain(value) or "", "").encode()
        return instead[:told].rjust(told, b"x") + value[told:]
    if uuid in _MAKERS and _plain(value) in secrets.pseudonyms:
        return value  # a machine that is called as its model is
    value = secrets.octets(value)
    if uuid == uuids.TRAINING_STATUS or (short not in DESCRIBED and short not in TEXTS):
        return _RUN.sub(lambda run: _TYPED.sub(b"x", run[0]), value)
    return value


def _recognised(secrets: _Secrets, event: events.Recognised) -> events.Recognised:
    """A file that is shipped is no secret; of a person's own only the figures are kept."""
    if event.model in known_machines():
        return event
    figures = {key: _figures(secrets.text, value) for key, value in event.facts.items() if key not in _WORDS}
    return events.Recognised(OWN_FILE, {"id": OWN_FILE, "model": "Treadmill", "summary": "", **figures})


_WORDS: Final = frozenset({"id", "model", "summary", "identity", "quirks"})


def _figures(text: Callable[[str], str], value: object) -> object:
    match value:
        case str():
            return text(value)
        case dict():
            return {key: _figures(text, inner) for key, inner in value.items()}
        case list():
            return [_figures(text, inner) for inner in value]
        case _:
            return value


def _plain(value: bytes) -> str | None:
    """Return a text without the padding that some machines send."""
    return value.decode("utf-8", errors="ignore").rstrip("\0 ") or None


def _octets(text: str, encoding: str = "utf-8") -> bytes:
    return text.encode(encoding, errors="replace")  # half a character, which JSON allows, has no octets


def _wide(pseudonym: str, secret: str) -> bytes:
    """Return a pseudonym in two octets for each character of the secret."""
    units = len(_octets(secret, "utf-16-le")) // 2
    return pseudonym[-units:].rjust(units, "x").encode("utf-16-le")


def _address_octets(address: str) -> bytes:
    return bytes.fromhex(re.sub("[:_-]", "", address))


def _spelt_anyhow(address: str) -> str:
    return "[:_-]?".join(f"{octet:02x}" for octet in _address_octets(address))


def secrets_in(captured: Captured) -> Mapping[str, tuple[str, ...]]:
    """Return what a capture tells of a machine and its owner, by kind, for a person to look at before sending it."""
    found: dict[str, dict[str, None]] = {"address": {}, "name": {}, "serial number": {}}
    for kind, secret in _tell(captured):
        if secret:
            found[kind].setdefault(secret)
    return {kind: tuple(values) for kind, values in found.items() if values}


def _tell(captured: Captured) -> Iterator[tuple[str, str | None]]:
    yield "address", captured.header.address
    yield "name", captured.header.name
    for _, event in captured.entries:
        match event:
            case events.Connecting():
                yield "address", event.address
                yield "name", event.name
            case events.Answered(uuid=uuids.SERIAL_NUMBER, value=bytes(value)):
                yield "serial number", _plain(value)
            case events.Answered(value=bytes(value)) if event.uuid == DEVICE_NAME:
                yield "name", _plain(value)
            case _:
                pass
