"""Show every treadmill on an MQTT broker, live. Needs the extra [mqtt]; docs/mqtt.md explains the topics.

python mqtt_dashboard.py broker.example 1883
"""

import asyncio
import json
import sys

import aiomqtt

TOPICS = "backstride/v1/treadmill/+"


async def main(host: str = "localhost", port: int | str = 1883) -> None:
    """Draw the table anew whenever something changes."""
    treadmills: dict[str, dict[str, dict[str, object]]] = {}
    async with aiomqtt.Client(host, int(port)) as client:
        for what in ("state", "session"):
            await client.subscribe(f"{TOPICS}/{what}", qos=1)  # both are retained: the last ones come at once
        async for message in client.messages:
            name, what = message.topic.value.split("/")[-2:]
            treadmills.setdefault(name, {"state": {}, "session": {}})[what] = json.loads(message.payload)
            print("\x1b[2J\x1b[H" + "\n".join(row(name, **treadmills[name]) for name in sorted(treadmills)), flush=True)


def row(name: str, state: dict[str, object], session: dict[str, object]) -> str:
    """Return one line; what is not known is shown as a dash, never as zero."""
    values = [state.get("speed_km_h"), state.get("incline_percent"), state.get("session_distance_m")]
    shown = ["-" if value is None or state.get("stale") else f"{value:.1f}" for value in values]
    return "{:24} {:>6} km/h {:>5} % {:>7} m  {} {}".format(name, *shown, session.get("state"), session.get("label"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
