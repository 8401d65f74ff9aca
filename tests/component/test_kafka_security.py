"""TLS with a client's certificate, and SASL, against a broker that demands them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from services.cli.places import Places
from services.cli.settings import loaded
from services.shared.contract.errors import LogUnavailableError, OursToFixError
from services.shared.log.address import (
    KafkaCluster,
    Mechanism,
    Protection,
    Security,
    address_of,
)
from services.shared.log.kafka.log import KafkaLog
from services.shared.log.kafka.topics import Topics
from tests.support.kafka.broker import Broker, kafka_broker
from tests.support.kafka.certificates import Certificates, certificates_in
from tests.support.kafka.properties import PASSWORD, USER
from tests.support.kafka.shared import need_a_broker
from tests.support.log_events import order, take

pytestmark = [
    pytest.mark.xdist_group("kafka-security"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(240),
]
ORDERS = "shopify.orders"


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="broker")
async def _broker() -> AsyncIterator[Broker]:
    need_a_broker()
    async with kafka_broker(secured=True) as broker:
        async with Topics.of(cluster_of(broker, Security())) as topics:
            await topics.apply("syncer")
        yield broker


def cluster_of(broker: Broker, security: Security) -> KafkaCluster:
    cluster = address_of(broker.url_of(security.protection), security)
    assert isinstance(cluster, KafkaCluster)
    return cluster


def certificates_of(broker: Broker) -> Certificates:
    assert broker.certificates is not None
    return broker.certificates


def secured(broker: Broker, protection: Protection, **more: object) -> Security:
    certificates = certificates_of(broker)
    known = Security(
        protection=protection,
        ca_file=certificates.authority,
        username=USER,
        password=PASSWORD,
    )
    return replace(known, **more)  # type: ignore[arg-type] # fields by name


async def goes_through(cluster: KafkaCluster, value: bytes) -> None:
    async with KafkaLog.open(cluster) as log:
        await log.append([order(1, value)])
        async with log.reader(value.decode(), [ORDERS], "one") as reader:
            assert value in [event.value for event in await take(reader, 1)]
        assert await log.lag(value.decode())


async def refused(cluster: KafkaCluster) -> None:
    async with KafkaLog.open(cluster, connect_seconds=3.0) as log:
        with pytest.raises(LogUnavailableError):
            await log.append([order(1)])
        async with log.reader("nobody", [ORDERS], "one") as reader:
            with pytest.raises(LogUnavailableError):
                await reader.poll(1, 0.1)


async def test_a_clients_certificate_opens_the_door(broker: Broker) -> None:
    certificates = certificates_of(broker)
    security = secured(
        broker,
        Protection.SSL,
        certificate_file=certificates.client,
        key_file=certificates.client_key,
    )
    await goes_through(cluster_of(broker, security), b"certificate")


async def test_without_a_certificate_the_door_stays_shut(broker: Broker) -> None:
    await refused(cluster_of(broker, secured(broker, Protection.SSL)))


async def test_a_broker_of_another_authority_is_not_believed(
    broker: Broker, tmp_path: Path
) -> None:
    other = certificates_in(tmp_path)
    security = secured(broker, Protection.SASL_SSL, ca_file=other.authority)
    await refused(cluster_of(broker, security))


@pytest.mark.parametrize("mechanism", Mechanism)
@pytest.mark.parametrize("protection", [Protection.SASL_SSL, Protection.SASL_PLAINTEXT])
async def test_a_password_opens_the_door(
    broker: Broker, protection: Protection, mechanism: Mechanism
) -> None:
    security = secured(broker, protection, mechanism=mechanism)
    value = re.sub(r"\W", "", protection + mechanism)
    await goes_through(cluster_of(broker, security), value.encode())


async def test_a_wrong_password_does_not_and_is_not_quoted(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    security = secured(broker, Protection.SASL_SSL, password="opensesame")
    await refused(cluster_of(broker, security))
    assert "opensesame" not in caplog.text


async def test_settings_of_the_environment_are_enough(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = certificates_in(tmp_path, key_password="sealed")
    given = {
        "LOG_URL": broker.url_of("SASL_SSL"),
        "KAFKA_SECURITY": "SASL_SSL",
        "KAFKA_CA_FILE": str(certificates_of(broker).authority),
        "KAFKA_CERTIFICATE_FILE": str(certificates.client),
        "KAFKA_KEY_FILE": str(certificates.client_key),
        "KAFKA_KEY_PASSWORD": "sealed",
        "KAFKA_USERNAME": USER,
        "KAFKA_PASSWORD": PASSWORD,
    }
    monkeypatch.chdir(tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(f"SHOPSYNC_{name}", value)
    log = loaded(Places).log
    assert isinstance(log, KafkaCluster)
    await goes_through(log, b"environment")


async def test_a_way_in_that_is_not_complete_is_ours_to_fix(broker: Broker, tmp_path: Path) -> None:
    lacking = [
        secured(broker, Protection.SASL_SSL, password=""),
        secured(broker, Protection.SSL, ca_file=tmp_path / "missing.pem"),
    ]
    for security in lacking:
        with pytest.raises(OursToFixError):
            async with KafkaLog.open(cluster_of(broker, security)):
                pass
