"""Which bridge drives which treadmill, as the bridges themselves say. Pure.

A claim holds while its bridge is online. Of two that claim one treadmill at the same time, the earlier has it, and of
two at the same instant the one that comes first in the alphabet; so each comes to the same result by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from backstride.apps.mqtt.payloads import Claim

MOST_KEPT: Final = 10_000
"""Treadmills of others, and bridges, that are kept in mind: of a flood of more the rest is passed over."""


class Claims:
    """What is known of the claims on one broker.

    Args:
        bridge: Our own name.
    """

    def __init__(self, bridge: str) -> None:
        self._bridge = bridge
        self._claims: dict[str, Claim] = {}
        self._online: dict[str, bool] = {}

    def forget(self) -> None:
        """Forget everything: a new connection tells what holds now."""
        self._claims.clear()
        self._online.clear()

    def hear_claim(self, treadmill: str, claim: Claim | None) -> None:
        """Take a claim, or None for one that was taken back; our own is nobody else's."""
        if claim is None:
            self._claims.pop(treadmill, None)
        elif claim.bridge != self._bridge and (treadmill in self._claims or len(self._claims) < MOST_KEPT):
            self._claims[treadmill] = claim

    def hear_bridge(self, bridge: str, *, online: bool) -> None:
        """Take note whether a bridge is there."""
        if bridge in self._online or len(self._online) < MOST_KEPT:
            self._online[bridge] = online

    def is_online(self, bridge: str) -> bool:
        """Tell whether a bridge says that it is there."""
        return self._online.get(bridge, False)

    def holder(self, treadmill: str) -> Claim | None:
        """Return the claim of another bridge that is there, or None if the treadmill is free."""
        claim = self._claims.get(treadmill)
        return claim if claim is not None and self.is_online(claim.bridge) else None

    def rival(self, treadmill: str, ours: Claim) -> Claim | None:
        """Return the claim of another bridge that goes before `ours`, or None if ours holds."""
        theirs = self.holder(treadmill)
        if theirs is None or (theirs.since, theirs.bridge) > (ours.since, ours.bridge):
            return None
        return theirs
