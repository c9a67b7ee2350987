"""Show every treadmill on an MQTT broker, live (docs/mqtt.md): `python mqtt_dashboard.py broker.example 1883`."""

import asyncio
import json
import sys

import aiomqtt

COLUMNS = ("speed_km_h", "incline_percent", "session_distance_m", "state", "label")


async def main(host: str = "localhost", port: int | str = 1883) -> None:
    """Draw the table whenever something changes; say it where there is no broker that could tell."""
    while True:
        try:
            await show(host, int(port))
        except aiomqtt.MqttError as error:
            print(f"\x1b[2J\x1b[HNobody sees the belts from here: {error}", flush=True)
            await asyncio.sleep(2)


async def show(host: str, port: int) -> None:
    """Draw the table until the connection is lost."""
    told: dict[str, str] = {}  # what was true before this connection may not be any more
    async with aiomqtt.Client(host, port) as client:
        await client.subscribe("backstride/v1/+/+/+", qos=1)  # what is retained comes at once
        async for message in client.messages:
            told[str(message.topic).removeprefix("backstride/v1/")] = bytes(message.payload).decode(errors="replace")
            rows = [row(told, topic.removesuffix("/claim")) for topic in sorted(told) if topic.endswith("/claim")]
            print("\x1b[2J\x1b[H" + "\n".join(rows), flush=True)


def row(told: dict[str, str], where: str) -> str:
    """Return one line; what is not known, may be old, or is seen by nobody is a dash, never zero."""
    state, session, claim = (json.loads(told.get(f"{where}/{one}") or "{}") for one in ("state", "session", "claim"))
    bridge = told.get(f"bridge/{claim.get('bridge')}/availability")
    seen = bridge == told.get(f"{where}/availability") == "online" and not state.get("stale", True)
    shown = ["-" if not seen or value is None else value for value in map({**state, **session}.get, COLUMNS)]
    return "{:36} {:>6} km/h {:>5} % {:>7} m  {} {}".format(where, *shown)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
