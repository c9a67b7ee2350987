"""What a fitness machine says of itself before anybody connects: its service data (FTMS 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from backstride.errors import DecodeError, EncodeError
from backstride.protocol.wire import UINT8, UINT16, Layout, Part

SERVICE_DATA_AD_TYPE: Final = 0x16
"""AD type "Service Data - 16-bit UUID"."""
AVAILABLE: Final = 0x01
"""Flag bit 0; the others are reserved."""

_SERVICE: Final = 0x1826
_HEADER: Final = Layout(Part("ad_length", UINT8), Part("ad_type", UINT8), Part("service_uuid16", UINT16))


class MachineType(IntFlag):
    """Bits of the Fitness Machine Type field (FTMS Table 3.2)."""

    TREADMILL = 1 << 0
    CROSS_TRAINER = 1 << 1
    STEP_CLIMBER = 1 << 2
    STAIR_CLIMBER = 1 << 3
    ROWER = 1 << 4
    INDOOR_BIKE = 1 << 5


DEFINED_TYPES: Final = 0x3F
"""Every bit that `MachineType` names."""


@dataclass(frozen=True, slots=True)
class ServiceData:
    """The service data of a fitness machine.

    Attributes:
        available: Whether a new session may begin; a machine in use clears it (FTMP 5.1.4).
        types: What the machine is. Empty if it does not say; then its data characteristics tell after connecting.
    """

    available: bool
    types: MachineType


def decode_service_data(payload: bytes) -> ServiceData:
    """Read what follows the UUID, as bleak hands it over: flags, then the type in two octets.

    Every type octet counts, whatever its place: some modules send them in reverse, some send one or none.

    Raises:
        DecodeError: Not even the flags are there.
    """
    if not payload:
        raise DecodeError("the service data is empty", field="flags")
    types = 0
    for octet in payload[1:]:
        types |= octet
    return ServiceData(bool(payload[0] & AVAILABLE), MachineType(types & DEFINED_TYPES))


def encode_service_data(data: ServiceData) -> bytes:
    """Return flags and type, 3 octets in the order of the specification. Raises EncodeError out of range."""
    if data.types & ~DEFINED_TYPES:
        raise EncodeError(f"{int(data.types):#06x} has bits that are no machine type")
    return UINT8.write(AVAILABLE if data.available else 0, "flags") + UINT16.write(data.types, "types")


def decode_advertising_structure(structure: bytes) -> ServiceData:
    """Read a whole AD structure: length, type 0x16, UUID 0x1826, service data.

    Raises:
        DecodeError: It is cut off, or the service data of something else.
    """
    length, ad_type, service = _HEADER.read(structure)
    if ad_type != SERVICE_DATA_AD_TYPE:
        raise DecodeError(f"AD type {ad_type:#04x} is not service data", field="ad_type", offset=1)
    if service != _SERVICE:
        raise DecodeError(f"service {service:04X} is not the Fitness Machine Service", field="service_uuid16", offset=2)
    if length > len(structure) - 1:
        raise DecodeError(f"{length} octets promised, {len(structure) - 1} there", field="ad_length")
    return decode_service_data(structure[_HEADER.size : length + 1])


def encode_advertising_structure(data: ServiceData) -> bytes:
    """Return the whole AD structure, 7 octets. Raises EncodeError out of range."""
    payload = encode_service_data(data)
    header = bytes((_HEADER.size - 1 + len(payload), SERVICE_DATA_AD_TYPE))
    return header + UINT16.write(_SERVICE, "service_uuid16") + payload
