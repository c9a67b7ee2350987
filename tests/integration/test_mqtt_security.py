"""Who may talk to the broker, and whom the bridge believes to be it: TLS, certificates, passwords."""

from __future__ import annotations

import asyncio
import gc
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from backstride.apps.mqtt.address import BrokerAddress, read_address
from backstride.apps.mqtt.broker import Broker
from backstride.errors import BridgeError, ConfigError
from tests.support.broker import HOST, MOSQUITTO, RealBroker, running_broker
from tests.support.certificates import Authority, Pair
from tests.support.hurry import hurried

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.broker,
    pytest.mark.allow_hosts([HOST]),
    pytest.mark.skipif(MOSQUITTO is None, reason="certificates and passwords are tried on Mosquitto, which is missing"),
]
paho_forgets_its_socket = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)
"""paho-mqtt 2.2 does not close the socket of a TLS handshake that fails; nothing but its own code can."""

PASSWORD = "correct horse"  # noqa: S105 - of nobody


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def encrypted(tmp_path: Path, authority: Authority) -> Iterator[RealBroker]:
    """Return a broker that wants a certificate of whoever comes."""
    own = authority.pair("broker")
    files = (f"certfile {own.certificate}", f"keyfile {own.key}", f"cafile {authority.certificate}")
    with running_broker(tmp_path, *files, "require_certificate true") as broker:
        yield broker


def meet(address: BrokerAddress) -> str:
    """Connect once; return what became of it."""

    async def story() -> str:
        try:
            async with Broker(address, "test", lambda _: None).connected(["a"]):
                return "connected"
        except BridgeError as error:
            return f"{'final' if error.final else 'passing'}: {error}"

    said: list[str] = []

    async def keep() -> None:
        said.append(await story())

    hurried(keep())
    gc.collect()  # what is left of a failed handshake is found here, and not in another test
    return said[0]


def at(broker: RealBroker, ca: Path | None, own: Pair | None) -> BrokerAddress:
    return read_address(
        f"mqtts://{HOST}:{broker.port}",
        ca=ca,
        certificate=None if own is None else own.certificate,
        key=None if own is None else own.key,
    )


def test_with_the_right_authority_and_a_certificate_the_connection_is_made(
    encrypted: RealBroker, authority: Authority
) -> None:
    assert meet(at(encrypted, authority.certificate, authority.pair("bridge"))) == "connected"


@paho_forgets_its_socket
def test_a_broker_whose_authority_is_not_known_is_not_believed(encrypted: RealBroker, authority: Authority) -> None:
    said = meet(at(encrypted, None, authority.pair("bridge")))
    assert said.startswith("final: The certificate of the broker at mqtts://127.0.0.1")
    assert said.endswith("Name the right authority with --ca FILE.")


def test_a_broker_that_wants_our_certificate_does_not_let_us_in_without(
    encrypted: RealBroker, authority: Authority
) -> None:
    assert meet(at(encrypted, authority.certificate, None)) != "connected"


def test_a_broker_that_does_not_know_our_authority_does_not_let_us_in(
    encrypted: RealBroker, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger").pair("impostor")
    assert meet(at(encrypted, authority.certificate, stranger)) != "connected"


@paho_forgets_its_socket
def test_the_name_in_the_certificate_must_be_that_of_the_broker(encrypted: RealBroker, authority: Authority) -> None:
    address = at(encrypted, authority.certificate, authority.pair("bridge"))
    elsewhere = BrokerAddress("localhost", address.port, True, None, None, address.ca, address.certificate, address.key)  # noqa: FBT003
    assert meet(elsewhere) != "connected"


@pytest.mark.parametrize("what", ["ca", "certificate", "key"])
def test_a_file_that_holds_no_certificate_is_refused_before_anything_is_connected(
    tmp_path: Path, authority: Authority, what: str
) -> None:
    own = authority.pair("bridge")
    files: dict[str, Any] = {"ca": authority.certificate, "certificate": own.certificate, "key": own.key}
    files[what] = tmp_path / "nothing.pem"
    files[what].write_text("nothing", encoding="ascii")
    with pytest.raises(ConfigError, match="A certificate for the broker cannot be used"):
        Broker(read_address(f"mqtts://{HOST}", password=None, **files), "test", lambda _: None)


@pytest.mark.skipif(shutil.which("mosquitto_passwd") is None, reason="Mosquitto's tool for passwords is missing")
def test_a_wrong_password_is_final_and_the_right_one_opens(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "me", PASSWORD], check=True, capture_output=True)
    passwords.chmod(0o644)
    with running_broker(tmp_path, f"password_file {passwords}", "allow_anonymous false") as broker:
        url = f"mqtt://me@{HOST}:{broker.port}"
        assert meet(read_address(url, password=PASSWORD)) == "connected"
        refused = meet(read_address(url, password="wrong"))  # noqa: S106 - that is the test
        assert refused.startswith("final: The broker at mqtt://me@127.0.0.1")
        assert "wrong" not in refused
        assert meet(read_address(f"mqtt://{HOST}:{broker.port}")).startswith("final: ")


