"""When a watchdog acts and what it does then, with literal instants (safety rules S1, S2, S4, S5, S6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstride.driver.watchdog.brief import ACTED, GO, IDLE, MOVING, Brief
from backstride.driver.watchdog.vigil import Answer, Connect, Deed, Disconnect, Leave, Subscribe, Tell, Vigil
from backstride.protocol import uuids
from backstride.protocol.att import AttError
from backstride.protocol.tickets import Write
from backstride.protocol.treadmill_data import TreadmillData, encode_treadmill_data
from backstride.units import Speed

if TYPE_CHECKING:
    from collections.abc import Iterable

BRIEF = Brief(device="/org/bluez/hci0/dev_1", name="Treadmill", lowest=80, lowest_written=80, absurd=2500.0)
GONE = Leave(let_go=True)
STOP, PAUSE, LOWEST = b"\x08\x01", b"\x08\x02", b"\x02\x50\x00"
OBEYED, DENIED, CONTROL_GIVEN = b"\x80\x08\x01", b"\x80\x08\x05", b"\x80\x00\x01"


def watching(brief: Brief = BRIEF, *, linked: bool = True) -> Vigil:
    """Return a vigil over a session that has started its belt, at instant 0."""
    vigil = Vigil(brief, 0.0)
    if linked:
        vigil.link_made(0.0)
        data(vigil, 300, 0.0)
    vigil.heard(MOVING, 0.0)
    assert vigil.poll(0.0) == []
    return vigil


def data(vigil: Vigil, speed: int, now: float) -> None:
    record = TreadmillData(flags=0x0400, instantaneous_speed=Speed(speed), elapsed_time=int(now * 10))
    vigil.value(uuids.TREADMILL_DATA, encode_treadmill_data(record), now)


def written(deeds: Iterable[Deed]) -> list[bytes]:
    return [deed.value for deed in deeds if isinstance(deed, Write)]


def told(deeds: Iterable[Deed]) -> str:
    return " ".join(deed.text for deed in deeds if isinstance(deed, Tell))


def stopping(vigil: Vigil, now: float) -> list[Deed]:
    """Let the session's process end, and the subscription hold at once; return what follows."""
    vigil.session_ended(now)
    deeds = vigil.poll(now)
    assert Subscribe() in deeds
    vigil.subscribed(now)
    return vigil.poll(now)


def test_a_session_that_lives_is_left_alone() -> None:
    vigil = watching()
    for tenth in range(5, 600, 5):
        vigil.heard(MOVING, tenth / 10)
        assert vigil.poll(tenth / 10) == []
    assert vigil.next_deadline() == 59.5 + 2.0


def test_a_session_that_is_over_needs_nothing() -> None:
    vigil = watching()
    vigil.heard(GO, 1.0)
    assert vigil.poll(1.0) == [Leave()]
    assert vigil.next_deadline() is None


def test_a_process_that_dies_with_a_standing_belt_needs_nothing() -> None:
    vigil = watching()
    vigil.heard(IDLE, 1.0)
    vigil.session_ended(1.2)
    assert vigil.poll(1.2) == [GONE]


def test_a_hang_with_a_standing_belt_is_nothing_to_act_upon() -> None:
    vigil = watching()
    vigil.heard(IDLE, 1.0)
    assert vigil.next_deadline() is None
    assert vigil.poll(60.0) == []


def test_stop_follows_the_end_of_the_process_once_the_control_point_is_subscribed() -> None:
    """S4, S6; a control point that nobody listens to refuses writes (FTMS 4.16.4)."""
    vigil = watching()
    vigil.session_ended(10.0)
    deeds = vigil.poll(10.0)
    assert deeds[-1] == Subscribe()
    assert "is gone" in told(deeds)
    assert vigil.poll(10.1) == []
    vigil.subscribed(10.2)
    assert written(vigil.poll(10.2)) == [STOP]


def test_stop_does_not_wait_longer_than_half_a_second_for_a_subscription() -> None:
    vigil = watching()
    vigil.session_ended(10.0)
    vigil.poll(10.0)
    assert vigil.next_deadline() == 10.5
    assert written(vigil.poll(10.5)) == [STOP]


def test_silence_of_two_seconds_with_a_moving_belt_is_a_hang() -> None:
    """S6."""
    vigil = watching()
    vigil.heard(MOVING, 5.0)
    assert vigil.next_deadline() == 7.0
    assert vigil.poll(6.9) == []
    deeds = vigil.poll(7.0)
    assert "hung for 2 s" in told(deeds)
    assert Subscribe() in deeds


