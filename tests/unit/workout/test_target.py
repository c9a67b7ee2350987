"""The last target of one quantity: outcomes (S10), console (S11), doubt."""

from __future__ import annotations

from backstride.driver.confirmation import Confirmed, Rejected, Unknown
from backstride.units import Speed
from backstride.workout.target import Target

REFUSED = Rejected("no")
LOST = Unknown("no answer")


def at(value: int | None) -> Target[Speed]:
    target: Target[Speed] = Target()
    target.value = None if value is None else Speed(value)
    return target


def see(target: Target[Speed], *speeds: int) -> list[Speed | None]:
    return [target.observe(Speed(speed), near=5, off=48) for speed in speeds]


def test_s10_a_confirmed_target_leaves_no_doubt() -> None:
    target = at(200)
    target.send(Speed(230))
    assert target.in_flight == 1
    assert target.settle(Confirmed(), Speed(215)) is False
    assert (target.value, target.in_flight, target.doubtful) == (230, 0, False)


def test_s10_an_unknown_outcome_leaves_doubt_until_the_belt_is_seen_at_its_target() -> None:
    target = at(200)
    target.send(Speed(230))
    assert target.settle(LOST, Speed(200)) is True
    see(target, 200, 210, 224)
    assert target.doubtful
    see(target, 226)
    assert not target.doubtful


def test_s10_a_later_confirmed_command_ends_the_doubt_about_an_earlier_one() -> None:
    target = at(200)
    target.send(Speed(230))
    target.settle(LOST, None)
    target.send(Speed(100))
    see(target, 100)
    assert target.doubtful, "a command is on its way"
    target.settle(Confirmed(), None)
    assert not target.doubtful


def test_s10_only_the_outcome_of_the_latest_command_counts() -> None:
    target = at(200)
    target.send(Speed(230))
    target.send(Speed(260))
    assert target.settle(LOST, None) is False
    assert not target.doubtful
    assert target.settle(LOST, None) is True


def test_s10_an_outcome_from_before_the_belt_was_started_again_says_nothing() -> None:
    target = at(200)
    target.send(Speed(230))
    target.belt_started()
    assert target.settle(LOST, Speed(80)) is False
    assert (target.doubtful, target.value, target.in_flight) == (False, None, 0)
    assert target.settle(REFUSED, Speed(80)) is False
    assert target.refused is None


def test_a_rejected_target_is_not_the_belts_target_but_the_one_before_is() -> None:
    target = at(200)
    target.send(Speed(100))
    assert target.settle(REFUSED, Speed(270)) is True
    assert target.value == 200
    assert target.is_refused(Speed(100))
    assert not target.is_refused(Speed(110))


def test_of_several_targets_before_a_rejected_one_the_lowest_is_taken_for_the_belts() -> None:
    target = at(300)
    for value in (200, 250, 100):
        target.send(Speed(value))
    target.settle(LOST, None)
    target.settle(LOST, None)
    target.settle(REFUSED, Speed(300))
    assert target.value == 200


def test_a_first_target_that_is_rejected_leaves_what_is_seen() -> None:
    target = at(None)
    target.send(Speed(80))
    target.send(Speed(100))
    target.settle(LOST, None)
    target.settle(REFUSED, Speed(110))
    assert target.value == 110


def test_what_is_rejected_on_the_way_up_is_not_asked_for_again_nor_is_more() -> None:
    target = at(200)
    target.send(Speed(230))
    target.settle(REFUSED, Speed(200))
    assert [target.is_refused(Speed(value)) for value in (220, 230, 260)] == [False, True, True]
    target.enter_step()
    assert not target.is_refused(Speed(230))


def test_s11_a_console_that_acts_while_a_command_is_rejected_keeps_its_speed() -> None:
    target = at(200)
    target.send(Speed(230))
    target.adopt(Speed(400))
    target.settle(REFUSED, Speed(390))
    assert target.value == target.held == 400


