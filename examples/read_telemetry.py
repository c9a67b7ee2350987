"""Read what a treadmill reports: connect, and print ten states.

Here the treadmill is simulated and somebody presses Start on its console; with a real one, pass what
`Discovery().find("name")` returns instead.
"""

import asyncio

from backstride import Machine, SimulatedTreadmill


async def main() -> None:
    """Connect and read; nothing is started by this program."""
    treadmill = SimulatedTreadmill()
    async with Machine.connect(treadmill) as machine:
        print(f"Connected to {machine.name}, a {machine.capabilities.model}")
        treadmill.console.press_start()
        count = 0
        async for state in machine.states():
            print(f"{state.speed}, {state.incline}, {state.distance}, moving: {state.standing is False}")
            count += 1
            if count == 10:
                break


if __name__ == "__main__":
    asyncio.run(main())