def test_the_escalation_goes_on_until_the_belt_is_seen_to_stand() -> None:
    """S5: Stop, again after 1 s, then Pause, then the lowest speed."""
    vigil = watching()
    writes = written(stopping(vigil, 10.0))
    for second in (11, 12, 13):
        data(vigil, 300, second - 0.1)
        vigil.value(uuids.CONTROL_POINT, b"\x80\x08\x01", second - 0.5)
        deeds = vigil.poll(float(second))
        writes += written(deeds)
        if second == 12:
            assert "safety key" in told(deeds)
    assert writes[:3] == [STOP, STOP, PAUSE]
    assert b"\x00" in writes  # control is asked for before the target
    vigil.value(uuids.CONTROL_POINT, CONTROL_GIVEN, 13.1)
    assert written(vigil.poll(13.1)) == [LOWEST]
    for at in (14.0, 15.0):
        data(vigil, 0, at)
    deeds = vigil.poll(15.0)
    assert told(deeds) == "The belt stands."
    assert deeds[-1] == GONE


def test_one_zero_alone_proves_nothing() -> None:
    vigil = watching()
    stopping(vigil, 10.0)
    data(vigil, 0, 11.0)
    assert GONE not in vigil.poll(11.0)


def test_control_is_asked_for_when_the_stop_is_denied_for_want_of_it() -> None:
    vigil = watching()
    assert written(stopping(vigil, 10.0)) == [STOP]
    vigil.value(uuids.CONTROL_POINT, DENIED, 10.1)
    assert written(vigil.poll(10.1)) == [b"\x00"]
    vigil.value(uuids.CONTROL_POINT, CONTROL_GIVEN, 10.2)
    assert written(vigil.poll(10.2)) == [STOP]


def test_any_two_writes_keep_the_machine_s_pace() -> None:
    """The session's last write may have been made just before its end."""
    vigil = watching(Brief(device="/d", name="T", pacing=0.4))
    assert written(stopping(vigil, 10.0)) == []
    assert vigil.next_deadline() == 10.4
    deeds = vigil.poll(10.4)
    assert written(deeds) == [STOP]
    (write,) = (deed for deed in deeds if isinstance(deed, Write))
    vigil.written(write.ticket, 10.45)
    vigil.value(uuids.CONTROL_POINT, DENIED, 10.5)
    assert written(vigil.poll(10.5)) == []
    assert written(vigil.poll(10.84)) == []
    assert written(vigil.poll(10.85)) == [b"\x00"]


def test_after_a_hang_the_session_s_last_write_is_old_enough() -> None:
    vigil = watching(Brief(device="/d", name="T", pacing=0.4))
    vigil.poll(2.0)
    vigil.subscribed(2.0)
    assert written(vigil.poll(2.0)) == [STOP]


def test_a_subscription_that_does_not_hold_is_made_anew() -> None:
    vigil = watching()
    (write,) = (deed for deed in stopping(vigil, 10.0) if isinstance(deed, Write))
    vigil.write_refused(write.ticket, AttError.CCCD_IMPROPERLY_CONFIGURED, 10.1)
    assert Subscribe() in vigil.poll(10.1)
    vigil.subscribed(10.2)
    assert written(vigil.poll(11.0)) == [STOP]


def test_subscribing_that_fails_is_tried_again_and_no_stop_waits_for_it() -> None:
    vigil = watching()
    vigil.session_ended(10.0)
    vigil.poll(10.0)
    vigil.subscribing_failed(10.1)
    assert written(vigil.poll(10.5)) == [STOP]
    assert Subscribe() in vigil.poll(11.1)


def test_without_a_link_it_connects_until_it_does_and_then_stops_the_belt() -> None:
    vigil = watching(linked=False)
    vigil.session_ended(10.0)
    assert vigil.poll(10.0)[-1] == Connect()
    assert Connect() not in vigil.poll(10.1)
    vigil.connect_failed(11.0)
    assert Connect() not in vigil.poll(11.4)
    assert vigil.poll(11.5)[-1] == Connect()
    assert "does not reach Treadmill" in told(vigil.poll(12.0))
    vigil.link_made(13.0)
    assert Subscribe() in vigil.poll(13.0)
    vigil.subscribed(13.1)
    assert written(vigil.poll(13.1)) == [STOP]


def test_a_link_that_goes_while_it_stops_the_belt_is_made_anew_after_half_a_second() -> None:
    vigil = watching()
    stopping(vigil, 10.0)
    vigil.link_lost(10.2)
    assert Connect() not in vigil.poll(10.2)
    assert vigil.next_deadline() == 10.7
    assert Connect() in vigil.poll(10.7)
    vigil.link_made(11.0)
    vigil.poll(11.0)
    vigil.subscribed(11.1)
    assert written(vigil.poll(11.1)) == [STOP]


