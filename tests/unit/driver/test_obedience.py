"""What a machine has shown to obey (safety rule S10): what is concluded, when, and in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backstride.driver.confirmation import Command
from backstride.driver.obedience import Deed, Obedience, ObedienceWatch, Shown
from backstride.driver.state import MachineState
from backstride.units import Incline, Speed, SpeedUnit
from tests.unit.driver.machines import GENERIC, REPORTS_ONLY

SPEED, INCLINE = Command.SPEED, Command.INCLINE


class Follower:
    """A watch, an instant, and a belt that is seen once a second."""

    def __init__(self, speed: int | None = 80, incline: int | None = 0, motion_within: float = 4.0) -> None:
        self.watch = ObedienceWatch(replace(GENERIC, motion_within=motion_within))
        self.now = 100.0
        self.told: list[tuple[float, Command, Deed]] = []
        self.see(speed, incline)

    @property
    def known(self) -> Obedience:
        return self.watch.known

    def see(self, speed: int | None = None, incline: int | None = None, *, standing: bool | None = False) -> None:
        self.state = MachineState(
            at=self.now,
            speed=None if speed is None else Speed(speed),
            incline=None if incline is None else Incline(incline),
            standing=standing,
            samples=9,
        )
        self.watch.observe(self.state, self.now)
        self.take()

    def take(self) -> None:
        for change in self.watch.take_changes():
            self.told.append((self.now, change.command, change.obedience.of(change.command).deed))

    def ask(self, command: Command, target: int, *, answered: bool = True) -> None:
        self.watch.asked(command, target, self.state, self.now)
        self.watch.written(command)
        if answered:
            self.watch.acknowledged(command)

    def seconds(self, *values: int, of: Command = SPEED) -> None:
        """See these values of one quantity, a second each, and judge whenever it is due."""
        for value in values:
            record = self.now + 1.0
            if (deadline := self.watch.next_deadline()) < record:
                self.now = deadline
                self.watch.judge(self.state, self.now)
                self.take()
            self.now = record
            speed, incline = self.state.speed, self.state.incline
            self.see(*((value, incline) if of is SPEED else (speed, value)))


def test_a_target_that_is_reached_and_kept_is_obeyed() -> None:
    follower = Follower()
    follower.ask(SPEED, 110)
    follower.seconds(80, 95, 108)
    assert follower.known.speed.deed is Deed.UNTRIED, "it may only pass by"
    follower.seconds(110)
    assert follower.known.speed == Shown(Deed.OBEYED)
    assert follower.told == [], "what is as it should be is not told"


def test_a_target_that_is_acknowledged_without_motion_is_ignored_after_the_patience() -> None:
    follower = Follower()
    follower.ask(SPEED, 110)
    follower.seconds(*[80] * 8)
    assert follower.told == [(106.0, SPEED, Deed.IGNORED)]
    assert follower.known.speed == Shown(Deed.IGNORED, Speed(110), Speed(80))


@pytest.mark.parametrize("motion_within", [7.0, 30.0])
def test_however_slow_a_machine_is_said_to_be_the_verdict_comes_within_eight_seconds(motion_within: float) -> None:
    follower = Follower(motion_within=motion_within)
    follower.ask(INCLINE, 20)
    follower.seconds(*[0] * 9, of=INCLINE)
    assert follower.told == [(107.5, INCLINE, Deed.IGNORED)]


def test_no_answer_and_no_motion_is_unanswered() -> None:
    follower = Follower()
    follower.ask(SPEED, 110, answered=False)
    follower.seconds(*[80] * 7)
    assert follower.known.speed.deed is Deed.UNANSWERED


def test_motion_without_an_answer_is_obeyed() -> None:
    follower = Follower()
    follower.ask(SPEED, 110, answered=False)
    follower.seconds(100, 110, 110)
    assert follower.known.speed.deed is Deed.OBEYED


def test_a_slow_deck_that_moves_is_no_disobedience() -> None:
    follower = Follower()
    follower.ask(INCLINE, 100)
    follower.seconds(*range(1, 101), 100, of=INCLINE)
    assert follower.told == []
    assert follower.known.incline.deed is Deed.OBEYED


def test_a_late_effect_mends_the_verdict_once() -> None:
    follower = Follower()
    follower.ask(INCLINE, 20)
    follower.seconds(*[0] * 20, 4, 8, 12, 16, 20, 20, 20, of=INCLINE)
    assert follower.told == [(106.0, INCLINE, Deed.IGNORED), (121.0, INCLINE, Deed.OBEYED)]


def test_a_late_effect_that_ends_halfway_is_told_as_well() -> None:
    follower = Follower()
    follower.ask(INCLINE, 40)
    follower.seconds(*[0] * 10, 5, 10, *[15] * 10, of=INCLINE)
    assert [deed for _, _, deed in follower.told] == [Deed.IGNORED, Deed.OBEYED, Deed.SHORT]


def test_a_belt_that_slows_down_no_further_tells_its_slowest_speed_within_eight_seconds() -> None:
    follower = Follower(200)
    follower.ask(SPEED, 100)
    follower.seconds(170, 140, 130, *[130] * 9)
    assert follower.told == [(107.0, SPEED, Deed.SHORT)]
    assert str(follower.known) == "follows the speed, but not below 1.30 km/h"
    assert follower.known.sentence(SPEED) == (
        "The treadmill follows the speed, but not below 1.30 km/h: asked for 1.00 km/h, it stays at 1.30 km/h."
    )


def test_a_belt_that_follows_downward_only_says_above_what_it_does_not_follow() -> None:
    follower = Follower(300)
    follower.ask(SPEED, 200)
    follower.seconds(250, 200, 200)
    follower.ask(SPEED, 230)
    follower.seconds(*[200] * 7)
    assert str(follower.known) == "follows the speed, but not above 2.00 km/h"


def test_what_lies_within_a_limit_does_not_speak_against_it_and_what_lies_beyond_does() -> None:
    follower = Follower(200)
    follower.ask(SPEED, 100)
    follower.seconds(130, *[130] * 6)
    limited = follower.known.speed
    follower.ask(SPEED, 160)
    follower.seconds(150, 160, 160)
    assert follower.known.speed == limited
    follower.ask(SPEED, 100)
    follower.seconds(110, 100, 100)
    assert follower.known.speed == Shown(Deed.OBEYED)
    assert follower.told[-1][2] is Deed.OBEYED


def test_a_step_of_the_machine_beside_the_target_is_its_own_rounding() -> None:
    follower = Follower(200)
    follower.ask(SPEED, 300)
    follower.seconds(250, 290, *[290] * 9)
    assert follower.known.speed.deed is Deed.OBEYED


def test_a_belt_still_coming_up_from_its_start_proves_nothing() -> None:
    """It goes to its slowest speed by itself; a machine that ignores speeds does so as well."""
    follower = Follower(30)
    follower.ask(SPEED, 80)
    follower.seconds(60, 80, 80, 80)
    assert follower.known == Obedience()
    follower.ask(SPEED, 110)
    follower.seconds(*[80] * 7)
    assert follower.known.speed.deed is Deed.IGNORED


def test_a_belt_that_comes_up_to_a_faster_slowest_speed_is_told() -> None:
    follower = Follower(30)
    follower.ask(SPEED, 80)
    follower.seconds(60, 90, 120, *[130] * 9)
    assert str(follower.known) == "follows the speed, but not below 1.30 km/h"


def test_a_belt_that_comes_up_to_within_a_step_of_its_target_shows_nothing() -> None:
    follower = Follower(30)
    follower.ask(SPEED, 80)
    follower.seconds(60, *[72] * 9)
    assert follower.known.speed.deed is Deed.UNTRIED


def test_a_target_that_is_there_already_shows_nothing() -> None:
    follower = Follower(110)
    follower.ask(SPEED, 110)
    follower.seconds(*[110] * 9)
    assert follower.known == Obedience()
    assert follower.watch.next_deadline() == float("inf")


def test_targets_that_follow_each_other_do_not_put_off_the_verdict() -> None:
    """A ramp down asks every other second; each takes the place of the one before."""
    follower = Follower(300)
    for target in range(290, 220, -10):
        follower.ask(SPEED, target)
        follower.seconds(300, 300)
    assert follower.told[0] == (106.0, SPEED, Deed.IGNORED)


def test_a_target_in_the_other_direction_gets_its_own_time() -> None:
    follower = Follower(300)
    follower.ask(SPEED, 400)
    follower.seconds(*[300] * 4)
    follower.ask(SPEED, 200)
    follower.seconds(*[300] * 5)
    assert follower.told == []
    follower.seconds(*[300] * 2)
    assert follower.told == [(110.0, SPEED, Deed.IGNORED)]


def test_a_target_after_one_on_its_way_gets_its_own_time() -> None:
    follower = Follower(300)
    follower.ask(SPEED, 400)
    follower.seconds(300, 350)
    follower.ask(SPEED, 500)
    follower.seconds(*[350] * 5)
    assert follower.told == []


@pytest.mark.parametrize("speed", [None, 80])
def test_without_sight_of_the_belt_nothing_is_concluded(speed: int | None) -> None:
    follower = Follower(speed)
    follower.ask(SPEED, 110)
    for _ in range(5):
        follower.now = follower.watch.next_deadline()
        follower.watch.judge(follower.state, follower.now)
    assert follower.known == Obedience()


def test_a_speed_that_was_unknown_when_asked_is_followed_from_its_first_sight() -> None:
    follower = Follower(None)
    follower.ask(SPEED, 110)
    follower.see(None)
    follower.seconds(*[80] * 7)
    assert follower.known.speed.deed is Deed.IGNORED


def test_what_was_never_written_shows_nothing() -> None:
    follower = Follower()
    follower.watch.asked(SPEED, 110, follower.state, follower.now)
    follower.seconds(*[80] * 20)
    assert follower.known == Obedience()
    follower.watch.written(SPEED)
    follower.watch.acknowledged(SPEED)
    assert follower.known == Obedience()


def test_what_somebody_else_moves_shows_nothing() -> None:
    """S11."""
    follower = Follower()
    follower.ask(SPEED, 110)
    follower.ask(INCLINE, 20)
    follower.watch.forget(SPEED)
    follower.seconds(*[300] * 9)
    assert follower.told == [(106.0, INCLINE, Deed.IGNORED)]


def test_a_refusal_is_told_with_its_reason_and_mended_by_a_target_that_is_followed() -> None:
    follower = Follower()
    follower.ask(SPEED, 300)
    follower.watch.refused(SPEED, "the treadmill calls the value invalid")
    assert follower.known.sentence(SPEED) == (
        "The treadmill refuses the speed (the treadmill calls the value invalid): asked for 3.00 km/h."
    )
    follower.ask(SPEED, 110)
    follower.seconds(110, 110)
    assert [deed for _, _, deed in follower.told] == [Deed.REFUSED, Deed.OBEYED]
    follower.watch.refused(INCLINE, "no")
    assert str(follower.known) == "follows the speed; refuses the incline (no)"


@pytest.mark.parametrize("deed", [Deed.IGNORED, Deed.UNANSWERED])
def test_a_start_that_came_to_nothing_is_mended_by_motion(deed: Deed) -> None:
    follower = Follower(0)
    follower.watch.started(deed)
    follower.see(0, standing=True)
    follower.see(20)
    assert [told for _, _, told in follower.told] == [deed, Deed.OBEYED]


def test_a_start_that_came_to_nothing_is_not_mended_by_the_console() -> None:
    follower = Follower(0)
    follower.watch.started(Deed.IGNORED)
    follower.watch.forget_start()
    follower.see(20)
    assert str(follower.known) == "acknowledges Start but does not move the belt"


def test_a_stop_is_proven_by_a_belt_that_moved() -> None:
    follower = Follower(0)
    follower.watch.stopping(MachineState(standing=True))
    follower.watch.stopped()
    assert follower.known.stop.deed is Deed.UNTRIED
    follower.watch.stopping(MachineState(standing=False))
    follower.watch.not_stopped(Deed.IGNORED)
    assert str(follower.known) == "acknowledges Stop but is not seen to slow down"
    assert follower.known.of(Command.PAUSE) is follower.known.stop
    follower.watch.stopped()
    assert str(follower.known) == "stops"
    assert follower.told == [], "StopUnproven tells it"


def test_a_stop_ends_the_watch_on_every_target() -> None:
    follower = Follower()
    follower.ask(SPEED, 110)
    follower.watch.stopping(follower.state)
    follower.seconds(*[80] * 9)
    assert follower.known == Obedience()


def test_a_start_and_a_machine_without_settings_have_no_target_to_follow() -> None:
    watch = ObedienceWatch(REPORTS_ONLY)
    watch.asked(Command.START, 0, MachineState(), 0.0)
    assert watch.next_deadline() == float("inf")
    state = MachineState(at=0.0, speed=Speed(80), incline=Incline(0), standing=False)
    for command, target in ((SPEED, 300), (INCLINE, 20)):
        watch.asked(command, target, state, 0.0)
        watch.written(command)
        watch.acknowledged(command)
        watch.observe(state, 0.0)
    watch.judge(replace(state, at=6.0), 6.0)
    assert str(watch.known) == (
        "acknowledges the speed but does not follow it; acknowledges the incline but does not move the deck"
    )


def test_the_sentence_is_in_the_walkers_unit_and_names_what_is_followed() -> None:
    known = Obedience(
        start=Shown(Deed.OBEYED),
        speed=Shown(Deed.OBEYED),
        incline=Shown(Deed.IGNORED, Incline(20), Incline(0)),
    )
    assert str(known) == "starts; follows the speed; acknowledges the incline but does not move the deck"
    assert known.sentence(INCLINE) == (
        "The treadmill acknowledges the incline but does not move the deck: asked for 2.0 %, it stays at 0.0 %. "
        "The speed is followed."
    )
    slow = Obedience(speed=Shown(Deed.SHORT, Speed(81), Speed(129)))
    assert slow.sentence(SPEED, SpeedUnit.MPH) == (
        "The treadmill follows the speed, but not below 0.8 mph: asked for 0.5 mph, it stays at 0.8 mph."
    )
    assert slow.text(SpeedUnit.MPH) == "follows the speed, but not below 0.8 mph"


def test_of_a_machine_that_was_asked_for_nothing_nothing_is_known() -> None:
    assert str(Obedience()) == "has not been asked for anything yet"
    assert Obedience().of(Command.CONTROL).deed is Deed.UNTRIED
