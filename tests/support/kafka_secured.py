"""A broker that wants TLS and a password at one more address."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

__all__ = ["Lock", "make_lock"]

_MODULES = "org.apache.kafka.common.security"


@attrs.frozen
class Lock:
    """Who is let in at *address*, and the certificate that the broker shows there.

    It signs itself, so that *ca_file* accounts for it.
    """

    address: str
    username: str
    password: str
    folder: Path

    @property
    def ca_file(self) -> str:
        """The file of the authority."""
        return str(self.folder / "ca.pem")

    def listener(self, listeners: dict[str, str]) -> dict[str, str]:
        """Return *listeners* and this one, which takes both mechanisms."""
        here, added = "listener.name.locked", f",LOCKED://{self.address}"
        plain = f'{_MODULES}.plain.PlainLoginModule required user_{self.username}="{self.password}"'
        return {
            **listeners,
            "listeners": listeners["listeners"] + added,
            "advertised.listeners": listeners["advertised.listeners"] + added,
            "listener.security.protocol.map": (
                listeners["listener.security.protocol.map"] + ",LOCKED:SASL_SSL"
            ),
            f"{here}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            f"{here}.plain.sasl.jaas.config": f"{plain};",
            f"{here}.scram-sha-512.sasl.jaas.config": (
                f"{_MODULES}.scram.ScramLoginModule required;"
            ),
            f"{here}.ssl.keystore.type": "PEM",
            f"{here}.ssl.keystore.location": str(self.folder / "broker.pem"),
        }

    def format_options(self) -> list[str]:
        """Return what formatting needs in order to know the password."""
        known = f"name={self.username},password={self.password}"
        return ["--add-scram", f"SCRAM-SHA-512=[{known}]"]


def make_lock(folder: Path, address: str, username: str, password: str) -> Lock:
    """Make the certificate in *folder*; it is good from yesterday until tomorrow."""
    host = ip_address(address.partition(":")[0])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ca.pem").write_bytes(certificate)
    (folder / "broker.pem").write_bytes(secret + certificate)
    return Lock(address, username, password, folder)
