"""Settings that are right by themselves and not together."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.settings import Settings

__all__ = ["contradictions"]


def contradictions(settings: "Settings") -> list[str]:
    """Return a sentence for every two settings that do not go together."""
    faults: list[str] = []
    ports: dict[int, str] = {}
    for name in ("orders_port", "products_port", "storefront_port", "monitor_port"):
        value = getattr(settings, name)
        if value in ports:
            first = ports[value]
            faults.append(f"{first} and {name.upper()} are both {value}: give each its own port.")
        elif value:
            ports[value] = name.upper()
    if settings.store == "mongodb" and settings.orders_db == settings.products_db:
        faults.append(
            f"ORDERS_DB and PRODUCTS_DB are both {settings.orders_db!r}: they must differ."
        )
    faults.extend(_credentials(settings))
    if settings.access_token_secret and settings.access_token_jwks:
        faults.append(
            "ACCESS_TOKEN_SECRET and ACCESS_TOKEN_JWKS are both set, and tokens are checked with "
            "one of them: unset the other."
        )
    return faults


def _credentials(settings: "Settings") -> list[str]:
    protocol = f"KAFKA_SECURITY_PROTOCOL={settings.kafka_security_protocol}"
    credentials = {
        "KAFKA_SASL_USERNAME": settings.kafka_sasl_username,
        "KAFKA_SASL_PASSWORD": settings.kafka_sasl_password,
    }
    missing = [name for name, value in credentials.items() if not value]
    if settings.kafka_security_protocol.startswith("sasl_"):
        return [f"{protocol} needs {' and '.join(missing)} as well."] if missing else []
    if len(missing) == len(credentials):
        return []
    said = "takes no credentials: make it sasl_ssl or sasl_plaintext, or unset"
    return [f"{protocol} {said} KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD."]
