"""`make demo-mqtt`: three simulated treadmills on an embedded broker, driven over it, on the dashboard of examples/."""

from __future__ import annotations

import asyncio
import contextlib
import json
import runpy
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiomqtt

HERE = Path(__file__).parent
DASHBOARD = HERE.parents[1] / "examples" / "mqtt_dashboard.py"
HOST = "127.0.0.1"
COMMANDS = "backstride/v1/treadmill"
APPEAR_WITHIN = 30.0
"""Seconds for the bridge to load and to offer its first treadmill."""


async def show(port: int, seconds: float) -> None:
    """Start the session of every treadmill, and show them all from the first one on; stop them all at the end."""
    async with aiomqtt.Client(HOST, port, timeout=30) as client:
        await client.subscribe(f"{COMMANDS}/+/capabilities", qos=1)
        dashboard = asyncio.create_task(runpy.run_path(str(DASHBOARD))["main"](HOST, port))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(APPEAR_WITHIN) as limit:
                ends = None
                async for message in client.messages:
                    if ends is None:
                        ends = asyncio.get_running_loop().time() + seconds
                        limit.reschedule(ends)
                    treadmill = message.topic.value.split("/")[3]
                    order = {"id": f"demo-{treadmill}", "sent_at": time.time(), "command": "start"}
                    await client.publish(f"{COMMANDS}/{treadmill}/command", json.dumps(order), qos=1)
        await client.publish("backstride/v1/all/stop", qos=1)
        await asyncio.sleep(4.0)
        dashboard.cancel()
        await asyncio.gather(dashboard, return_exceptions=True)
    print("Everything was stopped with one message on backstride/v1/all/stop.")  # noqa: T201 - it is for reading


def main(seconds: float) -> None:
    """Run broker and bridge as processes of their own, and show what they do for so long."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        port = bound.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        log = stack.enter_context((Path(folder) / "log").open("wb"))
        bridge = (
            f"bridge --simulated generic:3 --allow-start --name demo --broker mqtt://{HOST}:{port} --record {folder}"
        )
        for command in ([str(HERE / "embedded_broker.py"), str(port)], ["-m", "backstride", *bridge.split()]):
            process = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log, cwd=folder)
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)
            _wait_for(port)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(show(port, seconds))


def _wait_for(port: int) -> None:
    ends = time.monotonic() + 15.0
    while time.monotonic() < ends:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 0.2):
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
