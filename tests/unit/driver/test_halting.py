"""Bringing the belt to a standstill, step by step with literal instants (safety rules S4 and S5)."""

from __future__ import annotations

from backstride.driver.halting import Halt, HaltStep
from backstride.driver.state import MachineState
from backstride.protocol.control_point import StopOrPause, StopOrPauseRequest
from backstride.protocol.tickets import Settled, Ticket, Verdict
from backstride.units import Speed

STOP, PAUSE, LOWEST = HaltStep.STOP, HaltStep.PAUSE, HaltStep.LOWEST_SPEED
TELL, RELINK = HaltStep.TELL_PERSON, HaltStep.RELINK
TICKET = Ticket(1, StopOrPauseRequest(StopOrPause.STOP))
OBEYED = Settled(TICKET, Verdict.SUCCEEDED, result=1)
BUSY = Settled(TICKET, Verdict.WRITE_REFUSED, att_error=0xFE)


def moving(at: float, *, slowing: bool = False) -> MachineState:
    return MachineState(at=at, speed=Speed(300), standing=False, slowing=slowing)


def standing(at: float) -> MachineState:
    return MachineState(at=at, speed=Speed(0), standing=True)


def test_the_escalation_on_a_belt_that_does_not_obey() -> None:
    """S5: Stop, again after 1 s, then Pause, then the lowest speed; told from the second second on."""
    halt = Halt(0.0)
    halt.settled(OBEYED, 0.0)
    assert halt.due(moving(0.0), 0.0) == [STOP]
    assert halt.next_deadline() == 1.0
    assert halt.due(moving(0.5), 0.5) == []
    assert halt.due(moving(1.0), 1.0) == [STOP]
    assert halt.due(moving(2.0), 2.0) == [TELL, PAUSE]
    assert halt.due(moving(3.0), 3.0) == [LOWEST]
    assert halt.due(moving(4.0), 4.0) == [STOP]
    assert halt.told


def test_a_pause_comes_first_where_it_is_asked_for() -> None:
    halt = Halt(0.0, pause_first=True)
    halt.settled(OBEYED, 0.0)
    instants = [0.0, 1.5, 2.5, 3.5, 4.5]
    steps: list[HaltStep] = []
    for at in instants:
        assert halt.next_deadline() <= at
        steps.append(halt.due(moving(at), at)[-1])
    assert steps == [PAUSE, STOP, STOP, PAUSE, LOWEST]


def test_steps_are_left_out_while_the_belt_is_seen_slowing() -> None:
    """S5."""
    halt = Halt(0.0)
    halt.settled(OBEYED, 0.0)
    assert halt.due(moving(0.0, slowing=True), 0.0) == [STOP]
    assert halt.due(moving(1.0, slowing=True), 1.0) == []
    assert halt.due(moving(2.0, slowing=True), 2.0) == []
    assert not halt.told
    assert halt.due(moving(3.0), 3.0) == [TELL, STOP]


def test_old_news_of_a_slowing_belt_proves_nothing() -> None:
    """S5."""
    halt = Halt(0.0)
    halt.settled(OBEYED, 0.0)
    halt.due(moving(0.0), 0.0)
    assert halt.due(moving(-2.0, slowing=True), 1.0) == [STOP]


def test_the_lowest_speed_is_only_for_a_belt_that_is_seen_to_move() -> None:
    """S2."""
    for state in (MachineState(standing=None), MachineState(at=0.0, speed=Speed(300), standing=False)):
        halt = Halt(0.0)
        halt.settled(OBEYED, 0.0)
        steps = [halt.due(state, float(at))[-1] for at in range(8)]
        assert LOWEST not in steps


def test_only_a_standing_belt_after_the_first_stop_ends_it() -> None:
    """S5."""
    halt = Halt(0.0)
    assert not halt.observe(standing(0.0))
    halt.due(standing(0.0), 0.0)
    assert not halt.observe(moving(0.5))
    assert not halt.observe(MachineState(at=0.6, standing=None))
    assert halt.observe(standing(1.0))
    assert halt.done


def test_a_busy_machine_gets_stop_every_half_second_and_a_new_link_after_two() -> None:
    """S4."""
    halt = Halt(0.0)
    halt.due(moving(0.0), 0.0)
    halt.settled(BUSY, 0.02)
    sent: list[tuple[float, list[HaltStep]]] = []
    now = 0.02
    while now < 3.0:
        now = halt.next_deadline()
        sent.append((round(now, 2), halt.due(moving(now), now)))
        halt.settled(BUSY, now)
    assert sent == [
        (0.52, [STOP]),
        (1.02, [STOP]),
        (1.52, [STOP]),
        (2.0, [TELL]),
        (2.02, [RELINK, STOP]),
        (2.52, [STOP]),
        (3.02, [STOP]),
    ]


