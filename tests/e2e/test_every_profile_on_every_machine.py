"""Every shipped profile on every machine file, judged by the peripheral: the belt's own log and what was written to it.

What a step should be is read from the profile here once more, and not taken from the plan that the program made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.service import run_session
from backstride.driver.machine import Machine
from backstride.errors import PlanError
from backstride.machines.facts import known_machines
from backstride.simulator.treadmill import SimulatedTreadmill
from backstride.units import Incline, Speed
from backstride.workout.events import Ended, Ending, SessionEvent, StepStarted
from backstride.workout.profile import Facing, Profile, Ramp, Repeat, Stand, Steady, load_profile, shipped_profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backstride.simulator.traffic import ControlWrite
    from backstride.workout.profile import Step

EXAMPLE = Path(__file__).parents[1] / "data" / "profile-example.yaml"

MPH = 1.609344
GENTLE_PER_SECOND = 0.2 * MPH  # km/h gained in any second facing backward (S8)
GENTLE_CHANGE = 0.5 * MPH  # km/h in one change (S8)
BETWEEN_CHANGES = 5.0  # seconds (S8)
BACKWARD_SPEED, BACKWARD_INCLINE = 3.6 * MPH, 10.0  # unless the profile says otherwise (S7)
A_LITTLE = 1e-6
ROUNDING = 0.011  # km/h: a number on the wire, and its conversion from mph

BRISK = Profile(
    name="Brisk",
    facing=Facing.BACKWARD,
    steps=(
        Steady(duration=30.0, speed=Speed.from_kmh("2.0"), incline=Incline(0)),
        Ramp(duration=60.0, to=Speed.from_kmh("3.4")),
        Steady(duration=40.0, speed=None),
        Stand(until_confirmed=True),
        Steady(duration=30.0, speed=Speed.from_kmh("2.6"), facing=Facing.FORWARD),
        Steady(duration=30.0, speed=Speed.from_kmh("3.6")),
    ),
)
"""For machines whose slowest speed is above that of every shipped profile."""

CLIMB = Profile(
    name="Climb",
    facing=Facing.BACKWARD,
    steps=(
        Steady(duration=40.0, speed=Speed.from_kmh("2.0"), incline=Incline(20)),
        Ramp(duration=60.0, to=Speed.from_kmh("2.6"), incline=Incline(60)),
        Steady(duration=40.0, incline=Incline(10)),
    ),
)
"""For a machine with incline steps of 1 %."""

UNFIT = {
    "bowflex-t9", "horizon-paragon-x", "jtx-sprint-5", "reebok-fr30z", "sole-f85", "sperax-rm-01", "xterra-t85",
    "npe-runn",
    "mobvoi-treadmill-plus", "urevo-spacewalk-e3",
    "domyos-ts100",
}  # fmt: skip
"""They do not obey speeds; have no control point; cannot be seen to stand; have too steep a deck."""

OBEDIENT = set(known_machines()) - UNFIT
RUNS_ON = {
    "brisk": OBEDIENT,
    "climb": {"generic", "bh-t01", "horizon-omega-z", "matrix-performance", "ronning-x27-pro", "technogym-myrun"},
    "first-steps": OBEDIENT - {"fitshow-dbt-pad", "kingsmith-z1", "ronning-x27-pro"},  # 0.5 mph is too slow for these
    "retro-walk": {"generic", "bh-t01", "horizon-omega-z", "matrix-performance", "technogym-myrun"},
}
"""What must not be refused."""

PROFILES: dict[str, Profile | str] = {
    **{name: name for name in shipped_profiles()},
    "profile-example": str(EXAMPLE),
    "brisk": BRISK,
    "climb": CLIMB,
}


THOROUGH = (
    "generic", "bh-t01", "citysports-pad", "fitshow-dbt-pad", "horizon-omega-z", "horizon-t202", "kettler",
    "kingsmith-z1", "matrix-performance", "ronning-x27-pro", "sole-f85", "technogym-myrun", "xterra-t85",
    "yesoul-w2-pro", "ypoo-mini-pro",
)  # fmt: skip
"""They differ most, in what they take, tell and obey, and so walk every profile."""

DIFFERENT = ("brisk", "climb", "first-steps")
"""Every other machine walks these: to and fro with a stand, up a hill, and as slowly as can be."""

WALKS = [(name, model) for name in PROFILES for model in known_machines() if name in DIFFERENT or model in THOROUGH]
"""Every profile on every machine takes minutes: these three ask the rest for all that a profile can ask for."""


@dataclass(frozen=True)
class Wanted:
    """One step as the profile has it, with what it keeps from the step before; speeds in km/h, inclines in per cent.

    At its end the speed is to be `within` so many km/h of what it says; None where the belt stands.
    """

    walks: bool
    within: float | None
    facing: Facing
    speed: float
    incline: float


def wanted(profile: Profile) -> list[Wanted]:
    """Return every step of a profile in the order of walking."""
    steps: list[Wanted] = []
    speed, incline, facing = 0.0, 0.0, profile.facing
    for step in flat(profile.steps):
        facing = getattr(step, "facing", None) or facing
        if isinstance(step, Stand):
            steps.append(Wanted(walks=False, within=None, facing=facing, speed=0.0, incline=incline))
            continue
        asked = step.to if isinstance(step, Ramp) else step.speed
        speed = speed if asked is None else int(asked) / 100
        incline = incline if step.incline is None else int(step.incline) / 10
        within = 0.0 if isinstance(step, Steady) else GENTLE_CHANGE
        steps.append(Wanted(walks=True, within=within, facing=facing, speed=speed, incline=incline))
    return steps


def flat(steps: tuple[Step, ...]) -> Iterator[Steady | Ramp | Stand]:
    for step in steps:
        if isinstance(step, Repeat):
            for _ in range(step.times):
                yield from flat(step.steps)
        else:
            yield step


class Walked:
    """One finished walk, seen from the machine."""

    def __init__(self, treadmill: SimulatedTreadmill, profile: Profile) -> None:
        self.treadmill = treadmill
        self.profile = profile
        self.steps = wanted(profile)
        self.begun: list[float] = []
        self.ended: list[Ended] = []

    def heard(self, event: SessionEvent, _: float) -> None:
        if isinstance(event, StepStarted):
            assert event.step == len(self.begun), "the steps come in order, each once"
            self.begun.append(self.treadmill.now)
        elif isinstance(event, Ended):
            self.ended.append(event)

    def facing_at(self, time: float) -> Facing:
        """Return which way the walker faces: that of a stretch counts from the start of its belt on."""
        begun = [at for at, begin in enumerate(self.begun) if begin <= time + A_LITTLE]
        return self.steps[begun[-1]].facing if begun else self.steps[0].facing

    @property
    def stopped(self) -> float:
        """The instant of the Stop that ends the last step."""
        return next(write.time for write in self.writes(0x08) if write.time > self.begun[-1])

    def writes(self, op: int) -> list[ControlWrite]:
        return [write for write in self.treadmill.writes if write.value[0] == op]

    def target(self, write: ControlWrite) -> float:
        """Return the speed in km/h that the machine understands by a target."""
        number = Speed(int.from_bytes(write.value[1:3], "little"))
        return int(self.treadmill.facts.control.write_unit.from_wire(number)) / 100


async def walk(treadmill: SimulatedTreadmill, profile: Profile, walked: Walked) -> PlanError | None:
    """Walk; return the refusal if the profile cannot run on this machine."""
    async with Machine.connect(treadmill, facts=treadmill.facts) as machine:
        try:
            await run_session(machine, profile, on_event=walked.heard)
        except PlanError as refused:
            return refused
    return None


@pytest.mark.parametrize(("name", "model"), WALKS)
def test_a_profile_runs_to_the_end_or_is_refused_with_a_reason(
    virtual_time: Callable[..., Any], name: str, model: str
) -> None:
    """S1, S2, S3, S6, S7, S8 on the belt's own log."""
    source = PROFILES[name]
    profile = source if isinstance(source, Profile) else load_profile(source)
    treadmill = SimulatedTreadmill(model)
    walked = Walked(treadmill, profile)
    refused = virtual_time(walk(treadmill, profile, walked))
    if refused is not None:
        assert model not in RUNS_ON.get(name, ()), refused.reasons
        assert refused.reasons
        assert all(len(reason) > 20 for reason in refused.reasons)
        asked = treadmill.facts.control.requests if treadmill.facts.control.properties else 0
        assert [write.value.hex() for write in treadmill.writes] == ["00"] * asked, "refused before anything moves"
        assert len(treadmill.belt.log.breakpoints) == 1
        return
    assert [event.ending for event in walked.ended] == [Ending.FINISHED]
    assert walked.ended[0].belt_standing is True
    assert treadmill.belt.standing
    reaches_what_is_planned(walked)
    stays_inside_the_limits(walked)
    rises_gently(walked)
    starts_only_when_a_person_does(walked)
    writes_no_target_to_a_standing_belt(walked)


