import re
from contextlib import suppress
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.access import is_loopback, settle_access
from apps.faults import CommandFault
from apps.setting_rows import describe
from apps.settings import Settings, load_settings

SECRET = "a secret that is long enough for HS256"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound here


def load(tmp_path: Path, file: str = "", **environment: str) -> Settings:
    path = tmp_path / ".env"
    path.write_text(file, encoding="utf-8")
    return load_settings(environment, env_file=path)


def faults(tmp_path: Path, **environment: str) -> tuple[str, ...]:
    with pytest.raises(CommandFault) as caught:
        load(tmp_path, **environment)
    assert caught.value.exit_code == 2
    return caught.value.sentences


def test_without_any_variable_every_setting_has_its_default(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_variables_are_read_in_their_types(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        ORDERS_PORT="0",
        STORE="MongoDB",
        PRICE_CHECK="0",
        DEMO="1",
        RESERVE_RETRY_PAUSE_SECONDS="0.25",
        CORS_ORIGINS="https://a.example, http://b.example:8000/",
    )

    assert settings == Settings(
        orders_port=0,
        store="mongodb",
        price_check=False,
        demo=True,
        reserve_retry_pause_seconds=0.25,
        cors_origins=("https://a.example", "http://b.example:8000"),
    )


def test_a_variable_of_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, "HOST=10.0.0.1\nISSUER=file\n", ISSUER="environment")

    assert (settings.host, settings.issuer) == ("10.0.0.1", "environment")


def test_a_dollar_sign_in_the_file_is_no_reference(tmp_path: Path) -> None:
    assert load(tmp_path, "ISSUER=a${HOME}b\n").issuer == "a${HOME}b"


def test_an_empty_variable_is_none_at_all(tmp_path: Path) -> None:
    assert load(tmp_path, STORE="", ACCESS_TOKEN_SECRET="") == Settings()


def test_the_example_file_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    names = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))

    assert load(tmp_path, example) == Settings()
    assert names == {row.name for row in describe(Settings())}


def test_every_bad_value_is_named_at_once_with_what_is_allowed(tmp_path: Path) -> None:
    assert faults(
        tmp_path,
        ORDERS_PORT="70000",
        STORE="mysql",
        EVENT_LOG="rabbit",
        PRICE_CHECK="perhaps",
        TOPIC_PARTITIONS="three",
        RESERVE_RETRY_PAUSE_SECONDS="nan",
        LOG_LEVEL="loud",
        CORS_ORIGINS="*",
    ) == (
        "ORDERS_PORT must be a port from 1 to 65535, or 0 for a free one; it is '70000'.",
        "STORE must be embedded or mongodb; it is 'mysql'.",
        "EVENT_LOG must be embedded or kafka; it is 'rabbit'.",
        "TOPIC_PARTITIONS must be a whole number from 1 to 1000; it is 'three'.",
        "RESERVE_RETRY_PAUSE_SECONDS must be a number from 0.001 to 3600; it is 'nan'.",
        "PRICE_CHECK must be 1 or 0; it is 'perhaps'.",
        (
            "CORS_ORIGINS must be origins such as https://shop.example, separated by commas; "
            "it is '*'."
        ),
        "LOG_LEVEL must be debug, info, warning or error; it is 'loud'.",
    )


@given(
    values=st.dictionaries(
        st.sampled_from([row.name for row in describe(Settings())]), st.text(max_size=12)
    )
)
def test_no_value_ends_in_anything_but_settings_or_sentences(values: dict[str, str]) -> None:
    with suppress(CommandFault):
        load_settings(values, env_file=Path("no such file"))


def test_two_services_on_one_port_exclude_each_other(tmp_path: Path) -> None:
    assert faults(tmp_path, MONITOR_PORT="3004") == (
        "ORDERS_PORT and MONITOR_PORT are both 3004: give each its own port.",
    )


def test_one_database_for_both_services_is_refused(tmp_path: Path) -> None:
    [sentence] = faults(tmp_path, STORE="mongodb", ORDERS_DB="shop", PRODUCTS_DB="shop")

    assert sentence == "ORDERS_DB and PRODUCTS_DB are both 'shop': they must differ."


def test_a_value_given_in_code_is_checked_as_well() -> None:
    with pytest.raises(ValueError, match="STORE must be embedded or mongodb"):
        Settings(store="paper")


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    settings = Settings(
        access_token_secret=SECRET,
        mongodb_uri="mongodb://shop:hunter2@db/?replicaSet=rs0",
        socketio_redis_url="redis://:hunter2@cache:6379/0",
    )
    shown = {row.name: row.value for row in describe(settings)}

    assert shown["ACCESS_TOKEN_SECRET"] == "********"
    assert shown["MONGODB_URI"] == "mongodb://shop:********@db/?replicaSet=rs0"
    assert shown["SOCKETIO_REDIS_URL"] == "redis://:********@cache:6379/0"
    assert SECRET not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_every_setting_says_what_it_means() -> None:
    rows = describe(Settings(orders_port=1))

    assert len(rows) == len(attrs.fields(Settings))
    assert all(row.meaning for row in rows)
    assert [row.name for row in rows if not row.is_default] == ["ORDERS_PORT"]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        (EVERYWHERE, False),
        ("::", False),
        ("10.0.0.1", False),
        ("shop.example", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_run_on_loopback_is_the_demo_with_a_secret_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = settle_access(Settings(data_dir=str(folder)), demo_by_default=True)
    again = settle_access(Settings(data_dir=str(folder)), demo_by_default=True)

    [file] = folder.iterdir()
    assert first.demo is True
    assert first.access_token_secret is not None
    assert len(first.access_token_secret) == 64
    assert again == first
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_service_by_itself_is_no_demo_and_needs_a_secret() -> None:
    with pytest.raises(CommandFault, match="ACCESS_TOKEN_SECRET is not set: make one with"):
        settle_access(Settings(), demo_by_default=False)


@pytest.mark.parametrize("host", [EVERYWHERE, "shop.example"])
def test_the_demo_is_refused_where_others_can_reach_it(host: str) -> None:
    settings = Settings(host=host, demo=True, access_token_secret=SECRET)

    with pytest.raises(CommandFault, match="DEMO=1 gives tokens to anybody"):
        settle_access(settings, demo_by_default=True)


def test_elsewhere_run_is_no_demo(tmp_path: Path) -> None:
    settings = Settings(host=EVERYWHERE, access_token_secret=SECRET)

    settled = settle_access(settings, demo_by_default=True)

    assert settled.demo is False


def test_without_the_demo_run_needs_a_secret_too(tmp_path: Path) -> None:
    settings = Settings(demo=False, data_dir=str(tmp_path))

    with pytest.raises(CommandFault, match="ACCESS_TOKEN_SECRET is not set"):
        settle_access(settings, demo_by_default=True)


def test_only_the_embedded_demo_makes_a_secret() -> None:
    with pytest.raises(CommandFault, match="only the embedded demo"):
        settle_access(Settings(event_log="kafka"), demo_by_default=True)


def test_a_weak_secret_is_refused() -> None:
    with pytest.raises(CommandFault, match="ACCESS_TOKEN_SECRET has 6 bytes, HS256 needs 32"):
        settle_access(Settings(access_token_secret="secret"), demo_by_default=True)


def test_a_folder_that_cannot_be_written_ends_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    settings = Settings(data_dir=str(file / "data"))

    with pytest.raises(CommandFault, match="cannot be written to"):
        settle_access(settings, demo_by_default=True)
