"""Settings that say where something is: read strictly, and shown without what is secret."""

from pathlib import Path

import pytest

from apps.faults import CommandFault
from apps.setting_rows import MASK, describe, without_password
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
        ("SOCKETIO_REDIS_URL", "redis://h/?foo=bar"),
        ("SOCKETIO_REDIS_URL", "redis://h/?ssl_ca_certs=ca.pem"),
        ("SOCKETIO_REDIS_URL", "redis://h/?protocol=1"),
        ("SOCKETIO_REDIS_URL", "redis://h/?encoding=none"),
        ("SOCKETIO_REDIS_URL", "redis://h/?retry=1"),
        ("SOCKETIO_REDIS_URL", "redis://h/?retry_on_error=x"),
        ("SOCKETIO_REDIS_URL", "redis://h/?credential_provider=x"),
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
        ("SOCKETIO_REDIS_URL", "rediss://h/?ssl_ca_certs=ca.pem&ssl_keyfile=key.pem"),
        ("SOCKETIO_REDIS_URL", "redis://h/?socket_keepalive=1&health_check_interval=10&protocol=3"),
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
        ("ACCESS_TOKEN_JWKS", "https//u:hidden@h/keys"),
        ("ACCESS_TOKEN_JWKS", "//u:hidden@h/keys"),
        ("ACCESS_TOKEN_JWKS", "https://hidden@h/keys"),
        ("ACCESS_TOKEN_JWKS", "https://hidden:u@h/keys"),
        ("ACCESS_TOKEN_JWKS", "https://h/keys?key=hidden"),
        ("ACCESS_TOKEN_JWKS", "https://h/keys?v=1&anything=hidden"),
        ("ACCESS_TOKEN_JWKS", "https://h/keys?v=1&hidden"),
        ("ACCESS_TOKEN_JWKS", "https://h/keys;token=hidden"),
        ("ACCESS_TOKEN_JWKS", "https://h/keys#token=hidden"),
        *(
            ("SOCKETIO_REDIS_URL", f"redis://h/?client_name=a&{name}=hidden")
            for name in ("password", "%70assword", "username=u&password")
        ),
    ],
)
def test_what_is_secret_in_an_address_is_masked(name: str, address: str) -> None:
    settings = load_settings({name: address}, env_file=NOWHERE)

    assert "hidden" not in repr(settings)
    assert MASK in repr(settings)


@pytest.mark.parametrize(
    "name", ["key", "api_key", "accessKey", "sig", "x-sig", "passwd", "pwd", "auth", "signature"]
)
def test_an_option_that_sounds_secret_is_masked_also_where_the_others_are_known(name: str) -> None:
    shown = without_password(f"mongodb://u:p@h/?w=1&{name}=hidden&tlsCertificateKeyFile=key.pem")

    assert shown == f"mongodb://u:{MASK}@h/?w=1&{name}={MASK}&tlsCertificateKeyFile=key.pem"


def test_of_a_foreign_address_the_place_is_shown() -> None:
    address = "https://reader:hidden@keys.example:1/a/keys.json?tenant=shop"

    assert without_password(address, is_foreign=True) == (
        f"https://{MASK}@keys.example:1/a/keys.json?tenant={MASK}"
    )


@pytest.mark.parametrize("source", ["keys.json", "/etc/shop/keys.json", "https://h:1/a/keys.json"])
def test_a_source_of_keys_without_a_secret_is_shown_as_it_is(source: str) -> None:
    settings = load_settings({"ACCESS_TOKEN_JWKS": source}, env_file=NOWHERE)

    assert source in {row.value for row in describe(settings)}


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
