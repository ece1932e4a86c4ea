"""Tokens: who is let in, and what the others are told."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.edge.auth import Caller, KeySet, TokenVerifier, Unauthenticated, issue_token
from inventory_domain.ids import UserId
from tests.support.orders_app import ISSUER, SECRET, token_for

OTHER_SECRET = "another-secret-of-more-than-32-bytes"


def verifier() -> TokenVerifier:
    return TokenVerifier(SECRET, ISSUER)


def signed(**changes: Any) -> str:
    """Return a token with these claims changed; None leaves a claim out."""
    claims = {"sub": "anna", "roles": ["user"], "iss": ISSUER, "exp": time.time() + 3600, **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, SECRET, algorithm="HS256")


def unsigned() -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": "anna", "roles": ["admin"], "iss": ISSUER})
    encoded = [base64.urlsafe_b64encode(json.dumps(x).encode()).rstrip(b"=") for x in parts]
    return b".".join([*encoded, b""]).decode()


def test_an_issued_token_says_who_calls_and_until_when() -> None:
    caller = verifier().verify(token_for("anna", "user", "admin", ttl_seconds=60))

    assert caller.subject == "anna"
    assert caller.roles == {"user", "admin"}
    assert caller.is_admin
    assert 0 < caller.expires_at - time.time() <= 60


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        (signed(exp=time.time() - 1), "has expired"),
        (signed(iss="somebody-else"), "another issuer"),
        (signed(iss=None), "has no iss"),
        (signed(sub=None), "has no sub"),
        (signed(roles=None), "has no roles"),
        (signed(exp=None), "has no exp"),
        (signed(roles="admin"), "roles must be a list"),
        (signed(roles=[1]), "roles must be a list"),
        (signed(sub="a/b"), "cannot be a user id"),
        (signed(nbf=time.time() + 1800), "not valid yet"),
        (signed(exp=10**400), "not valid"),
        (token_for("anna", "user", secret=OTHER_SECRET), "not valid"),
        (unsigned(), "not valid"),
        ("not.a.token", "not valid"),
        ("", "not valid"),
        ("\xff", "not valid"),
        ("x" * 10_000, "too long"),
    ],
)
def test_a_bad_token_is_refused_with_a_sentence(token: str, sentence: str) -> None:
    with pytest.raises(Unauthenticated, match=sentence):
        verifier().verify(token)


def test_a_remembered_token_expires_all_the_same() -> None:
    own = verifier()
    token = signed(exp=time.time() - 1)
    past = Caller(subject=UserId("anna"), roles=frozenset({"user"}), expires_at=time.time() - 1)
    own._verified[token] = past

    with pytest.raises(Unauthenticated, match="has expired"):
        own.verify(token)


def test_a_bounded_number_of_tokens_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.edge.auth.VERIFIED_COUNT_MAX", 3)
    own = verifier()
    for number in range(10):
        own.verify(token_for(f"user{number}", "user"))

    assert len(own._verified) <= 3


def test_unknown_roles_give_no_rights() -> None:
    assert verifier().verify(signed(roles=["user", "owner"])).roles == {"user"}


def test_a_token_is_issued_for_ids_and_known_roles_alone() -> None:
    with pytest.raises(ValueError, match="sub must begin"):
        token_for("a b", "user")
    with pytest.raises(ValueError, match="unknown role king"):
        issue_token(secret=SECRET, issuer=ISSUER, subject="a", roles=["king"], ttl_seconds=1)


class TestKeySet:
    """Tokens that an issuer of its own signs, RS256."""

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def verifier(self) -> TokenVerifier:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        document = {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}
        return TokenVerifier(KeySet(document), ISSUER)

    def signed(self, kid: str = "k1") -> str:
        claims = {"sub": "anna", "roles": ["user"], "iss": ISSUER, "exp": time.time() + 60}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": kid})

    def test_a_token_signed_by_a_key_of_the_set_is_good(self) -> None:
        assert self.verifier().verify(self.signed()).subject == "anna"

    def test_a_token_that_names_another_key_is_refused(self) -> None:
        with pytest.raises(Unauthenticated):
            self.verifier().verify(self.signed(kid="k2"))

    def test_a_token_signed_with_a_secret_is_refused(self) -> None:
        token = jwt.encode(
            {"sub": "anna", "roles": ["admin"], "iss": ISSUER, "exp": time.time() + 60},
            SECRET,
            algorithm="HS256",
            headers={"kid": "k1"},
        )
        with pytest.raises(Unauthenticated):
            self.verifier().verify(token)
