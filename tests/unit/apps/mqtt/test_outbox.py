"""The outbox: what reaches the broker in the end, in which order, and what is said of the rest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.mqtt.outbox import Message, Outbox
from backstride.apps.mqtt.topics import TOPICS, Channel, Keeping, Topics

OURS = [channel for channel, rule in TOPICS.items() if rule.keeping is not None]


def outbox(telemetry_kept: int = 3, every_kept: int = 1000) -> Outbox:
    return Outbox(Topics(), "den", telemetry_kept=telemetry_kept, every_kept=every_kept)


def emptied(box: Outbox) -> list[Message]:
    """Take everything, acknowledged at once."""
    messages: list[Message] = []
    while (message := box.take()) is not None:
        box.acknowledge(message)
        messages.append(message)
    return messages


def payloads(messages: list[Message]) -> list[bytes]:
    return [message.payload for message in messages]


def test_a_message_goes_out_as_the_table_of_topics_says() -> None:
    box = outbox()
    box.put(Channel.STATE, b"s")
    box.put(Channel.ANSWER, b"a")
    answer, state = emptied(box)
    assert (answer.topic, answer.qos, answer.retain) == ("backstride/v1/treadmill/den/answer", 1, False)
    assert (state.topic, state.qos, state.retain) == ("backstride/v1/treadmill/den/state", 0, True)
    assert box.is_empty


def test_telemetry_drops_the_oldest_and_counts_it() -> None:
    box = outbox(telemetry_kept=3)
    for number in range(5):
        box.put(Channel.STATE, b"%d" % number)
    assert payloads(emptied(box)) == [b"2", b"3", b"4"]
    assert box.dropped == 2


def test_of_what_the_broker_keeps_only_the_latest_goes_out() -> None:
    box = outbox()
    for number in range(5):
        box.put(Channel.SESSION, b"%d" % number)
    box.put(Channel.LINK, b"online")
    assert payloads(emptied(box)) == [b"4", b"online"]
    assert (box.dropped, box.lost) == (0, 0)


def test_events_and_answers_are_all_kept_in_order() -> None:
    box = outbox()
    for number in range(999):
        box.put(Channel.EVENT if number % 3 else Channel.ANSWER, b"%d" % number)
    assert payloads(emptied(box)) == [b"%d" % number for number in range(999)]


def test_what_is_not_acknowledged_goes_out_again_before_what_came_later() -> None:
    box = outbox()
    for number in range(4):
        box.put(Channel.EVENT, b"%d" % number)
    first, second, third = (box.take() for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is not None
    box.acknowledge(first)
    assert not box.is_empty
    box.start_over()
    box.acknowledge(second)  # of the connection before: too late, it goes out again
    assert payloads(emptied(box)) == [b"1", b"2", b"3"]


def test_on_a_new_connection_the_broker_is_told_again_all_that_it_should_keep() -> None:
    box = outbox()
    box.put(Channel.CAPABILITIES, b"c")
    box.put(Channel.LINK, b"online")
    box.put(Channel.STATE, b"s")
    emptied(box)
    box.start_over()
    assert payloads(emptied(box)) == [b"c", b"online", b"s"]


def test_even_events_are_not_kept_for_ever_and_what_is_lost_is_counted() -> None:
    box = outbox(every_kept=10)
    for number in range(25):
        box.put(Channel.EVENT, b"%d" % number)
    assert payloads(emptied(box)) == [b"%d" % number for number in range(15, 25)]
    assert box.lost == 15


@given(st.lists(st.sampled_from([*OURS, "take", "acknowledge", "start over"]), max_size=200))
def test_in_the_end_the_broker_has_every_event_in_order_and_the_latest_of_the_rest(steps: list[Channel | str]) -> None:
    box, put, got, unacknowledged = outbox(), [], [], []
    for number, step in enumerate(steps):
        match step:
            case Channel():
                box.put(step, b"%d" % number)
                put.append((TOPICS[step].keeping, Topics().of(step, "den"), b"%d" % number))
            case "take":
                if (message := box.take()) is not None:
                    got.append(message)
                    unacknowledged.append(message)
            case "acknowledge":
                if unacknowledged:
                    box.acknowledge(unacknowledged.pop(0))
            case _:
                box.start_over()
                unacknowledged.clear()
    box.start_over()
    got.extend(emptied(box))
    assert box.is_empty
    every = [payload for keeping, _, payload in put if keeping is Keeping.EVERY]
    firsts = list(dict.fromkeys(message.payload for message in got if message.keeping is Keeping.EVERY))
    assert firsts == every
    telemetry = {message.payload for message in got if message.keeping is Keeping.TELEMETRY}
    assert len(telemetry) + box.dropped >= sum(keeping is Keeping.TELEMETRY for keeping, _, _ in put)
    for topic in {topic for keeping, topic, _ in put if keeping is not Keeping.EVERY}:
        assert [message.payload for message in got if message.topic == topic][-1] == [
            payload for _, other, payload in put if other == topic
        ][-1]
