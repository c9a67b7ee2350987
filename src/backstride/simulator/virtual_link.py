"""Radio without a radio: bumble controllers in this process that hear one another, and one that the kernel can have.

bumble is an extra: only this module, `hci` and `att_server` import it.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

from bumble import ll
from bumble.controller import Controller
from bumble.core import InvalidArgumentError, PhysicalTransport
from bumble.hci import HCI_ErrorCode, LeFeatureMask
from bumble.link import LocalLink
from bumble.transport import open_transport

from backstride.simulator.link import SUPERVISION_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bumble.controller import Connection
    from bumble.hci import Address

SETTLING: Final = 0.05
"""Seconds from a connection to the exchange that follows it.

Sooner, the kernel may have the ATT channel ready before bluetoothd has heard of the connection; bluetoothd then says
"already connected", and the connection is never announced (bumble on one machine is faster than any radio).
"""


class VirtualLink(LocalLink):
    """A space in which controllers hear one another, and out of whose range they can be taken."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # bumble's is
        self._out_of_range: dict[Controller, asyncio.TimerHandle] = {}

    def controller(self, name: str) -> Controller:
        """Return a new controller on this link."""
        return Controller(name, link=self)

    def take_out_of_range(self, controller: Controller) -> None:
        """Let nothing reach `controller` or come from it; after the supervision timeout its links are lost."""
        if controller not in self._out_of_range:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(SUPERVISION_TIMEOUT, self.lose_links, controller)
            self._out_of_range[controller] = timer

    def bring_into_range(self, controller: Controller) -> None:
        """Let the air carry again; what was sent meanwhile is gone but for what the controllers would have repeated."""
        timer = self._out_of_range.pop(controller, None)
        if timer is not None:
            timer.cancel()

    def lose_links(self, controller: Controller) -> None:
        """Let both ends of each of its links find at once that the other is gone."""
        for connection in list(controller.le_connections.values()):
            self._lose(controller, connection)

    # What bumble's controllers call

    def send_acl_data(
        self, sender_controller: Controller, destination_address: Address, transport: PhysicalTransport, data: bytes
    ) -> None:
        """Carry data, unless one end is out of range."""
        if self._carries(sender_controller, destination_address):
            super().send_acl_data(sender_controller, destination_address, transport, data)

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """Carry an advertisement or a connection request to whoever is in range."""
        loop = asyncio.get_running_loop()
        for controller in self.controllers - {sender_controller}:
            if not {sender_controller, controller} & self._out_of_range.keys():
                loop.call_soon(controller.on_ll_advertising_pdu, packet)

    def send_ll_control_pdu(self, sender_address: Address, receiver_address: Address, packet: ll.ControlPdu) -> None:
        """Carry a control PDU; the first one after a connection only when the hosts have taken note of it."""
        sender = self.find_le_controller(sender_address)
        if sender is not None and not self._carries(sender, receiver_address):
            return
        loop = asyncio.get_running_loop()
        if isinstance(packet, ll.FeatureReq):
            loop.call_later(SETTLING, self._deliver, sender_address, receiver_address, packet)
        else:
            self._deliver(sender_address, receiver_address, packet)

    def _deliver(self, *pdu: Any) -> None:  # noqa: ANN401 - what bumble's own method takes
        with contextlib.suppress(InvalidArgumentError):  # the receiver is gone in the meantime
            super().send_ll_control_pdu(*pdu)

    def _carries(self, sender: Controller, receiver_address: Address) -> bool:
        receiver = self.find_le_controller(receiver_address)
        return not {sender, receiver} & self._out_of_range.keys()

    def _lose(self, controller: Controller, connection: Connection) -> None:
        """Let both ends find that nothing came for too long (Core Vol 6 B 4.5.2)."""
        peer = self.find_le_controller(connection.peer_address)
        controller.on_le_disconnected(connection, HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        if peer is None:
            return
        for other in list(peer.le_connections.values()):
            if other.peer_address == connection.self_address:
                peer.on_le_disconnected(other, HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


@contextlib.asynccontextmanager
async def kernel_adapter(link: VirtualLink, transport: str = "vhci") -> AsyncIterator[Controller]:
    """Give the operating system a Bluetooth adapter on `link`; it is gone after the block.

    Linux takes a controller without a public address for one with a static random address. It waits for the enhanced
    event of a new connection where a controller has one of two features; bumble's controller never sends that event, so
    it must not have them.
    """
    async with await open_transport(transport) as hci:
        controller = Controller("adapter", hci.source, hci.sink, link)
        controller.le_features &= ~(LeFeatureMask.LL_PRIVACY | LeFeatureMask.LE_EXTENDED_ADVERTISING)
        try:
            yield controller
        finally:
            link.lose_links(controller)
            link.remove_controller(controller)
