import json
import re
from pathlib import Path

import jwt
import pytest
from click.testing import CliRunner, Result

from apps.cli import main
from apps.faults import CommandFault
from inventory_domain.errors import DependencyUnavailable

SECRET = "a secret that is long enough for HS256"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting and no file of the surroundings gets through."""
    monkeypatch.chdir(tmp_path)
    for name in ("ACCESS_TOKEN_SECRET", "DATA_DIR", "DEMO", "EVENT_LOG", "HOST", "STORE"):
        monkeypatch.delenv(name, raising=False)


def apps(*arguments: str, **settings: str) -> Result:
    return CliRunner().invoke(main, arguments, env=settings, prog_name="python -m apps")


COMMANDS = ("run", "orders", "products", "seed", "token", "audit", "topics", "settings")


@pytest.mark.parametrize(
    "command",
    [
        (),
        *[(name,) for name in COMMANDS],
        ("dead-letters",),
        ("dead-letters", "list"),
        ("dead-letters", "show"),
        ("dead-letters", "redrive"),
    ],
)
def test_help_teaches_with_examples(command: tuple[str, ...]) -> None:
    result = apps(*command, "--help")

    assert result.exit_code == 0
    examples = result.output.split("Examples:")[1]
    assert re.search(rf"python -m apps {' '.join(command)}".strip(), examples)


def test_an_unknown_command_is_wrong_use() -> None:
    result = apps("fly")

    assert result.exit_code == 2
    assert "No such command" in result.output


# --- settings ---------------------------------------------------------------------------------


def test_settings_prints_a_table_with_secrets_masked() -> None:
    result = apps("settings", ACCESS_TOKEN_SECRET=SECRET, ORDERS_PORT="4000")

    assert result.exit_code == 0
    assert re.search(r"\* +ORDERS_PORT +4000 +3004 +Port of the orders service", result.output)
    assert re.search(r"\* +ACCESS_TOKEN_SECRET +\*{8} ", result.output)
    assert SECRET not in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_bad_settings_end_every_command_in_sentences(command: str) -> None:
    arguments = (command, "--sub", "anna") if command == "token" else (command,)

    result = apps(*arguments, STORE="paper", ORDERS_PORT="many")

    assert result.exit_code == 2
    assert result.stderr == (
        "ORDERS_PORT must be a port from 1 to 65535, or 0 for a free one; it is 'many'.\n"
        "STORE must be embedded or mongodb; it is 'paper'.\n"
    )


# --- token ------------------------------------------------------------------------------------


def test_a_token_is_signed_with_the_configured_secret() -> None:
    result = apps(
        "token", "--sub", "anna", "--role", "admin", "--ttl", "15m", ACCESS_TOKEN_SECRET=SECRET
    )

    claims = jwt.decode(result.stdout.strip(), SECRET, algorithms=["HS256"], issuer="inventory")
    assert (claims["sub"], claims["roles"]) == ("anna", ["admin"])
    assert claims["exp"] - claims["iat"] in (900, 901)


def test_without_a_secret_the_demo_s_own_signs(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "demo-secret").write_text(SECRET)

    result = apps("token", "--sub", "anna")

    assert jwt.decode(result.stdout.strip(), SECRET, algorithms=["HS256"])["roles"] == ["user"]


def test_in_the_wrong_folder_no_token_is_made_that_nobody_takes(tmp_path: Path) -> None:
    result = apps("token", "--sub", "anna")

    assert result.exit_code == 2
    assert result.stderr.startswith("There is no data/demo-secret: start `run` first, or set")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sub", "anna", "--role", "king"), "'king' is not one of"),
        (("--sub", "anna", "--ttl", "soon"), "must be a time such as 90s, 15m, 1h or 7d"),
        (("--sub", "anna", "--ttl", "0h"), "must be a time such as"),
        (("--sub", "no/body"), "Sub must begin with a letter or digit"),
        ((), "Missing option '--sub'"),
    ],
)
def test_a_token_that_cannot_be_is_wrong_use(arguments: tuple[str, ...], said: str) -> None:
    result = apps("token", *arguments, ACCESS_TOKEN_SECRET=SECRET)

    assert result.exit_code == 2
    assert said in re.sub(r"\s*│\s*", " ", result.output)


# --- seed, audit, topics: over the embedded files ---------------------------------------------


def test_the_sample_catalogue_is_loaded_once() -> None:
    first, again = apps("seed"), apps("seed")

    assert first.output == "30 products were added, 0 were there already.\n"
    assert again.output == "0 products were added, 30 were there already.\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory): check its name."),
        ("not json", "file: must be JSON"),
        ('[{"_id": "a", "name": "A", "price": -1}]', "products[0].price: must"),
        ('[{"_id": "a", "name": "A", "price": 1, "colour": "red"}]', "products[0].colour: "),
    ],
)
def test_a_bad_catalogue_is_refused_with_its_faults(
    tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "products.json"
    if content is not None:
        file.write_text(content)

    result = apps("seed", str(file))

    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "data").exists()


def test_audit_of_a_seeded_shop_holds() -> None:
    apps("seed")
    people, program = apps("audit"), apps("audit", "--json")

    assert people.exit_code == 0
    assert "Everything adds up: 30 products" in people.output
    document = json.loads(program.output)
    assert document["holds"] is True
    assert len(document["products"]) == 30


@pytest.mark.parametrize("command", [("audit",), ("dead-letters", "list")])
def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = apps(*command, DATA_DIR="elsewhere")

    assert result.exit_code == 2
    assert result.stderr.startswith("There is no folder elsewhere: set DATA_DIR")
    assert not (tmp_path / "elsewhere").exists()


def test_topics_are_created_then_checked() -> None:
    created, checked, other = apps("topics"), apps("topics"), apps("topics", TOPIC_PARTITIONS="5")

    assert [one.exit_code for one in (created, checked, other)] == [0, 0, 1]
    assert re.search(r"order\.created +3 +0 +created", created.output)
    assert "created\n" not in checked.output.replace("order.created", "")
    assert "order.created has 3 partitions, TOPIC_PARTITIONS is 5: " in other.stderr


def test_a_file_that_is_no_database_is_a_dependency_away(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "products.db").write_text("this is no database " * 500)

    result = apps("audit")

    assert result.exit_code == 3
    assert result.stderr.startswith("The stock store does not answer (")


# --- dead letters -----------------------------------------------------------------------------


def test_an_empty_system_has_no_dead_letters() -> None:
    apps("topics")

    listed, program = apps("dead-letters", "list"), apps("dead-letters", "list", "--json")
    everything = apps("dead-letters", "redrive", "--all")

    assert listed.output == "There are no such dead letters.\n"
    assert json.loads(program.output) == []
    assert "Nothing was sent: 0 would be, 0 would be left out." in everything.output


@pytest.mark.parametrize("speed", ["0", "nan", "inf", "-1"])
def test_dead_letters_are_sent_at_a_speed_that_there_is(speed: str) -> None:
    apps("topics")

    result = apps("dead-letters", "redrive", "--all", "--per-second", speed)

    assert result.exit_code == 2
    assert "--per-second" in result.stderr


@pytest.mark.parametrize("command", ["show", "redrive"])
def test_a_dead_letter_that_is_not_there_is_named(command: str) -> None:
    apps("topics")
    letter = "inventory.reserve.dlq-0-7"

    result = apps("dead-letters", command, *(("--id",) if command == "redrive" else ()), letter)

    assert result.exit_code == 2
    assert result.stderr == f"There is no dead letter {letter}: see `list`.\n"


@pytest.mark.parametrize("chosen", [(), ("--all", "--id", "x"), ("--all", "--order", "x")])
def test_redrive_wants_to_know_which(chosen: tuple[str, ...]) -> None:
    result = apps("dead-letters", "redrive", *chosen)

    assert result.exit_code == 2
    assert result.stderr.startswith("Say which: --all, or --id, or filters")


# --- starts that are refused ------------------------------------------------------------------


@pytest.mark.parametrize("service", ["orders", "products"])
def test_a_service_without_a_secret_says_what_to_do(service: str) -> None:
    result = apps(service)

    assert result.exit_code == 2
    assert result.stderr.startswith("ACCESS_TOKEN_SECRET is not set: make one with `python -c")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"HOST": "192.0.2.1", "DEMO": "1"}, "DEMO=1 gives tokens to anybody"),
        ({"HOST": "192.0.2.1"}, "ACCESS_TOKEN_SECRET is not set"),
        ({"ACCESS_TOKEN_SECRET": "short"}, "ACCESS_TOKEN_SECRET has 5 bytes"),
        ({"DATA_DIR": "/dev/null/data"}, "DATA_DIR=/dev/null/data cannot be"),
        ({"ACCESS_TOKEN_JWKS": "nowhere.json"}, "ACCESS_TOKEN_JWKS=nowhere.json cannot be read"),
        (
            {"HOST": "192.0.2.1", "ACCESS_TOKEN_SECRET": SECRET, "ORDERS_PORT": "0"},
            "HOST=192.0.2.1 is no address of this machine",
        ),
    ],
)
def test_a_start_that_cannot_be_ends_in_a_sentence(settings: dict[str, str], said: str) -> None:
    result = apps("run", **settings)

    assert result.exit_code == 2
    assert result.stderr.startswith(said)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"HOST": ".foo"}, "HOST"),
        ({"HOST": "x" * 64}, "HOST"),
        ({"SOCKETIO_REDIS_URL": "redis://[x"}, "SOCKETIO_REDIS_URL"),
        ({"STORE": "mongodb", "PRODUCTS_DB": "x/y"}, "PRODUCTS_DB"),
        ({"STORE": "mongodb", "MONGODB_URI": "foo"}, "MONGODB_URI"),
        ({"STORE": "mongodb", "MONGODB_URI": "mongodb://u:a/hidden@h/"}, "MONGODB_URI"),
        ({"STORE": "mongodb", "MONGODB_URI": "mongodb://u:a@hidden@h/"}, "MONGODB_URI"),
        ({"STORE": "mongodb", "MONGODB_URI": "mongodb://h:many/"}, "MONGODB_URI"),
        (
            {"STORE": "mongodb", "MONGODB_URI": "mongodb://h/?tlsCAFile=no-such-file"},
            "no-such-file",
        ),
    ],
)
def test_what_cannot_be_followed_is_wrong_use_and_named(
    settings: dict[str, str], named: str
) -> None:
    ports = dict.fromkeys(("ORDERS_PORT", "PRODUCTS_PORT", "STOREFRONT_PORT", "MONITOR_PORT"), "0")

    result = apps("run", ACCESS_TOKEN_SECRET=SECRET, **ports, **settings)

    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 2
    assert named in result.stderr
    assert "hidden" not in result.output


def test_an_interrupt_while_a_command_is_loaded_ends_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("apps.cli.import_module", fail)

    result = apps("run")

    assert (result.exit_code, result.stderr) == (130, "Stopped.\n")


@pytest.mark.parametrize("kept", [b"", b"\xff" * 40])
def test_a_secret_of_the_demo_that_is_none_is_wrong_use_and_named(
    tmp_path: Path, kept: bytes
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "demo-secret").write_bytes(kept)

    result = apps("token", "--sub", "anna")

    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 2
    assert result.stderr.startswith("DATA_DIR=./data has a demo-secret that is no secret")


# --- how commands end -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (CommandFault("It cannot be.", "Nor this."), 2, "It cannot be.\nNor this.\n"),
        (
            DependencyUnavailable(dependency="stock store", reason="nobody there"),
            3,
            "The stock store does not answer (nobody there).\n",
        ),
        (KeyboardInterrupt(), 130, "Stopped.\n"),
    ],
)
def test_what_ends_a_command_is_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: BaseException, code: int, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("apps.commands.audit.open_container", fail)
    (tmp_path / "data").mkdir()

    result = apps("audit")

    assert (result.exit_code, result.stderr) == (code, said)
