"""Finding out, once connected, what machine this is and what it can do (facts 11, collector start-up order)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from backstride.errors import DecodeError, NotATreadmill, NotFound
from backstride.machines.capabilities import Capabilities, capabilities
from backstride.machines.recognition import recognise
from backstride.protocol import uuids
from backstride.protocol.features import Features, MachineFeature, TargetSetting, decode_features
from backstride.protocol.ranges import decode_inclination_range, decode_speed_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstride.driver.link import Link
    from backstride.machines.facts import MachineFacts

Decoded = TypeVar("Decoded")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a machine says it is; equal identities are the same machine (S12).

    Attributes:
        address: Bluetooth address, or the identifier the system gives instead (macOS).
        name: Advertised name, or None.
    """

    address: str
    name: str | None
    manufacturer: str | None
    model_number: str | None
    firmware: str | None
    features: Features


async def identify(
    link: Link, address: str, name: str | None, facts: MachineFacts | None
) -> tuple[Identity, MachineFacts, Capabilities]:
    """Read features, ranges and Device Information over an open link.

    Optional values that read empty or not at all are taken as unknown: a machine must not be unusable for one of them
    (Horizon 7.4AT: Training Status reads empty).

    Args:
        link: The open link.
        address: Address of the device.
        name: Its advertised name.
        facts: The machine file to use, or None to recognise it.

    Raises:
        NotATreadmill: The device has no Treadmill Data.
        Disconnected: The link was lost meanwhile.
    """
    if not link.properties(uuids.TREADMILL_DATA):
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
        firmware=await _text(link, uuids.FIRMWARE_REVISION),
        features=features or Features(MachineFeature(0), TargetSetting(0)),
    )
    if facts is None:
        facts = recognise(
            name=name,
            manufacturer=identity.manufacturer,
            model_number=identity.model_number,
            firmware=identity.firmware,
        )
    able = capabilities(
        facts,
        identity.features,
        await _decoded(link, uuids.SUPPORTED_SPEED_RANGE, decode_speed_range),
        await _decoded(link, uuids.SUPPORTED_INCLINATION_RANGE, decode_inclination_range),
        has_control_point=bool(link.properties(uuids.CONTROL_POINT)),
    )
    return identity, facts, able


async def require_same(link: Link, known: Identity, facts: MachineFacts) -> None:
    """Make sure that the machine at the other end is the one we know (S12).

    Raises:
        NotFound: It is another one.
        Disconnected: The link was lost meanwhile.
    """
    identity, _, _ = await identify(link, known.address, known.name, facts)
    if identity != known:
        raise NotFound("Another machine answers under the treadmill's address; nothing was started on it.")


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
