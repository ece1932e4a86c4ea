"""Who may come in: the demo is for this machine alone, and its secret is one."""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from apps.access import is_at_home, settle_access
from apps.faults import CommandFault
from apps.pages.site import site_routes
from apps.settings import Settings

SECRET = "a secret that is long enough for HS256"


@pytest.mark.parametrize(
    ("host", "home"),
    [
        ("localhost:3004", True),
        ("LOCALHOST", True),
        ("127.1.2.3:80", True),
        ("[::1]:3004", True),
        ("orders.shop.example", False),
        ("evil.example:3004", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("10.0.0.1", False),
        ("[::2]:3004", False),
        ("", False),
    ],
)
def test_a_call_is_for_this_machine_if_it_names_it(host: str, home: bool) -> None:
    assert is_at_home({"host": host}) is home


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-forwarded-host", "forwarded"])
def test_a_call_that_was_passed_on_is_not_for_this_machine(name: str) -> None:
    assert not is_at_home({"host": "localhost", name: "192.0.2.7"})


@pytest.mark.parametrize("name", ["orders_url", "products_url", "storefront_url", "monitor_url"])
@pytest.mark.parametrize("url", ["https://shop.example", "http://10.0.0.1:3004", "http://[::2]"])
def test_a_system_that_others_are_to_reach_is_no_demo_by_itself(name: str, url: str) -> None:
    published: dict[str, Any] = {"access_token_secret": SECRET, name: url}

    settled = settle_access(Settings(**published), demo_by_default=True)
    asked_for = settle_access(Settings(**published, demo=True), demo_by_default=True)

    assert settled.demo is False
    assert asked_for.demo is True


@pytest.mark.parametrize("url", ["http://localhost:4000", "http://127.0.0.2:4000", "http://[::1]"])
def test_an_address_of_this_machine_leaves_it_the_demo(url: str) -> None:
    settings = Settings(access_token_secret=SECRET, orders_url=url)

    assert settle_access(settings, demo_by_default=True).demo is True


def test_a_published_system_makes_no_secret_of_its_own(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path), storefront_url="https://shop.example")

    with pytest.raises(CommandFault, match="ACCESS_TOKEN_SECRET is not set"):
        settle_access(settings, demo_by_default=True)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kept", [b"", b"\n", b"short", "\u00e4".encode() * 40, b"\xff" * 40])
@pytest.mark.parametrize("make", [True, False])
def test_a_kept_secret_that_is_none_is_named(tmp_path: Path, kept: bytes, make: bool) -> None:
    (tmp_path / "demo-secret").write_bytes(kept)
    settings = Settings(data_dir=str(tmp_path))

    with pytest.raises(CommandFault, match=r"DATA_DIR=.* that is no secret: delete") as fault:
        settle_access(settings, demo_by_default=True, make_secret=make)

    assert fault.value.exit_code == 2


def test_a_secret_that_the_disk_does_not_have_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(CommandFault, match="cannot be written to"):
        settle_access(Settings(data_dir=str(tmp_path)), demo_by_default=True)

    assert not (tmp_path / "demo-secret").exists()


@pytest.mark.parametrize(
    ("headers", "offered"),
    [
        ({"Host": "localhost:3006"}, True),
        ({"Host": "shop.example"}, False),
        ({"Host": "127.0.0.1:3006", "X-Forwarded-For": "192.0.2.7"}, False),
    ],
)
async def test_the_pages_offer_the_demo_at_this_machine_alone(
    headers: dict[str, str], offered: bool
) -> None:
    app = Litestar(site_routes(Settings(demo=True), [], {}), openapi_config=None)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://any") as client:
        answer = await client.get("/config.json", headers=headers)

    assert answer.json()["demo"] is offered
