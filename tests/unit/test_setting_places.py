"""Settings that say where something is: read strictly, and shown without what is secret."""

from pathlib import Path

import pytest

from apps.faults import CommandFault
from apps.setting_rows import MASK, describe
from apps.settings import load_settings

NOWHERE = Path("no-such-file")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOCKETIO_REDIS_URL", "foo"),
        ("SOCKETIO_REDIS_URL", "redis://"),
        ("SOCKETIO_REDIS_URL", "redis://[x"),
        ("SOCKETIO_REDIS_URL", "redis://h:many"),
        ("SOCKETIO_REDIS_URL", "redis://h/?db=first"),
        ("MONGODB_URI", "foo"),
        ("MONGODB_URI", "http://127.0.0.1"),
        ("STOREFRONT_URL", "https://[x"),
        ("ORDERS_URL", "https://shop.example:many"),
        ("HOST", ".foo"),
        ("HOST", "x" * 64 + ".example"),
        ("PRODUCTS_DB", "x/y"),
        ("PRODUCTS_DB", "with blank"),
        ("ORDERS_DB", "x" * 64),
        ("ORDERS_DB", "ü" * 40),
    ],
)
def test_a_place_that_is_none_stops_the_start_with_the_settings_name(name: str, value: str) -> None:
    with pytest.raises(CommandFault, match=f"{name} must be"):
        load_settings({name: value}, env_file=NOWHERE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOCKETIO_REDIS_URL", "rediss://redis.example:6380/0"),
        ("SOCKETIO_REDIS_URL", "unix:///run/redis.sock"),
        ("MONGODB_URI", "mongodb+srv://u:p@cluster.example/?w=majority"),
        ("HOST", "::1"),
        ("HOST", "shop.example"),
        ("PRODUCTS_DB", "shop-1_products"),
    ],
)
def test_a_place_is_taken_as_it_is_written(name: str, value: str) -> None:
    settings = load_settings({name: value}, env_file=NOWHERE)

    assert value in {row.value for row in describe(settings)} | {settings.mongodb_uri}


def test_a_bad_address_does_not_show_its_password() -> None:
    with pytest.raises(CommandFault) as fault:
        load_settings({"MONGODB_URI": "mongo://u:hidden@h"}, env_file=NOWHERE)

    assert "hidden" not in str(fault.value)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("MONGODB_URI", "mongodb://u:hidden@h/?tlsCertificateKeyFilePassword=hidden&w=1"),
        ("MONGODB_URI", "mongodb://h/?w=1&authMechanismProperties=AWS_SESSION_TOKEN:hidden"),
        ("SOCKETIO_REDIS_URL", "redis://h:1/?password=hidden"),
        ("MONGODB_URI", "mongodb://u:a/hidden@h/?replicaSet=rs0"),
        ("MONGODB_URI", "mongodb://u:a?hidden@h/"),
        ("MONGODB_URI", "mongodb://u:a#hidden@h/"),
        ("MONGODB_URI", "mongodb://u:a@hidden@h/"),
        ("ACCESS_TOKEN_JWKS", "https://u:hidden@h/keys?token=hidden"),
        ("ACCESS_TOKEN_JWKS", "https://u:hidden@[h/keys"),
    ],
)
def test_what_is_secret_in_an_address_is_masked(name: str, address: str) -> None:
    settings = load_settings({name: address}, env_file=NOWHERE)

    assert "hidden" not in repr(settings)
    assert MASK in repr(settings)


@pytest.mark.parametrize(
    "address",
    ["mongodb://h,i:1/shop?replicaSet=rs0", "mongodb+srv://u@h/?w=majority", "unix:///run/r.sock"],
)
def test_an_address_without_a_secret_is_shown_as_it_is(address: str) -> None:
    name = "SOCKETIO_REDIS_URL" if address.startswith("unix") else "MONGODB_URI"
    settings = load_settings({name: address}, env_file=NOWHERE)

    assert address in {row.value for row in describe(settings)}


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"LOG_LEVEL=\xff\xfe\n")

    with pytest.raises(CommandFault, match="cannot be read"):
        load_settings({}, env_file=file)
