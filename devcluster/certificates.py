"""A certificate authority of our own: server and client certificates, and keys that sign tokens."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = dt.timedelta(days=365)
_SKEW = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates and writes them into its folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.sign(_unsigned(self._name, self._key.public_key(), authority=True))
        self.identity = _write(folder, "ca", certificate, self._key)

    def server(self, name: str, hosts: Sequence[str]) -> Identity:
        """A certificate for a server that is reached under these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.sign(_unsigned(_name(name), key.public_key(), hosts=hosts))
        return _write(self._folder, name, certificate, key)

    def client(self, user: str, group: str | None = None) -> Identity:
        """A certificate for a Kubernetes user (CN) in a group (O)."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.sign(_unsigned(_name(user, group), key.public_key()))
        return _write(self._folder, user.replace(":", "-"), certificate, key)

    def sign(self, unsigned: x509.CertificateBuilder) -> x509.Certificate:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        complete = unsigned.issuer_name(self._name).add_extension(identifier, critical=False)
        return complete.sign(self._key, hashes.SHA256())


def signing_key(folder: Path, name: str) -> Identity:
    """A key pair for signing tokens: `certificate` holds the public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public_file = folder / f"{name}.pub"
    public_file.write_bytes(public)
    return Identity(public_file, _write_key(folder / f"{name}.key", key))


def _name(common_name: str, organization: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _unsigned(
    name: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    *,
    hosts: Sequence[str] = (),
    authority: bool = False,
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_key_usage(authority=authority), critical=True)
    )
    if not authority:
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if hosts:
        names = x509.SubjectAlternativeName([_alternative(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Identity:
    path = folder / f"{name}.crt"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Identity(path, _write_key(folder / f"{name}.key", key))


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path
