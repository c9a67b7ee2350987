"""Walk a shipped profile from a script, and print what happens.

On a simulator nobody needs to agree to the start. On a real treadmill a person must: pass ``person=``.
"""

import asyncio

from backstride import Machine, SimulatedTreadmill, run_session


async def main() -> None:
    """Walk the bouts of an active recovery on a simulated treadmill."""
    async with Machine.connect(SimulatedTreadmill()) as machine:
        summary = await run_session(
            machine, "active-recovery", on_event=lambda event, at: print(f"{at:6.1f} s  {event.name}")
        )
    print(f"{summary.ending}: {summary.distance:.0f} m in {summary.duration:.0f} s, best {summary.best_speed}")


if __name__ == "__main__":
    asyncio.run(main())
