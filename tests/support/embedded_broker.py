"""The embedded broker in a process of its own: ``python embedded_broker.py PORT``."""

from __future__ import annotations

import asyncio
import sys

from amqtt.broker import Broker  # type: ignore[import-untyped]  # it has no type information


async def serve(port: int) -> None:
    listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 50}}
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    broker = Broker({"listeners": listeners, "plugins": plugins})
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