def reaches_what_is_planned(walked: Walked) -> None:
    """At the end of every step the belt is where the profile wants it, within one of its own steps.

    A ramp may be a gentle change behind.
    """
    log, facts = walked.treadmill.belt.log, walked.treadmill.facts
    speed_step = int(facts.speed.unit.from_wire(facts.speed.increment)) / 100
    assert len(walked.begun) == len(walked.steps)
    for step, end in zip(walked.steps, [*walked.begun[1:], None], strict=True):
        if step.within is None:
            continue
        at = (end if end is not None else walked.stopped) - 0.05
        assert log.speed_at(at) == pytest.approx(step.speed, abs=step.within + speed_step + ROUNDING)
        if facts.incline is not None and not step.within:
            incline_step = int(facts.incline.increment) / 10
            assert log.incline_at(at) == pytest.approx(step.incline, abs=incline_step + A_LITTLE)


def stays_inside_the_limits(walked: Walked) -> None:
    """S7: the machine's ends, the profile's limits, and the default limits facing backward."""
    log, facts, limits = walked.treadmill.belt.log, walked.treadmill.facts, walked.profile.limits
    fastest, steepest = int(facts.speed.fastest) / 100, 0.0 if facts.incline is None else facts.incline.maximum / 10
    for one in log.breakpoints:
        speed, incline = fastest, steepest
        if limits is not None and limits.speed is not None:
            speed = min(speed, int(limits.speed) / 100)
        elif walked.facing_at(one.time) is Facing.BACKWARD:
            speed = min(speed, BACKWARD_SPEED)
        if limits is not None and limits.incline is not None:
            incline = min(incline, int(limits.incline) / 10)
        elif walked.facing_at(one.time) is Facing.BACKWARD:
            incline = min(incline, BACKWARD_INCLINE)
        assert max(one.speed, one.target) <= speed + A_LITTLE
        assert max(one.incline, one.incline_target) <= incline + A_LITTLE


