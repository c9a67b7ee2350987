"""Topics: written, read back, and never more than they seem."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.mqtt.topics import (
    ALL,
    LONGEST_NAME,
    TOPICS,
    Channel,
    Keeping,
    Place,
    Topics,
    free_id,
    is_slug,
    slug,
    treadmill_id,
)
from backstride.errors import ConfigError

NAMES = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True)


def test_every_channel_has_its_rule() -> None:
    assert list(TOPICS) == list(Channel)


@given(channel=st.sampled_from(Channel), name=NAMES)
def test_a_topic_is_read_back_as_it_was_written(channel: Channel, name: str) -> None:
    topics = Topics("gym/upstairs")
    topic = topics.of(channel, name)
    assert topic.startswith("gym/upstairs/v1/")
    assert topics.read(topic) == (Place(channel, name) if "{name}" in channel.value else Place(channel))


@given(st.text())
def test_any_text_is_read_as_a_topic_or_as_none_of_ours(text: str) -> None:
    topics = Topics()
    for topic in (
        text,
        f"backstride/v1/{text}",
        f"backstride/v1/treadmill/{text}",
        f"backstride/v1/treadmill/{text}/stop",
    ):
        place = topics.read(topic)
        assert place is None or topics.of(place.channel, place.name) == topic


@pytest.mark.parametrize(
    "topic",
    [
        "backstride/v1/treadmill/+/stop",
        "backstride/v1/treadmill/den/stop/now",
        "backstride/v1/bridge/den/stop",
        "backstride/v2/treadmill/den/stop",
        "backstride/v1/treadmill/Den/stop",
        "backstride/v1/treadmill//stop",
        "backstride/v1/all/start",
    ],
)
def test_what_only_looks_like_a_topic_is_none(topic: str) -> None:
    assert Topics().read(topic) is None


def test_a_filter_hears_every_treadmill() -> None:
    assert Topics().of(Channel.CLAIM, ALL) == "backstride/v1/treadmill/+/claim"


@pytest.mark.parametrize("base", ["", "/", "a//b", "a/", "+", "gym/#", "$SYS", "two words", "x" * 101, "a\x00"])
def test_a_base_that_cannot_begin_a_topic_is_refused_with_what_can(base: str) -> None:
    with pytest.raises(ConfigError, match="cannot begin a topic"):
        Topics(base)


@given(st.text())
def test_a_slug_of_anything_is_a_slug(text: str) -> None:
    assert is_slug(slug(text, "treadmill"))
    assert slug(slug(text, "treadmill"), "x") == slug(text, "treadmill")


@given(st.none() | st.text(), st.none() | st.text(), st.text())
def test_the_id_of_any_treadmill_is_a_slug(called: str | None, advertised: str | None, address: str) -> None:
    assert is_slug(treadmill_id(called, advertised, address))


@pytest.mark.parametrize(
    ("called", "advertised", "expected"),
    [
        ("Büro", "F63", "buro"),
        ("Treadmill in the den", None, "treadmill-in-the-den"),
        (None, "HORIZON_7.0", "horizon-7-0-eeff"),
        (None, None, "treadmill-eeff"),
        ("🏃", "F63", "f63-eeff"),
        (None, "x" * 99, "x" * (LONGEST_NAME - 5) + "-eeff"),
    ],
)
def test_a_treadmill_is_named_as_its_owner_calls_it_or_by_the_end_of_its_address(
    called: str | None, advertised: str | None, expected: str
) -> None:
    assert treadmill_id(called, advertised, "AA:BB:CC:DD:EE:FF") == expected


def test_namesakes_have_names_of_their_own() -> None:
    taken: list[str] = []
    for _ in range(3):
        taken.append(free_id("Den", "F63", "AA:BB:CC:DD:EE:FF", taken))
    assert taken == ["den", "den-eeff", "den-eeff-2"]
    assert free_id(None, "F63", "AA:BB:CC:DD:EE:01", taken) == "f63-ee01"


def test_nothing_that_moves_a_belt_is_ever_retained() -> None:
    """S1."""
    assert not TOPICS[Channel.COMMAND].retained
    assert not TOPICS[Channel.STOP].retained
    assert not TOPICS[Channel.ALL_STOP].retained


def test_what_only_happens_once_is_neither_retained_nor_sent_only_once() -> None:
    for rule in TOPICS.values():
        if rule.keeping is Keeping.EVERY:
            assert (rule.qos, rule.retained) == (1, False)
