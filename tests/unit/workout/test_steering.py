"""Which target goes out next: S7 to S12, one rule after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backstride.driver.confirmation import Command, Confirmed, Rejected, Unknown
from backstride.machines.capabilities import Capabilities, InclineGrid, SpeedGrid
from backstride.units import Incline, Speed
from backstride.workout.compiler import compile_plan
from backstride.workout.envelope import Envelope
from backstride.workout.events import Held, Overridden, TargetSet
from backstride.workout.inputs import SetIncline, SetSpeed
from backstride.workout.profile import Facing, Limits
from backstride.workout.steering import Steering
from tests.support.workout import FLAT, GENERIC, commands, kmh, percent, profile, seen, steady

if TYPE_CHECKING:
    from backstride.driver.state import MachineState
    from backstride.workout.inputs import Effect

BACKWARD, FORWARD = Facing.BACKWARD, Facing.FORWARD
LOST = Unknown("no answer")


class Wheel:
    """A steering with its step and its instant."""

    def __init__(
        self,
        speed: str = "3.0",
        incline: str = "0",
        *,
        machine: Capabilities = GENERIC,
        facing: Facing = BACKWARD,
        limits: Limits | None = None,
    ) -> None:
        self.facing = facing
        self.steering = Steering(Envelope(machine, limits))
        self.want(speed, incline)
        self.now = 100.0
        self.steering.belt_started(self.now)

    def want(self, speed: str, incline: str = "0") -> None:
        envelope = self.steering.envelope
        written = profile(steady(speed, 60, incline), facing=self.facing, limits=envelope.profile)
        self.step = compile_plan(written, envelope.capabilities).steps[0]

    def see(self, speed: str | None, incline: str | None = "0", *, age: float = 0.0, samples: int = 9) -> MachineState:
        return seen(speed, at=self.now - age, incline=incline, samples=samples)

    def steer(
        self, speed: str | None, incline: str | None = "0", *, after: float = 0.0, age: float = 0.0
    ) -> list[Effect]:
        self.now += after
        return self.steer_by(self.see(speed, incline, age=age))

    def steer_by(self, state: MachineState) -> list[Effect]:
        return list(self.steering.steer(self.step, 0.0, state, self.now))

    def settle(
        self, outcome: Confirmed | Rejected | Unknown, seen_speed: str, command: Command = Command.SPEED
    ) -> bool:
        return self.steering.settled(command, outcome, self.see(seen_speed))

    def at(self, speed: str) -> Wheel:
        """Bring target and belt to `speed`, confirmed, long ago."""
        self.steer("0.8")
        self.settle(Confirmed(), "0.8")
        while (target := self.steering.speed) is not None and target != kmh(speed):
            self.want(speed)
            self.steer(str(target.kmh), after=5.0)
            self.settle(Confirmed(), str(self.steering.speed.kmh if self.steering.speed else ""))
        self.now += 60.0
        list(self.steering.observe(self.see(speed)))
        return self


def speeds(effects: list[Effect]) -> list[int]:
    return [int(effect.speed) for effect in effects if isinstance(effect, SetSpeed)]


# --- the way up and down


def test_s8_the_first_target_on_a_started_belt_is_its_slowest_speed() -> None:
    wheel = Wheel("3.0")
    assert wheel.steer("0.5") == [SetSpeed(Speed(80)), TargetSet(speed=Speed(80))]
    assert wheel.steering.speed == 80


def test_s8_rises_follow_each_other_at_five_seconds() -> None:
    wheel = Wheel("3.0")
    targets = []
    for second in range(12):
        speed = "0.8" if wheel.steering.speed is None else str(wheel.steering.speed.kmh)
        for effect in wheel.steer(speed, after=1.0):
            if isinstance(effect, SetSpeed):
                targets.append((second, int(effect.speed)))
                wheel.settle(Confirmed(), str(effect.speed.kmh))
    assert targets == [(0, 80), (4, 110), (9, 140)]


def test_s8_a_decrease_goes_out_at_once_and_in_one_step() -> None:
    wheel = Wheel().at("3.0")
    wheel.want("1.0")
    assert speeds(wheel.steer(None, age=30.0)) == [100]


def test_at_its_target_nothing_is_sent() -> None:
    assert Wheel().at("3.0").steer("3.0") == []


def test_forward_the_target_is_set_in_one_step() -> None:
    wheel = Wheel("6.0", facing=FORWARD)
    wheel.steer("0.8")
    wheel.settle(Confirmed(), "0.8")
    assert speeds(wheel.steer("0.8")) == [600]


def test_a_machine_without_any_setting_is_left_alone() -> None:
    wheel = Wheel("3.0")
    wheel.steering.envelope = Envelope(replace(FLAT, speed=None))
    assert wheel.steer("0.8") == []


def test_s7_what_was_held_beyond_the_limit_is_refused_by_the_gate_and_said_once() -> None:
    wheel = Wheel(limits=Limits(speed=kmh("3.0"))).at("3.0")
    wheel.steering.adopt(speed=kmh("4.0"))
    wheel.steering.belt_started(wheel.now)
    for _ in range(40):
        target = wheel.steering.speed
        wheel.steer("0.8" if target is None else str(target.kmh), after=5.0)
        wheel.settle(Confirmed(), "0.8")
    assert wheel.steering.speed == 290


# --- S9 and S10


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"age": 3.5}, "the treadmill has sent nothing for 4 s"),
        ({"samples": 1}, "the link is fresh"),
        ({"speed": None}, "the treadmill does not tell its speed"),
        ({"speed": "2.5"}, "the belt is at 2.50 km/h, not yet at its target of 3.00 km/h"),
    ],
)
def test_s9_nothing_rises_on_thin_ice_and_after_three_seconds_the_person_hears_why(
    state: dict[str, object], reason: str
) -> None:
    wheel = Wheel().at("3.0")
    wheel.want("4.0")
    said = []
    for _ in range(6):
        wheel.now += 1.0
        said.append(wheel.steer_by(wheel.see(**{"speed": "3.0", **state})))  # type: ignore[arg-type] # a table of keywords
    assert said == [[], [], [], [Held("S9", f"an increase waits: {reason}")], [], []]
    assert speeds(wheel.steer("3.0", after=1.0)) == [330]


def test_s9_a_new_reason_to_wait_is_said_again_once_the_way_was_free() -> None:
    wheel = Wheel().at("3.0")
    wheel.want("4.0")
    wheel.steer("3.0", age=4.0)
    assert len(wheel.steer("3.0", age=8.0, after=4.0)) == 1
    wheel.want("3.0")
    assert wheel.steer("3.0", after=1.0) == []
    wheel.want("4.0")
    assert wheel.steer("3.0", age=4.0, after=1.0) == []
    assert len(wheel.steer("3.0", age=8.0, after=4.0)) == 1


def test_s9_an_incline_does_not_rise_while_a_speed_is_unconfirmed() -> None:
    wheel = Wheel().at("3.0")
    wheel.steer("3.0")
    wheel.want("4.0", "2")
    assert speeds(wheel.steer("3.0")) == [330]
    assert wheel.steer("3.3", after=1.0) == []
    wheel.settle(Confirmed(), "3.3")
    assert commands(wheel.steer("3.3", after=1.0)) == [SetIncline(Incline(20))]
    assert wheel.steer("3.3", after=10.0) == []
    wheel.settle(Confirmed(), "3.3", Command.INCLINE)
    assert speeds(wheel.steer("3.3")) == [360]


def test_s10_an_unknown_command_is_not_repeated_and_blocks_increases_until_the_belt_is_seen_at_its_target() -> None:
    wheel = Wheel().at("3.0")
    wheel.want("4.0")
    assert speeds(wheel.steer("3.0")) == [330]
    assert wheel.settle(LOST, "3.0") is True
    assert wheel.steering.disobeyed
    for _ in range(10):
        list(wheel.steering.observe(wheel.see("3.0")))
        assert speeds(wheel.steer("3.0", after=1.0)) == []
    list(wheel.steering.observe(wheel.see("3.3")))
    assert speeds(wheel.steer("3.3", after=1.0)) == [360]


def test_s10_an_unknown_incline_blocks_increases_until_the_deck_is_seen_there() -> None:
    wheel = Wheel().at("3.0")
    wheel.want("3.0", "2")
    wheel.steer("3.0")
    wheel.settle(LOST, "3.0", Command.INCLINE)
    wheel.want("4.0", "2")
    list(wheel.steering.observe(wheel.see("3.0", "1")))
    assert speeds(wheel.steer("3.0", "1", after=5.0)) == []
    list(wheel.steering.observe(wheel.see("3.0", "2")))
    assert speeds(wheel.steer("3.0", "2", after=5.0)) == [330]


def test_s10_a_lower_target_that_is_faster_than_a_belt_in_doubt_is_an_increase_and_waits() -> None:
    wheel = Wheel().at("2.0")
    wheel.steering.adopt(speed=kmh("4.0"))
    wheel.steering.enter_step()
    wheel.want("3.9")
    wheel.steer("4.0")
    wheel.settle(LOST, "2.0")
    wheel.want("3.0")
    assert speeds(wheel.steer("2.0", after=10.0)) == []
    wheel.want("1.9")
    assert speeds(wheel.steer("2.0")) == [190]


def test_s10_a_persons_confirmation_lets_the_belt_rise_again_from_what_it_is_seen_to_do() -> None:
    wheel = Wheel().at("3.0")
    wheel.want("4.0")
    wheel.steer("3.0")
    wheel.settle(LOST, "3.0")
    wheel.steering.confirmed_by_person(wheel.see("3.0"))
    assert not wheel.steering.disobeyed
    assert speeds(wheel.steer("3.0", after=5.0)) == [330]


def test_a_rejected_rise_is_not_asked_for_again_in_this_step() -> None:
    wheel = Wheel().at("3.0")
    wheel.want("4.0")
    assert speeds(wheel.steer("3.0")) == [330]
    wheel.settle(Rejected("no"), "3.0")
    assert [speeds(wheel.steer("3.0", after=5.0)) for _ in range(3)] == [[], [], []]
    wheel.steering.enter_step()
    assert speeds(wheel.steer("3.0", after=5.0)) == [330]


def test_a_rejected_incline_is_not_asked_for_again_in_this_step() -> None:
    wheel = Wheel().at("3.0")
    wheel.steer("3.0")
    wheel.want("3.0", "2")
    assert commands(wheel.steer("3.0")) == [SetIncline(Incline(20))]
    wheel.settle(Rejected("no"), "3.0", Command.INCLINE)
    assert wheel.steering.incline == 0
    assert wheel.steer("3.0", after=5.0) == []


# --- inclination


def test_an_incline_the_deck_has_already_needs_no_command() -> None:
    wheel = Wheel("0.8", "2")
    wheel.steer("0.8", "2")
    assert wheel.steering.incline == 20
    assert commands(wheel.steer("0.8", "2")) == []


def test_a_deck_that_stands_steep_is_lowered_at_once() -> None:
    wheel = Wheel("0.8", "0")
    assert SetIncline(Incline(0)) in wheel.steer("0.8", "5", age=9.0)


def test_s9_a_deck_nobody_knows_is_moved_on_firm_ice_only() -> None:
    wheel = Wheel("0.8", "0")
    wheel.steer("0.8", None, age=5.0)
    wheel.settle(Confirmed(), "0.8")
    assert commands(wheel.steer("0.8", None, age=5.0)) == []
    assert commands(wheel.steer("0.8", None)) == [SetIncline(Incline(0))]


def test_s7_an_incline_beyond_the_limit_is_refused_by_the_gate() -> None:
    wheel = Wheel(limits=Limits(incline=percent("4"))).at("3.0")
    wheel.steer("3.0")
    wheel.step = replace(wheel.step, incline=Incline(60))
    assert [wheel.steer("3.0"), wheel.steer("3.0", after=3.0)] == [
        [],
        [Held("S7", "an increase waits: 6.0 % is above the limit of 4.0 % facing backward (from the profile).")],
    ]


@pytest.mark.parametrize(
    "machine", [FLAT, replace(GENERIC, incline=InclineGrid(Incline(0), Incline(150), Incline(5), reported=False))]
)
def test_s10_an_incline_that_cannot_be_set_or_seen_is_left_alone(machine: Capabilities) -> None:
    wheel = Wheel("0.8", machine=machine)
    assert commands(wheel.steer("0.8", "5")) == [SetSpeed(Speed(80))]


# --- S11: the console, and other hands


def test_s11_what_the_console_set_is_held_to_the_end_of_the_step() -> None:
    wheel = Wheel().at("3.0")
    assert wheel.steering.adopt(speed=kmh("2.2")) == Overridden("speed", speed=kmh("2.2"))
    assert wheel.steering.adopt(incline=percent("3")) == Overridden("incline", incline=percent("3"))
    assert commands(wheel.steer("2.2", "3", after=30.0)) == []
    wheel.steering.enter_step()
    assert commands(wheel.steer("2.2", "3", after=30.0)) == [SetSpeed(Speed(250)), SetIncline(Incline(0))]


def test_s11_our_own_target_and_a_stop_are_no_change_on_the_console() -> None:
    wheel = Wheel().at("3.0")
    wheel.steer("3.0")
    assert wheel.steering.adopt(speed=kmh("3.0")) is None
    assert wheel.steering.adopt(speed=Speed(0)) is None
    assert wheel.steering.adopt(incline=Incline(0)) is None
    assert wheel.steering.speed == 300


def test_s11_telemetry_that_leaves_its_target_without_a_command_is_the_console() -> None:
    wheel = Wheel().at("3.0")
    assert [list(wheel.steering.observe(wheel.see("2.0"))) for _ in range(2)] == [
        [],
        [Overridden("speed", speed=kmh("2.0"))],
    ]
    assert commands(wheel.steer("2.0", after=30.0)) == []


def test_s11_a_deck_that_leaves_its_target_without_a_command_is_the_console() -> None:
    wheel = Wheel().at("3.0")
    wheel.steer("3.0")
    steep = [list(wheel.steering.observe(wheel.see("3.0", percent))) for percent in ("0", "0.5", "3", "3")]
    assert steep == [[], [], [], [Overridden("incline", incline=percent("3"))]]
    assert commands(wheel.steer("3.0", "3", after=30.0)) == []


def test_s11_a_coarse_deck_may_be_a_step_off() -> None:
    wheel = Wheel(machine=replace(GENERIC, incline=InclineGrid(Incline(0), Incline(120), Incline(20)))).at("3.0")
    wheel.steer("3.0")
    assert [list(wheel.steering.observe(wheel.see("3.0", "2"))) for _ in range(3)] == [[], [], []]


def test_a_zero_among_the_speeds_is_no_change_on_the_console() -> None:
    wheel = Wheel(machine=FLAT).at("3.0")
    assert [list(wheel.steering.observe(wheel.see("0"))) for _ in range(3)] == [[], [], []]


def test_s11_with_other_hands_on_the_machine_nothing_is_set_or_wished() -> None:
    wheel = Wheel().at("3.0")
    wheel.want("1.0", "2")
    wheel.steering.hands_off = True
    assert wheel.steer("3.0") == []
    refused = wheel.steering.adjust_speed(kmh("0.1"), BACKWARD, wheel.see("3.0"))
    assert refused == Held("S11", "somebody else has control of the treadmill; confirm to take it back")
    assert wheel.steering.aim_speed(kmh("2.0"), BACKWARD) == refused


def test_s2_there_is_no_aim_before_the_first_target() -> None:
    steering = Wheel().steering
    refused = steering.aim_speed(kmh("2.0"), BACKWARD)
    assert refused == Held("S2", "the speed can be changed once the belt moves at its first target")
    assert steering.aim_incline(percent("2"), BACKWARD) == Held("S7", "the incline cannot be set: not yet")


def test_s11_a_belt_started_on_the_console_is_followed_to_the_speed_it_comes_to() -> None:
    wheel = Wheel("3.0")
    assert wheel.steering.started_by_console(wheel.see("0.3")) == Overridden("speed", speed=kmh("0.3"))
    for speed in ("0.8", "1.4", "2.0", "2.0"):
        list(wheel.steering.observe(wheel.see(speed)))
    assert wheel.steering.speed == 200
    assert commands(wheel.steer("2.0", after=30.0)) == []
    assert wheel.steering.started_by_console(wheel.see(None)) is None


# --- S12


def test_s12_after_a_reconnection_it_is_lowered_but_not_raised_until_a_person_confirms() -> None:
    wheel = Wheel().at("3.0")
    wheel.steer("3.0")
    assert wheel.steering.reconnected(wheel.see("3.0")) is None
    wheel.want("4.0")
    assert speeds(wheel.steer("3.0")) == []
    assert wheel.steer("3.0", after=3.0) == [
        Held("S12", "an increase waits: after the reconnection nothing increases until you confirm")
    ]
    wheel.want("4.0", "2")
    assert commands(wheel.steer("3.0", after=1.0)) == []
    wheel.want("2.0")
    assert speeds(wheel.steer("3.0")) == [200]
    wheel.settle(Confirmed(), "2.0")
    wheel.want("4.0")
    wheel.steering.confirmed_by_person(wheel.see("2.0"))
    assert speeds(wheel.steer("2.0")) == [230]


def test_s12_a_belt_that_was_changed_meanwhile_is_taken_as_it_is() -> None:
    wheel = Wheel().at("3.0")
    assert wheel.steering.reconnected(wheel.see("2.0")) == Overridden("speed", speed=kmh("2.0"))
    assert speeds(wheel.steer("2.0", after=30.0)) == []
    assert Wheel().steering.reconnected(wheel.see("2.0")) is None
    assert wheel.steering.reconnected(wheel.see(None)) is None


def test_s12_a_person_who_starts_the_belt_anew_has_confirmed() -> None:
    wheel = Wheel().at("3.0")
    wheel.steering.reconnected(wheel.see("3.0"))
    wheel.steering.belt_started(wheel.now)
    assert not wheel.steering.cautious


# --- a person's wishes


def faster(wheel: Wheel, by: int, speed: str = "3.0") -> Held | None:
    return wheel.steering.adjust_speed(Speed(by), wheel.facing, wheel.see(speed))


def test_s8_a_wish_counts_from_the_last_target_and_never_from_lagging_telemetry() -> None:
    wheel = Wheel().at("3.0")
    assert faster(wheel, 20, speed="2.6") is None
    assert faster(wheel, 20, speed="2.6") is None
    assert speeds(wheel.steer("3.0")) == [330]
    wheel.settle(Confirmed(), "3.3")
    assert speeds(wheel.steer("3.3", after=5.0)) == [340]


def test_a_wish_to_go_slower_is_granted_at_once() -> None:
    wheel = Wheel().at("3.0")
    assert faster(wheel, -50) is None
    assert speeds(wheel.steer("3.0")) == [250]


def test_s10_slower_is_slower_than_what_is_seen_where_the_last_target_is_in_doubt() -> None:
    wheel = Wheel().at("3.0")
    wheel.want("3.3")
    wheel.steer("3.0")
    wheel.settle(LOST, "2.5")
    assert faster(wheel, -10, speed="2.5") is None
    assert speeds(wheel.steer("2.5")) == [240]


@pytest.mark.parametrize(("by", "target"), [(1, 310), (-1, 290), (4, 310), (-4, 290)])
def test_a_wish_below_the_machines_step_means_one_step(by: int, target: int) -> None:
    wheel = Wheel().at("3.0")
    faster(wheel, by)
    assert speeds(wheel.steer("3.0")) == [target]


def test_s7_a_wish_beyond_the_limits_is_refused_with_the_reason() -> None:
    wheel = Wheel(limits=Limits(speed=kmh("3.0"))).at("3.0")
    refused = faster(wheel, 10)
    assert refused == Held("S7", "3.10 km/h is above the limit of 3.00 km/h facing backward (from the profile).")
    assert faster(wheel, 4) is not None, "a wish below the step is a step all the same"


@pytest.mark.parametrize("by", [-10, -500])
def test_at_the_slowest_speed_there_is_no_slower(by: int) -> None:
    assert faster(Wheel().at("0.8"), by, "0.8") == Held("S7", "0.80 km/h is as far as this machine goes")


def test_slower_never_makes_a_belt_faster_that_creeps_below_its_slowest_target() -> None:
    wheel = Wheel().at("0.8")
    wheel.steering.adopt(speed=kmh("0.3"))
    assert faster(wheel, -10, "0.3") == Held("S7", "0.30 km/h is as far as this machine goes")


def test_s2_before_the_first_target_there_is_nothing_to_wish() -> None:
    assert faster(Wheel(), 10) == Held("S2", "the speed can be changed once the belt moves at its first target")


def test_a_wish_asks_the_machine_again_for_what_it_refused() -> None:
    wheel = Wheel().at("3.0")
    wheel.want("3.1")
    wheel.steer("3.0")
    wheel.settle(Rejected("no"), "3.0")
    faster(wheel, 10)
    assert speeds(wheel.steer("3.0", after=5.0)) == [310]


def test_an_incline_is_wished_likewise() -> None:
    wheel = Wheel().at("3.0")
    wheel.steer("3.0")
    state = wheel.see("3.0")
    assert wheel.steering.adjust_incline(percent("1"), BACKWARD, state) is None
    assert commands(wheel.steer("3.0")) == [SetIncline(Incline(10))]
    assert wheel.steering.adjust_incline(percent("-1"), BACKWARD, state) is None
    assert commands(wheel.steer("3.0")) == [SetIncline(Incline(0))]
    assert wheel.steering.adjust_incline(percent("-1"), BACKWARD, state) == Held(
        "S7", "0.0 % is as far as this machine goes"
    )
    assert wheel.steering.adjust_incline(percent("11"), BACKWARD, state) == Held(
        "S7", "11.0 % is above the limit of 10.0 % facing backward (from the default for walking backward)."
    )


def test_an_incline_that_cannot_be_set_cannot_be_wished() -> None:
    flat, unsteered = Wheel(machine=FLAT).at("3.0"), Wheel()
    assert flat.steering.adjust_incline(percent("1"), BACKWARD, flat.see("3.0")) == Held(
        "S7", "the incline cannot be set: the machine does not offer incline as a target"
    )
    assert unsteered.steering.adjust_incline(percent("1"), BACKWARD, flat.see("3.0")) == Held(
        "S7", "the incline cannot be set: not yet"
    )


def test_a_machine_in_half_steps_takes_a_wish_of_a_tenth_for_a_half() -> None:
    wheel = Wheel("2.0", machine=replace(FLAT, speed=SpeedGrid(100, 600, 50)))
    for speed in ("1.0", "1.0", "1.5", "2.0"):
        wheel.steer(speed, after=5.0)
        wheel.settle(Confirmed(), speed)
    assert wheel.steering.speed == 200
    faster(wheel, 10, "2.0")
    assert speeds(wheel.steer("2.0", after=5.0)) == [250]