def rises_gently(walked: Walked) -> None:
    """S8, facing backward: at most 0.2 mph in any second, 0.5 mph in one change, 5 s between changes."""
    log = walked.treadmill.belt.log
    for one in log.breakpoints:
        for at in (one.time, one.time + 1):
            if walked.facing_at(at) is Facing.BACKWARD:
                assert log.speed_at(at) - log.speed_at(at - 1) <= GENTLE_PER_SECOND + A_LITTLE
    rises: list[float] = []
    for before, write in pairwise(sorted(walked.writes(0x07) + walked.writes(0x02), key=lambda write: write.time)):
        if write.value[0] == 0x07 or walked.facing_at(write.time) is not Facing.BACKWARD:
            continue
        current = walked.treadmill.belt.floor if before.value[0] == 0x07 else walked.target(before)
        change = walked.target(write) - current
        assert change <= GENTLE_CHANGE + ROUNDING
        if change > ROUNDING:
            rises.append(write.time)
    assert all(later - earlier >= BETWEEN_CHANGES - A_LITTLE for earlier, later in pairwise(rises))


def starts_only_when_a_person_does(walked: Walked) -> None:
    """S1, S2, S3: one Start for each stretch of walking, because a person agreed to each."""
    stretches = sum(1 for before, step in pairwise([None, *walked.steps]) if _begins(before, step))
    assert len(walked.writes(0x07)) == stretches
    turns = [at for at, (before, step) in enumerate(pairwise(walked.steps), 1) if before.facing is not step.facing]
    for at in turns:
        stood_since = max(walked.begun[index] for index in range(at + 1) if not walked.steps[index].walks)
        assert walked.treadmill.belt.log.speed_at(walked.begun[at]) <= walked.treadmill.belt.floor
        assert stood_since <= walked.begun[at]


def _begins(before: Wanted | None, step: Wanted | None) -> bool:
    return step is not None and step.walks and (before is None or not before.walks)


def writes_no_target_to_a_standing_belt(walked: Walked) -> None:
    """S2."""
    log = walked.treadmill.belt.log
    for write in walked.writes(0x02) + walked.writes(0x03):
        assert log.speed_at(write.time) > 0, f"{write.value.hex()} at {write.time}"
        assert log.target_at(write.time) > 0
