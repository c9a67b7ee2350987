"""One write to the control point, with the pairing that a machine may demand for it (facts 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstride.errors import ProcedureRefused
from backstride.protocol.att import AttError
from backstride.protocol.control_point import RequestControl, StopOrPauseRequest

if TYPE_CHECKING:
    from backstride.driver.uplink import Uplink
    from backstride.protocol.tickets import Write

_PAIRING_MENDS: Final = frozenset(
    {AttError.INSUFFICIENT_AUTHENTICATION, AttError.INSUFFICIENT_ENCRYPTION, AttError.INSUFFICIENT_ENCRYPTION_KEY_SIZE}
)


async def carry(uplink: Uplink, write: Write) -> None:
    """Write, and pair where the machine demands it.

    A write that was refused for want of pairing never started. It is made again if it moves nothing or stops the
    belt; a Start or a target is not, because pairing may take a person half a minute (S1).

    Raises:
        ProcedureRefused: The machine refused the write.
        MachineError: It did not get there, or nobody knows.
    """
    try:
        await uplink.write_control(write.value)
    except ProcedureRefused as refused:
        if refused.att_error not in _PAIRING_MENDS or not await uplink.pair():
            raise
        if not isinstance(write.ticket.request, RequestControl | StopOrPauseRequest):
            raise
        await uplink.write_control(write.value)
