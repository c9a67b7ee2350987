"""A real broker on this computer: Mosquitto where it is installed, and the embedded amqtt where it is not.

And somebody on it who is no part of Backstride: what a stranger's client sees and does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiomqtt
import pytest
from aiomqtt.client import ProtocolVersion

from tests.support.bench import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    Carrier = Callable[[bytes], bytes]

HOST = "127.0.0.1"
MOSQUITTO = shutil.which("mosquitto") or (found if Path(found := "/usr/sbin/mosquitto").exists() else None)
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="amqtt has no such feature; Mosquitto is not installed")
UP_WITHIN = 10.0
PORTS = range(15_000, 30_000)
"""Ports that no system takes for the near end of a connection: a port that was let go of is still free later."""


def free_port() -> int:
    while True:
        port = secrets.choice(PORTS)
        with contextlib.suppress(OSError), socket.create_server((HOST, port)):
            return port


@dataclass
class RealBroker:
    """A broker in a process of its own, which can be killed and started again on the same port.

    Attributes:
        lines: Further lines of Mosquitto's configuration.
        embedded: True to take amqtt even where Mosquitto is installed.
    """

    folder: Path
    lines: tuple[str, ...] = ()
    embedded: bool = MOSQUITTO is None
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://{HOST}:{self.port}"

    def start(self) -> None:
        log = (self.folder / "broker.log").open("ab")
        with log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log, cwd=self.folder)
        self._wait_until_up()

    def kill(self) -> None:
        """Kill it: nobody is told."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _command(self) -> list[str]:
        if self.embedded:
            return [sys.executable, str(Path(__file__).with_name("embedded_broker.py")), str(self.port)]
        file = self.folder / "mosquitto.conf"
        open_to_all = (
            () if any(line.startswith("allow_anonymous") for line in self.lines) else ("allow_anonymous true",)
        )
        as_root = ("user root",) if os.getuid() == 0 else ()  # else it becomes a user who may not read our files
        lines = (*as_root, f"listener {self.port} {HOST}", *self.lines, *open_to_all)
        file.write_text("\n".join(lines) + "\n")
        return [str(MOSQUITTO), "-c", str(file)]

    def _wait_until_up(self) -> None:
        ends = time.monotonic() + UP_WITHIN
        while True:
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "broker.log").read_text()
            with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 0.2):
                return
            assert time.monotonic() < ends, "the broker does not come up"
            time.sleep(0.02)


@contextlib.contextmanager
def running_broker(folder: Path, *lines: str, **more: Any) -> Iterator[RealBroker]:  # noqa: ANN401 - fields of it
    broker = RealBroker(folder, lines, **more)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


class Gate:
    """A way to the broker that can be shut: both ends are cut off without a word, as by a cable."""

    def __init__(self, broker: RealBroker) -> None:
        self._broker = broker
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task[None]] = set()
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"mqtt://{HOST}:{self.port}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._relay, HOST, self.port)

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for relay in tuple(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        onward: asyncio.StreamWriter | None = None
        try:
            back, onward = await asyncio.open_connection(HOST, self._broker.port)
            carry, bring_back = self._carriers(onward)
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(reader, onward, carry))
                group.create_task(_copy(back, writer, bring_back))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._relays.discard(task)
            for end in filter(None, (writer, onward)):
                end.transport.abort()

    def _carriers(self, onward: asyncio.StreamWriter) -> tuple[Carrier, Carrier]:  # noqa: ARG002 - for Way
        """Return what is done to the octets of a new client on their way there, and back: nothing."""
        return bytes, bytes


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, carry: Carrier) -> None:
    with contextlib.suppress(OSError):
        while octets := await reader.read(65536):
            writer.write(carry(octets))
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def gate(broker: RealBroker) -> AsyncIterator[Gate]:
    way = Gate(broker)
    await way.open()
    try:
        yield way
    finally:
        await way.shut()


@dataclass
class Stranger:
    """Somebody on the broker who hears everything."""

    client: aiomqtt.Client
    heard: list[aiomqtt.Message] = field(default_factory=list)
    sent: int = 0

    def on(self, topic: str) -> list[bytes]:
        """Return what came on topics that end so."""
        return [message.payload for message in self.heard if str(message.topic).endswith(topic)]

    def last(self, topic: str) -> dict[str, Any]:
        """Return the latest object that came on a topic that ends so."""
        return json.loads(self.on(topic)[-1])  # type: ignore[no-any-return]

    def names(self) -> list[str]:
        """Return the treadmills of which a state came."""
        return sorted({str(m.topic).split("/")[3] for m in self.heard if str(m.topic).endswith("/state")})

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event for event in map(json.loads, self.on("/event")) if event["event"] == name]

    async def publish(self, topic: str, payload: bytes | str = b"", *, retain: bool = False, qos: int = 1) -> None:
        await self.client.publish(f"backstride/v1/{topic}", payload, qos, retain)

    async def command(self, treadmill: str, command: str, **values: object) -> str:
        """Send a command as docs/mqtt.md tells it; return its id."""
        self.sent += 1
        caller = str(values.pop("id", f"stranger-{id(self):x}-{self.sent}"))
        order = {"id": caller, "sent_at": time.time(), "command": command, **values}
        await self.publish(f"treadmill/{treadmill}/command", json.dumps(order))
        return caller

    def answers(self, caller: str) -> list[dict[str, Any]]:
        return [answer for answer in map(json.loads, self.on("/answer")) if answer["id"] == caller]

    async def ask(self, treadmill: str, command: str, **values: object) -> dict[str, Any]:
        """Send a command, and wait for its answer."""
        caller = await self.command(treadmill, command, **values)
        await self.until(lambda: bool(self.answers(caller)), 120)
        return self.answers(caller)[0]

    async def until(self, holds: Callable[[], bool], within: float = 60.0) -> None:
        await until(holds, within)


@contextlib.asynccontextmanager
async def stranger(
    broker: RealBroker, topic: str = "#", protocol: ProtocolVersion = ProtocolVersion.V311
) -> AsyncIterator[Stranger]:
    """Be on the broker during the block; it may go down meanwhile."""
    async with aiomqtt.Client(HOST, broker.port, protocol=protocol, timeout=100) as client:
        somebody = Stranger(client)
        await client.subscribe(topic, qos=1)
        listening = asyncio.create_task(_listen(client, somebody.heard))
        try:
            yield somebody
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    if (ended := client._disconnected).done():  # noqa: SLF001 - a broker that was killed is an end that nobody asks for
        ended.exception()


async def _listen(client: aiomqtt.Client, heard: list[aiomqtt.Message]) -> None:
    with contextlib.suppress(aiomqtt.MqttError):
        async for message in client.messages:
            heard.append(message)  # noqa: PERF401 - it never ends
