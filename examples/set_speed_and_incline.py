"""Start a belt, set speed and incline, and see what has come of each command.

An outcome is Confirmed (the machine said so and telemetry shows it), Rejected, or Unknown.
"""

import asyncio

from backstride import Incline, Machine, SafetyError, SimulatedTreadmill, Speed


async def main() -> None:
    """Walk for a few seconds; leaving the block stops the belt in any case."""
    async with Machine.connect(SimulatedTreadmill()) as machine:
        speeds, inclines = machine.capabilities.speed, machine.capabilities.incline
        if speeds is None or inclines is None:
            print(machine.capabilities.no_speed, machine.capabilities.no_incline)
            return
        try:
            await machine.set_speed(speeds.minimum)
        except SafetyError as refusal:
            print(f"Refused, as it should be: {refusal}")
        print("start:", await machine.start())
        print("speed:", await machine.set_speed(speeds.snap(Speed.parse("1.2 mph"))))
        print("incline:", await machine.set_incline(inclines.snap(Incline.parse("2 %"))))
        print("stop:", await machine.stop())


if __name__ == "__main__":
    asyncio.run(main())
