"""How clients show who they are, and how they know that the broker is the right one."""

import asyncio
from functools import lru_cache
from ssl import SSLContext, SSLError
from typing import Any

import attrs
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.helpers import create_ssl_context

__all__ = ["KafkaSecurity", "refusal", "security_options"]

_REFUSALS = (
    AuthenticationFailedError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
    SSLError,
)


@attrs.frozen(kw_only=True)
class KafkaSecurity:
    """*protocol* and *mechanism* in Kafka's own words, such as SASL_SSL and SCRAM-SHA-512.

    A broker's certificate must be signed by an authority of *ca_file*, or of the machine's own.
    """

    protocol: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    username: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    ca_file: str | None = None

    @property
    def is_named(self) -> bool:
        """Whether clients say who they are."""
        return self.protocol.startswith("SASL_")

    @property
    def is_encrypted(self) -> bool:
        """Whether what is said is encrypted."""
        return self.protocol.endswith("SSL")


def security_options(security: KafkaSecurity) -> dict[str, Any]:
    """Return what every client is told about it.

    Raises:
        OSError: the file with the authorities cannot be read.
    """
    options: dict[str, Any] = {"security_protocol": security.protocol}
    if security.is_encrypted:
        options["ssl_context"] = _context(security.ca_file)
    if security.is_named:
        options["sasl_mechanism"] = security.mechanism
        options["sasl_plain_username"] = security.username
        options["sasl_plain_password"] = security.password
    return options


async def refusal(
    bootstrap_servers: str, security: KafkaSecurity, seconds_max: float
) -> Exception | None:
    """Return why a broker does not let us in, or is not let in by us; None: that is not it.

    The driver's clients only log that, and say that they reached nobody.
    """
    for host, port, _ in collect_hosts(bootstrap_servers):
        try:
            async with asyncio.timeout(seconds_max):
                connection = await create_conn(host, port, **security_options(security))
        except _REFUSALS as refused:
            return refused
        except (KafkaError, OSError, TimeoutError):
            continue
        connection.close()
    return None


@lru_cache
def _context(ca_file: str | None) -> SSLContext:
    context: SSLContext = create_ssl_context(cafile=ca_file)
    return context
