"""A Bluetooth adapter that needs no radio and no root: a controller on a virtual link, behind a Unix socket."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bumble.controller import Controller
from bumble.transport.common import StreamPacketSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backstride.simulator.virtual_link import VirtualLink


class _Wire(StreamPacketSource):
    """The controller's end of the socket: HCI packets in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None

    def on_packet(self, packet: bytes) -> None:
        if self._transport is not None:
            self._transport.write(packet)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def unix_adapter(link: VirtualLink) -> AsyncIterator[str]:
    """Offer an adapter on `link` to one program during the block; yield the transport's name for it."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own may be too long for the name of a socket
        path, wire = Path(folder) / "hci", _Wire()
        server = await asyncio.get_running_loop().create_unix_server(lambda: wire, path)
        controller = Controller("adapter", wire, wire, link)
        try:
            yield f"unix:{path}"
        finally:
            link.lose_links(controller)
            link.remove_controller(controller)
            wire.close()
            server.close()
            await server.wait_closed()
