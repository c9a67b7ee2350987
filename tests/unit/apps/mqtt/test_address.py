"""Where the broker is: read from a URL that never holds a password, and what is wrong with one in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstride.apps.mqtt.address import (
    LONGEST_WAIT,
    PASSWORD_VARIABLE,
    BackOff,
    BrokerAddress,
    read_address,
    read_password,
)
from backstride.errors import ConfigError

FILE = Path("some.pem")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://host", BrokerAddress("host", 1883, tls=False)),
        ("mqtts://host", BrokerAddress("host", 8883, tls=True)),
        ("mqtts://me@host:1234", BrokerAddress("host", 1234, tls=True, user="me")),
        ("mqtt://me%40home@host/", BrokerAddress("host", 1883, tls=False, user="me@home")),
        ("mqtt://[::1]:1883", BrokerAddress("::1", 1883, tls=False)),
    ],
)
def test_a_url_says_where_the_broker_is(url: str, expected: BrokerAddress) -> None:
    assert read_address(url) == expected


@pytest.mark.parametrize(
    "url", ["", "host", "host:1883", "http://host", "mqtt://", "mqtt://host/path", "mqtt://host:99999", "mqtt://[::1"]
)
def test_what_is_no_address_is_refused_with_one_that_is(url: str) -> None:
    with pytest.raises(ConfigError, match=r"Write it as mqtt://user@host:1883"):
        read_address(url)


@pytest.mark.parametrize("url", ["mqtt://me:secret@host", "mqtts://:secret@host", "mqtt://me:@host"])
def test_a_password_in_the_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="--password-file") as refusal:
        read_address(url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "more", "reason"),
    [
        ("mqtt://host", {"ca": FILE}, "write mqtts://"),
        ("mqtt://host", {"certificate": FILE}, "write mqtts://"),
        ("mqtts://host", {"key": FILE}, "add --cert"),
        ("mqtts://host", {"password": "secret"}, "needs a user"),
    ],
)
def test_what_does_not_go_together_is_refused(url: str, more: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_address(url, **more)  # type: ignore[arg-type]


def test_a_password_is_never_shown() -> None:
    address = read_address("mqtts://me@host", password="secret")  # noqa: S106 - that is the test
    assert address.password == "secret"  # noqa: S105
    for text in (str(address), repr(address), f"{address}"):
        assert text == "mqtts://me@host:8883"


def test_the_password_comes_from_a_file_or_else_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n", encoding="utf-8")
    environment = {PASSWORD_VARIABLE: "from the environment"}
    assert read_password(file, environment) == "from the file"
    assert read_password(None, environment) == "from the environment"
    assert read_password(None, {PASSWORD_VARIABLE: ""}) is None


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe"])
def test_a_file_that_holds_no_password_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="--password-file"):
        read_password(file, {})
    with pytest.raises(ConfigError, match="cannot be read"):
        read_password(tmp_path / "none", {})


@given(st.lists(st.booleans(), max_size=30))
def test_the_waits_grow_to_a_bound_and_begin_anew_after_a_success(successes: list[bool]) -> None:
    back_off, before = BackOff(), 0.0
    for succeeded in successes:
        if succeeded:
            back_off.succeeded()
            before = 0.0
        wait = back_off.wait()
        assert before <= wait <= LONGEST_WAIT
        assert wait == 1.0 or wait == min(LONGEST_WAIT, before * 2)
        before = wait
