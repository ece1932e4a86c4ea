import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from structlog.testing import capture_logs

from apps.access import settle_access
from apps.edge.auth import KeySet, TokenVerifier, Unauthenticated, issue_token
from apps.faults import CommandFault
from apps.key_sets import read_key_set
from apps.settings import Settings, load_settings
from apps.tokens import SocketVerifier, open_verifier
from inventory_domain.testing.fakes import VirtualClock

SECRET = "a secret that is long enough for HS256"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def key_set(tmp_path: Path) -> Path:
    return write_keys(tmp_path / "keys.json", one=KEY)


def write_keys(file: Path, **keys: RSAPrivateKey) -> Path:
    public = {
        kid: json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        for kid, key in keys.items()
    }
    described = [{**one, "kid": kid, "use": "sig"} for kid, one in public.items()]
    file.write_text(json.dumps({"keys": described}))
    return file


def signed(kid: str = "one", key: RSAPrivateKey = KEY) -> str:
    claims = {"sub": "anna", "roles": ["user"], "iss": "inventory", "exp": time.time() + 60}
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


async def opened(settings: Settings) -> TokenVerifier:
    async with open_verifier(settings, VirtualClock()) as verifier:
        return verifier


async def test_tokens_are_verified_with_the_secret() -> None:
    verifier = await opened(Settings(access_token_secret=SECRET))
    token = issue_token(
        secret=SECRET, issuer="inventory", subject="anna", roles=["admin"], ttl_seconds=60
    )

    assert verifier.verify(token).is_admin


async def test_tokens_of_an_issuer_are_verified_with_its_key_set(key_set: Path) -> None:
    settings = Settings(access_token_jwks=str(key_set))
    verifier = await opened(settle_access(settings, demo_by_default=True))

    assert verifier.verify(signed()).subject == "anna"
    with pytest.raises(Unauthenticated):
        verifier.verify(signed(kid="another"))


async def test_new_keys_of_an_issuer_are_learnt_and_old_ones_forgotten(key_set: Path) -> None:
    clock = VirtualClock()
    async with open_verifier(Settings(access_token_jwks=str(key_set)), clock) as verifier:
        old = signed()
        verifier.verify(old)
        new_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        write_keys(key_set, two=new_key)
        new = signed("two", new_key)
        with pytest.raises(Unauthenticated):
            verifier.verify(new)

        async with asyncio.timeout(20):
            while not is_known(verifier, new):
                await clock.advance(1)

        assert not is_known(verifier, old)


async def test_while_the_key_set_cannot_be_read_the_old_one_holds(key_set: Path) -> None:
    clock = VirtualClock()
    async with open_verifier(Settings(access_token_jwks=str(key_set)), clock) as verifier:
        token = signed()
        spoil(key_set)
        assert not is_known(verifier, signed("another"))

        with capture_logs() as logs:
            async with asyncio.timeout(20):
                while not logs:
                    await clock.advance(1)

        assert logs[0]["event"] == "key_set_not_renewed"
        assert is_known(verifier, token)


async def test_no_fault_at_all_ends_the_reading_of_new_keys(
    key_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, faults = VirtualClock(), [ZeroDivisionError(), MemoryError()]

    async def read_or_fail(source: str) -> KeySet:
        if faults:
            raise faults.pop()
        return await read_key_set(source)

    async with open_verifier(Settings(access_token_jwks=str(key_set)), clock) as verifier:
        monkeypatch.setattr("apps.key_sets.read_key_set", read_or_fail)
        write_keys(key_set, two=KEY)

        async with asyncio.timeout(20):
            while not is_known(verifier, signed("two")):
                await clock.advance(1)

        assert not faults


def spoil(file: Path) -> None:
    file.write_text("not json")


def is_known(verifier: TokenVerifier, token: str) -> bool:
    try:
        verifier.verify(token)
    except Unauthenticated:
        return False
    return True


async def test_sockets_learn_when_a_token_ends() -> None:
    verifier = await opened(Settings(access_token_secret=SECRET))
    claims = {"sub": "anna", "roles": ["user"], "iss": "inventory", "exp": 2_000_000_000}
    token = jwt.encode(claims, SECRET)
    never = jwt.encode({**claims, "exp": 10**15}, SECRET)

    caller = SocketVerifier(verifier).verify(token)

    assert (caller.subject, caller.roles) == ("anna", frozenset({"user"}))
    assert caller.expires_at == datetime.fromtimestamp(2_000_000_000, UTC)
    assert SocketVerifier(verifier).verify(never).expires_at.year == 9999


NO_KEY_SETS = ["not json", "[]", '{"keys": []}', '{"keys": [{}]}', "[" * 100_000]


@pytest.mark.parametrize("content", NO_KEY_SETS, ids=range(len(NO_KEY_SETS)))
async def test_a_file_that_is_no_key_set_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)

    with pytest.raises(CommandFault, match=f"ACCESS_TOKEN_JWKS={file} is no JSON Web Key Set"):
        await opened(Settings(access_token_jwks=str(file)))


async def test_an_issuer_that_is_away_is_a_dependency_away() -> None:
    with pytest.raises(CommandFault, match="cannot be read") as caught:
        await opened(Settings(access_token_jwks="http://127.0.0.1:1/keys"))

    assert caught.value.exit_code == 3


def test_a_secret_and_a_key_set_exclude_each_other(tmp_path: Path) -> None:
    variables = {"ACCESS_TOKEN_SECRET": SECRET, "ACCESS_TOKEN_JWKS": "keys.json"}

    with pytest.raises(CommandFault, match="are both set"):
        load_settings(variables, env_file=tmp_path / "none")


def test_with_a_key_set_there_is_no_demo() -> None:
    settings = Settings(access_token_jwks="keys.json")

    assert settle_access(settings, demo_by_default=True).demo is False
    with pytest.raises(CommandFault, match="unset one of them"):
        settle_access(Settings(access_token_jwks="keys.json", demo=True), demo_by_default=True)


@pytest.mark.parametrize(
    "source",
    [
        "https://reader:hunter2@127.0.0.1:1/keys.json",
        "htps://reader:hunter2@keys.example/keys.json",
        "http://127.0.0.1:1/keys.json?access_token=hunter2",
        "http://hunter2@127.0.0.1:1/keys.json",
        "http://127.0.0.1:1/keys.json?key=hunter2",
        "https//reader:hunter2@keys.example/keys.json",
    ],
)
async def test_a_key_set_that_cannot_be_read_is_named_without_its_password(source: str) -> None:
    with pytest.raises(CommandFault, match=r"^ACCESS_TOKEN_JWKS=[^ ]+ cannot be read") as no:
        await read_key_set(source)

    assert "hunter2" not in str(no.value)
    assert "********" in str(no.value)
