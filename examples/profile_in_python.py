"""Build a profile in Python, see what a machine makes of it, write it to a file, and walk it."""

import asyncio
import tempfile
from pathlib import Path

from backstride import Incline, Limits, Machine, Profile, Ramp, Repeat, SimulatedTreadmill, Speed, Steady, run_session
from backstride.apps.service import prepare
from backstride.workout.plan import step_label
from backstride.workout.profile import load_profile, to_yaml

PROFILE = Profile(
    name="Built in Python",
    summary="Two easy rounds",
    limits=Limits(speed=Speed.parse("2 mph")),
    steps=(
        Steady(duration=60.0, speed=Speed.parse("0.5 mph")),
        Ramp(duration=60.0, to=Speed.parse("1.5 mph"), incline=Incline.parse("1 %")),
        Repeat(times=2, steps=(Steady(duration=60.0, speed=Speed.parse("1.8 mph")), Steady(duration=30.0))),
        Ramp(duration=30.0, to=Speed.parse("0.5 mph"), incline=Incline(0)),
    ),
)


async def main() -> None:
    """Compile for a simulated treadmill, print the plan, walk it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "built.yaml"
        path.write_text(to_yaml(PROFILE), encoding="utf-8")
        print(f"As a file it reads the same: {load_profile(path) == PROFILE}")
    async with Machine.connect(SimulatedTreadmill()) as machine:
        for step in prepare(PROFILE, machine).plan.steps:
            print(f"{step.starts:6.0f} s  {step_label(step)}  {step.verdict}  {step.note}")
        summary = await run_session(machine, PROFILE)
    print(f"{summary.ending}: {summary.distance:.0f} m")


if __name__ == "__main__":
    asyncio.run(main())