def test_s11_a_belt_that_leaves_a_target_it_had_reached_was_changed_on_the_console() -> None:
    target = at(300)
    assert see(target, 300, 240, 200) == [None, None, 200]
    assert target.value == target.held == 200


def test_s11_a_change_that_is_still_under_way_is_followed_to_its_end() -> None:
    target = at(300)
    assert see(target, 300, 240, 200, 140, 120, 120) == [None, None, 200, None, 120, None]
    assert target.value == 120


def test_s11_one_record_off_the_target_is_a_glitch() -> None:
    target = at(300)
    assert see(target, 300, 600, 300, 600, 300) == [None] * 5
    assert target.held is None


def test_s11_a_belt_on_the_way_to_a_new_target_was_not_changed_on_the_console() -> None:
    target = at(300)
    see(target, 300)
    target.send(Speed(100))
    assert see(target, 290, 240, 220) == [None] * 3
    target.settle(Confirmed(), None)
    assert see(target, 200, 180, 160) == [None] * 3
    assert see(target, 140, 100, 160, 160) == [None, None, None, 160]


def test_an_unknown_speed_says_nothing() -> None:
    assert at(300).observe(None, near=5, off=48) is None
    assert at(None).observe(Speed(300), near=5, off=48) is None


def test_s11_what_the_console_has_set_outlives_a_stop_but_what_a_stopping_belt_showed_does_not() -> None:
    set_by_status = at(300)
    set_by_status.adopt(Speed(200))
    set_by_status.belt_started()
    assert (set_by_status.value, set_by_status.held) == (None, 200)
    stopping = at(300)
    see(stopping, 300, 200, 100)
    assert stopping.held == 100
    stopping.belt_started()
    assert stopping.held is None


def test_a_persons_wish_is_held_over_a_stop_and_let_go_at_the_next_step() -> None:
    target = at(300)
    see(target, 300, 200, 200)
    target.hold(Speed(250))
    target.belt_started()
    assert target.held == 250
    target.enter_step()
    assert target.held is None


def test_s12_in_doubt_or_caution_what_is_seen_is_all_that_is_certain() -> None:
    target = at(300)
    assert target.certain(Speed(300), Speed(200), cautious=False) == 300
    assert target.certain(Speed(300), Speed(200), cautious=True) == 200
    assert target.certain(Speed(300), Speed(400), cautious=True) == 300
    assert target.certain(Speed(300), None, cautious=True) == 300
    target.doubtful = True
    assert target.certain(Speed(300), Speed(200), cautious=False) == 200


def test_s10_a_person_settles_the_doubt_and_counting_begins_at_what_is_seen() -> None:
    target = at(200)
    target.send(Speed(230))
    target.settle(LOST, None)
    target.believe(Speed(201))
    assert (target.value, target.doubtful) == (201, False)
    target.send(Speed(230))
    target.settle(REFUSED, None)
    target.believe(Speed(150))
    assert (target.value, target.refused) == (201, None)
    target.doubtful = True
    target.believe(None)
    assert (target.value, target.doubtful) == (201, False)


def test_s10_a_command_that_was_never_sent_is_no_refusal_and_leaves_a_doubt() -> None:
    target = at(200)
    target.send(Speed(170))
    assert target.settle(Rejected("busy", sent=False), Speed(200))
    assert (target.value, target.refused, target.doubtful) == (200, None, True)
    assert not target.is_refused(Speed(170))


def test_s10_an_outcome_that_comes_after_a_target_was_left_out_leaves_no_doubt() -> None:
    target = at(400)
    target.send(Speed(600))
    target.settle(LOST, Speed(400))
    target.send(Speed(300))
    target.leave_out()
    target.believe(Speed(400))
    assert target.settle(LOST, Speed(400)) is False
    assert not target.doubtful


def test_what_was_not_left_out_is_not_taken_up_again() -> None:
    target = at(200)
    target.send(Speed(300))
    target.adopt(Speed(250))
    target.take_up_again()
    assert target.value == 250
