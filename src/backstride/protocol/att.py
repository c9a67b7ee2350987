"""ATT error codes: why a server refused a read or a write itself, before any procedure began."""

from __future__ import annotations

from enum import IntEnum


class AttError(IntEnum):
    """Error codes of the Attribute Protocol; the last four are the common profile and service errors.

    FTMS defines none of its own (FTMS 1.6).
    """

    INVALID_HANDLE = 0x01
    READ_NOT_PERMITTED = 0x02
    WRITE_NOT_PERMITTED = 0x03
    INVALID_PDU = 0x04
    INSUFFICIENT_AUTHENTICATION = 0x05
    """The link must be paired first (FTMP 6.1)."""
    REQUEST_NOT_SUPPORTED = 0x06
    INVALID_OFFSET = 0x07
    INSUFFICIENT_AUTHORIZATION = 0x08
    PREPARE_QUEUE_FULL = 0x09
    ATTRIBUTE_NOT_FOUND = 0x0A
    ATTRIBUTE_NOT_LONG = 0x0B
    INSUFFICIENT_ENCRYPTION_KEY_SIZE = 0x0C
    INVALID_ATTRIBUTE_VALUE_LENGTH = 0x0D
    UNLIKELY_ERROR = 0x0E
    INSUFFICIENT_ENCRYPTION = 0x0F
    """The link is paired but not encrypted (FTMP 6.1)."""
    UNSUPPORTED_GROUP_TYPE = 0x10
    INSUFFICIENT_RESOURCES = 0x11
    DATABASE_OUT_OF_SYNC = 0x12
    VALUE_NOT_ALLOWED = 0x13
    WRITE_REQUEST_REJECTED = 0xFC
    CCCD_IMPROPERLY_CONFIGURED = 0xFD
    """A control point write came before its indications were switched on (FTMS 4.16.4)."""
    PROCEDURE_ALREADY_IN_PROGRESS = 0xFE
    """A control point write came before the answer to the one before (FTMS 4.16.3)."""
    OUT_OF_RANGE = 0xFF
