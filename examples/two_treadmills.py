"""Walk two people on two treadmills at once, from one program."""

import asyncio

from backstride import Machine, SimulatedTreadmill, run_session
from backstride.simulator.memory import Air


async def walk(name: str, treadmill: SimulatedTreadmill, profile: str) -> None:
    """Walk one profile on one treadmill."""
    async with Machine.connect(treadmill) as machine:
        summary = await run_session(machine, profile)
    print(f"{name}: {summary.ending}, {summary.distance:.0f} m on {machine.name}")


async def main() -> None:
    """Put two machines into the same air and walk on both."""
    air = Air()
    left = SimulatedTreadmill("generic", name="Left", air=air)
    right = SimulatedTreadmill("technogym-myrun", air=air)
    async with asyncio.TaskGroup() as walks:
        walks.create_task(walk("Ann", left, "active-recovery"))
        walks.create_task(walk("Ben", right, "active-recovery"))


if __name__ == "__main__":
    asyncio.run(main())