def test_a_machine_that_never_answers_the_stop_gets_a_new_link() -> None:
    """S4: it may not have arrived."""
    halt = Halt(0.0)
    halt.due(moving(0.0), 0.0)
    halt.due(moving(1.0), 1.0)
    assert halt.due(moving(2.0), 2.0) == [TELL, RELINK, PAUSE]


def test_a_busy_machine_whose_belt_slows_keeps_its_link() -> None:
    halt = Halt(0.0)
    halt.due(moving(0.0), 0.0)
    halt.settled(BUSY, 0.0)
    for at in (0.5, 1.0, 1.5, 2.0, 2.5):
        assert RELINK not in halt.due(moving(at, slowing=True), at)


def test_stop_goes_out_at_once_on_a_new_link() -> None:
    """S4."""
    halt = Halt(0.0, pause_first=True)
    halt.due(moving(0.0), 0.0)
    halt.settled(BUSY, 0.1)
    halt.link_made(2.7)
    assert halt.next_deadline() == 2.0
    assert STOP in halt.due(MachineState(), 2.7)
    assert halt.due(MachineState(), 3.6) == []
    assert halt.due(MachineState(), 3.7) == [STOP]


def test_a_new_link_that_hangs_as_well_is_made_anew_later() -> None:
    """S4: each gets twice the time of the one before, so that the belt can be seen to stand."""
    halt = Halt(0.0)
    relinked: list[float] = []
    now = 0.0
    while now < 30.0:
        for step in halt.due(moving(now), now):
            if step is RELINK:
                relinked.append(now)
                halt.link_made(now)
        now = halt.next_deadline()
    assert relinked == [2.0, 6.0, 14.0]


def test_another_press_goes_out_at_once_and_starts_no_clock_anew() -> None:
    """S4, S5: whoever presses Stop every half second is still told to use the console."""
    halt = Halt(0.0)
    halt.settled(OBEYED, 0.0)
    halt.due(moving(0.0), 0.0)
    for at in (0.5, 1.0, 1.5):
        halt.press(at)
        assert halt.due(moving(at, slowing=True), at) == [STOP]
    halt.press(2.0)
    assert halt.due(moving(2.0), 2.0) == [TELL, STOP]


def test_a_pause_does_not_undo_a_stop() -> None:
    halt = Halt(0.0)
    halt.settled(OBEYED, 0.0)
    halt.due(moving(0.0), 0.0)
    halt.press(0.2, pause_first=True)
    assert halt.due(moving(0.2), 0.2) == [STOP]


def test_a_stop_overtakes_a_pause() -> None:
    halt = Halt(0.0, pause_first=True)
    halt.settled(OBEYED, 0.0)
    assert halt.due(moving(0.0), 0.0) == [PAUSE]
    halt.press(0.2)
    assert halt.due(moving(0.2), 0.2) == [STOP]


def test_a_press_before_its_stop_is_out_is_not_proven_by_an_older_sight() -> None:
    halt = Halt(0.0)
    halt.due(standing(0.0), 0.0)
    halt.press(0.5)
    assert not halt.observe(standing(0.5))


def test_a_stop_that_was_repeated_says_nothing_of_the_machine() -> None:
    halt = Halt(0.0)
    halt.due(moving(0.0), 0.0)
    halt.settled(BUSY, 0.0)
    halt.settled(Settled(TICKET, Verdict.SUPERSEDED), 0.1)
    halt.due(moving(0.5), 0.5)
    assert halt.next_deadline() == 1.0
    halt.settled(OBEYED, 0.6)
    halt.due(moving(1.0), 1.0)
    assert halt.next_deadline() == 2.0


def test_how_a_stop_ended_is_not_forgotten_for_a_later_one_that_is_refused() -> None:
    """S10: a machine that has stopped refuses the repeated Stop, and has not refused to stop."""
    halt = Halt(0.0)
    verdicts = []
    for end in (BUSY, OBEYED, Settled(TICKET, Verdict.REFUSED, result=4)):
        halt.settled(end, 1.0)
        verdicts.append(halt.verdict)
    assert verdicts == [Verdict.WRITE_REFUSED, Verdict.SUCCEEDED, Verdict.SUCCEEDED]