def test_a_link_that_goes_together_with_the_process_is_made_anew_after_half_a_second_as_well() -> None:
    """BlueZ loses a connection that is asked for within milliseconds of the disconnection."""
    vigil = watching()
    vigil.link_lost(10.0)
    vigil.session_ended(10.01)
    assert Connect() not in vigil.poll(10.01)
    assert vigil.next_deadline() == 10.5
    assert Connect() in vigil.poll(10.5)


def test_a_link_on_which_no_stop_is_answered_is_made_anew() -> None:
    """S4."""
    vigil = watching()
    stopping(vigil, 10.0)
    deeds = [deed for at in (11.0, 12.0) for deed in vigil.poll(at)]
    assert Disconnect() in deeds


def test_it_gives_up_after_two_minutes_and_says_so() -> None:
    vigil = watching(linked=False)
    vigil.session_ended(10.0)
    vigil.poll(10.0)
    deeds = vigil.poll(130.0)
    assert "gives up" in told(deeds)
    assert deeds[-1] == GONE


def test_a_session_that_comes_back_is_told_and_gets_its_belt_back() -> None:
    """S2, S6: the session ends by itself then; two writers would only be in each other's way."""
    vigil = watching()
    vigil.poll(2.0)
    vigil.subscribed(2.1)
    assert written(vigil.poll(2.1)) == [STOP]
    vigil.heard(MOVING, 3.0)
    assert vigil.poll(3.0) == [Answer(ACTED)]
    assert vigil.poll(4.9) == []
    assert Subscribe() in vigil.poll(5.0)  # and it hangs again


def test_a_session_that_hangs_while_its_belt_is_stopped_is_told_when_it_comes_back() -> None:
    vigil = watching()
    vigil.poll(2.0)
    vigil.subscribed(2.1)
    vigil.poll(2.1)
    for at in (3.0, 4.0):
        data(vigil, 0, at)
    deeds = vigil.poll(4.0)
    assert Answer(ACTED) in deeds
    assert GONE not in deeds
    assert vigil.next_deadline() is None
    vigil.session_ended(30.0)
    assert vigil.poll(30.0) == [GONE]


def test_a_process_killed_while_it_hangs_changes_nothing() -> None:
    vigil = watching()
    vigil.poll(2.0)
    vigil.subscribed(2.1)
    vigil.poll(2.1)
    vigil.session_ended(2.5)
    for at in (3.0, 4.0):
        data(vigil, 0, at)
    assert vigil.poll(4.0)[-1] == GONE


def test_a_belt_that_a_start_may_yet_move_is_not_believed_to_stand() -> None:
    """The session died just after its Start was written."""
    vigil = Vigil(BRIEF, 0.0)
    vigil.link_made(0.0)
    for at in (0.0, 1.0):
        data(vigil, 0, at)
    vigil.heard(MOVING, 1.5)
    stopping(vigil, 1.6)
    for at in (2.0, 3.0, 4.0, 5.0):
        data(vigil, 0, at)
        assert GONE not in vigil.poll(at)
    data(vigil, 0, 6.0)
    assert vigil.poll(6.0)[-1] == GONE


def test_a_machine_that_is_silent_while_it_stands_has_stopped_when_it_says_no_more() -> None:
    brief = Brief(device="/d", name="T", silent_when_stopped=True)
    vigil = watching(brief)
    stopping(vigil, 10.0)
    data(vigil, 100, 10.5)
    vigil.value(uuids.CONTROL_POINT, OBEYED, 10.6)
    vigil.poll(10.6)
    assert GONE not in vigil.poll(13.4)
    assert vigil.poll(13.6)[-1] == GONE


def test_nothing_it_ever_writes_starts_a_belt() -> None:
    """S1."""
    vigil = watching()
    writes = written(stopping(vigil, 10.0))
    for tenth in range(101, 1300):
        now = tenth / 10
        data(vigil, 300, now)
        writes += written(vigil.poll(now))
    assert {value[0] for value in writes} <= {0x00, 0x02, 0x08}


def test_the_brief_survives_the_way_to_the_watchdog() -> None:
    brief = Brief("/d", "Läufer", 0.4, (8, 7), 6.0, 100, 62, 2500.0, in_miles=True, silent_when_stopped=True)
    assert Brief.from_octets(brief.to_octets()) == brief


def test_miles_are_read_as_miles() -> None:
    brief = Brief("/d", "T", in_miles=True)
    assert brief.from_wire(Speed(100)) == Speed.from_mph(1)