def test_a_broker_that_is_not_there_is_no_reason_to_give_up(tmp_path: Path) -> None:
    broker = RealBroker(tmp_path)
    assert meet(read_address(broker.url)).startswith("passing: The broker at mqtt://127.0.0.1")


def test_a_broker_that_never_answers_is_given_up_in_time() -> None:
    async def only_listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            pass
        writer.close()

    async def story() -> None:
        silent = await asyncio.start_server(only_listen, HOST, 0)
        async with silent:
            port = silent.sockets[0].getsockname()[1]
            with pytest.raises(BridgeError):
                async with Broker(read_address(f"mqtt://{HOST}:{port}"), "test", lambda _: None).connected(["a"]):
                    pass

    hurried(story(), within=60)


def test_a_broker_that_says_that_another_has_our_name_is_believed() -> None:
    """MQTT 5: CONNACK, SUBACK, and DISCONNECT with Session taken over (3.14.2.1)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(bytes.fromhex("2003000000"))
        subscribe = await reader.read(1024)
        writer.write(bytes.fromhex("9004") + subscribe[2:4] + bytes.fromhex("0001"))
        await asyncio.sleep(0.2)
        writer.write(bytes.fromhex("e0018e"))
        await writer.drain()
        writer.close()

    async def story() -> BridgeError:
        server = await asyncio.start_server(serve, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            with pytest.raises(BridgeError) as raised:
                async with Broker(read_address(f"mqtt://{HOST}:{port}"), "me", lambda _: None).connected(["x"]) as line:
                    await line.lost()
        return raised.value

    error = asyncio.run(story())
    assert error.final
    assert "under our name" in str(error)


def test_s4_a_bridge_that_may_not_hear_stop_is_told_so_and_offers_nothing() -> None:
    """SUBACK with Not authorized (MQTT 5, 3.9.3)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(bytes.fromhex("2003000000"))
        subscribe = await reader.read(1024)
        writer.write(bytes.fromhex("9004") + subscribe[2:4] + bytes.fromhex("0087"))
        await reader.read()
        writer.close()

    async def story() -> BridgeError:
        server = await asyncio.start_server(serve, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        broker = Broker(read_address(f"mqtt://{HOST}:{port}"), "me", lambda _: None)
        async with server:
            with pytest.raises(BridgeError) as raised:
                async with broker.connected(["all/stop"], must_hear=True):
                    pass
        return raised.value

    error = asyncio.run(story())
    assert error.final
    assert "does not let us hear all/stop" in str(error)


def test_a_broker_that_takes_fewer_messages_at_once_gets_fewer_and_what_it_denies_is_known() -> None:
    """CONNACK with Receive Maximum (MQTT 5, 3.2.2.3.3), and SUBACK with Not authorized for one topic of two."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(bytes.fromhex("2006000003210005"))
        for code in ("87", "01"):
            subscribe = await reader.read(1024)
            writer.write(bytes.fromhex("9004") + subscribe[2:4] + bytes.fromhex("00" + code))
        await reader.read()
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(serve, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        broker = Broker(read_address(f"mqtt://{HOST}:{port}"), "me", lambda _: None)
        async with server, broker.connected(["command", "claim"]) as connection:
            assert connection.in_flight == 5
            assert connection.denied == ["command"]

    asyncio.run(story())
