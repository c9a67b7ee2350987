"""What is asked of the procedure queue, and what it says: the vocabulary of procedures.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from backstride.protocol.control_point import StopOrPauseRequest

if TYPE_CHECKING:
    from backstride.protocol.control_point import Request


class Verdict(Enum):
    """How a procedure ended."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"  # the indication carries another result than Success
    WRITE_REFUSED = "write refused"  # an ATT error: the procedure never started
    UNANSWERED = "unanswered"
    SUPERSEDED = "superseded"  # a newer one of its kind took its place
    WITHDRAWN = "withdrawn"  # it was never written
    LINK_LOST = "link lost"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One asked-for procedure."""

    number: int
    request: Request

    @property
    def urgent(self) -> bool:
        """Stop and Pause overtake everything (S4)."""
        return isinstance(self.request, StopOrPauseRequest)


@dataclass(frozen=True, slots=True)
class Write:
    """Write this value to the control point now."""

    ticket: Ticket
    value: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """A procedure has ended; `result` is the result code and `att_error` the ATT error, where there was one."""

    ticket: Ticket
    verdict: Verdict
    result: int | None = None
    att_error: int | None = None
