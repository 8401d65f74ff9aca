"""An authority of our own, with a certificate for the broker and one for a client."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """PEM files. ``broker`` holds key and certificate together, as Kafka wants them."""

    authority: Path
    broker: Path
    client: Path
    client_key: Path


def certificates_in(folder: Path, *, key_password: str = "") -> Certificates:
    """New certificates, valid for a day; the client's key is sealed if there is a password."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _signed("tests", authority_key, authority_key, "tests", is_authority=True)
    made = Certificates(
        authority=folder / "authority.pem",
        broker=folder / "broker.pem",
        client=folder / "client.pem",
        client_key=folder / "client.key.pem",
    )
    made.authority.write_bytes(_pem(authority))
    broker_key = ec.generate_private_key(ec.SECP256R1())
    broker = _signed("broker", broker_key, authority_key, "tests")
    made.broker.write_bytes(_key(broker_key) + _pem(broker) + _pem(authority))
    client_key = ec.generate_private_key(ec.SECP256R1())
    made.client.write_bytes(_pem(_signed("shopsync", client_key, authority_key, "tests")))
    made.client_key.write_bytes(_key(client_key, key_password))
    return made


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    issuer: str,
    *,
    is_authority: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([loopback, x509.DNSName("localhost")]), False)  # noqa: FBT003 - whether it is critical
        .sign(by, hashes.SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key(key: ec.EllipticCurvePrivateKey, password: str = "") -> bytes:
    sealed: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password.encode())
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
