"""Finding out, once connected, what machine this is and what it can do (facts 11, collector start-up order)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from backstride.errors import DecodeError, NotATreadmill
from backstride.machines.capabilities import Capabilities, capabilities
from backstride.machines.facts import WireUnit
from backstride.machines.recognition import recognise, unsupported_by
from backstride.protocol import uuids
from backstride.protocol.features import Features, MachineFeature, TargetSetting, decode_features
from backstride.protocol.ranges import decode_inclination_range, decode_speed_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.driver.link import Link
    from backstride.machines.facts import MachineFacts
    from backstride.protocol.ranges import InclinationRange, SpeedRange

Decoded = TypeVar("Decoded")

_UNTOLD: Final = Features(MachineFeature(0), TargetSetting(0))  # what no treadmill says in earnest


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a machine says it is. None is what it did not say, or what could not be read.

    Attributes:
        address: Bluetooth address, or the identifier the system gives instead (macOS).
        name: Advertised name.
    """

    address: str
    name: str | None
    manufacturer: str | None
    model_number: str | None
    serial_number: str | None
    firmware: str | None
    features: Features
    speed_range: SpeedRange | None
    inclination_range: InclinationRange | None

    def is_told_by(self, other: Identity) -> bool:
        """Tell whether `other` says any of what is known of this machine: a link that is dying reads nothing at all."""
        known = [ours for _, ours, _ in self._facets(other)]
        told = [theirs for _, ours, theirs in self._facets(other) if _is_told(ours) and _is_told(theirs)]
        return bool(told) or not any(map(_is_told, known))

    def difference(self, other: Identity) -> str | None:
        """Return in words what tells `other` from this machine, or None if it is the same one (S12).

        What one of them does not say proves nothing. Under another address only the serial number proves that it is the
        same machine: gyms have rows of one model.
        """
        if not _same_name(self.name, other.name):
            return f"it is called {other.name!r}, not {self.name!r}"
        for what, ours, theirs in self._facets(other):
            if _is_told(ours) and _is_told(theirs) and ours != theirs:
                words = f" {theirs!r}, not {ours!r}" if isinstance(theirs, str) else " another one"
                return f"its {what} is{words}"
        if self.address.upper() != other.address.upper() and None in {self.serial_number, other.serial_number}:
            return f"its address is {other.address}, and no serial number proves that it is the same"
        return None

    def _facets(self, other: Identity) -> tuple[tuple[str, object, object], ...]:
        """Return what is read from a machine: what it is called, ours, and that of `other`."""
        return (
            ("manufacturer", self.manufacturer, other.manufacturer),
            ("model number", self.model_number, other.model_number),
            ("serial number", self.serial_number, other.serial_number),
            ("firmware", self.firmware, other.firmware),
            ("set of features", self.features, other.features),
            ("range of speed", self.speed_range, other.speed_range),
            ("range of incline", self.inclination_range, other.inclination_range),
        )


def _is_told(facet: object) -> bool:
    return facet not in {None, _UNTOLD}


def _same_name(name: str | None, other: str | None) -> bool:
    """Tell whether two names may be one: an advertisement may cut a name short."""
    if name is None or other is None:
        return True
    return name.startswith(other) or other.startswith(name)


async def identify(
    link: Link, address: str, name: str | None, facts: MachineFacts | None, console: WireUnit = WireUnit.KMH
) -> tuple[Identity, MachineFacts, Capabilities]:
    """Read features, ranges and Device Information over an open link.

    Optional values that read empty or not at all are taken as unknown: a machine must not be unusable for one of them
    (Horizon 7.4AT: Training Status reads empty).

    Args:
        link: The open link.
        address: Address of the device.
        name: Its advertised name.
        facts: The machine file to use, or None to recognise it.
        console: What its console is set to.

    Raises:
        NotATreadmill: The device has no Treadmill Data, or is known to take no commands there.
        Disconnected: The link was lost meanwhile.
    """
    offers_service = bool(link.properties(uuids.TREADMILL_DATA))
    if facts is None and (unsupported := unsupported_by(name, offers_service=offers_service)) is not None:
        raise NotATreadmill(f"{name}: {unsupported.sentence}")
    if not offers_service:
        raise NotATreadmill(
            f"{name or address} offers no Treadmill Data: it is another kind of machine, or speaks only its maker's "
            "own protocol."
        )
    if name is not None and name.replace("-", ":").upper() == address.upper():
        name = None  # BlueZ calls a machine without a name by its address
    features = await _decoded(link, uuids.FITNESS_MACHINE_FEATURE, decode_features)
    identity = Identity(
        address=address,
        name=name,
        manufacturer=await _text(link, uuids.MANUFACTURER_NAME),
        model_number=await _text(link, uuids.MODEL_NUMBER),
        serial_number=await _text(link, uuids.SERIAL_NUMBER),
        firmware=await _text(link, uuids.FIRMWARE_REVISION),
        features=features or _UNTOLD,
        speed_range=await _decoded(link, uuids.SUPPORTED_SPEED_RANGE, decode_speed_range),
        inclination_range=await _decoded(link, uuids.SUPPORTED_INCLINATION_RANGE, decode_inclination_range),
    )
    if facts is None:
        facts = recognise(
            name=name,
            manufacturer=identity.manufacturer,
            model_number=identity.model_number,
            firmware=identity.firmware,
            offers_service=True,
        )
    facts = facts.with_console(console)
    able = capabilities(
        facts,
        identity.features,
        identity.speed_range,
        identity.inclination_range,
        has_control_point=bool(link.properties(uuids.CONTROL_POINT)),
    )
    return identity, facts, able


async def _text(link: Link, uuid: str) -> str | None:
    value = await link.read(uuid)
    if value is None:
        return None
    return value.decode("utf-8", errors="replace").rstrip("\0 ") or None  # Yesoul pads with NUL (quirks, entry 1)


async def _decoded(link: Link, uuid: str, decode: Callable[[bytes], Decoded]) -> Decoded | None:
    value = await link.read(uuid)
    try:
        return None if value is None else decode(value)
    except DecodeError:
        return None
