"""Who may use the pages, and who is told that they may not yet."""

import attrs
import pytest

from apps.pages.addresses import page_origins, unnamed_pages
from apps.settings import Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound here
SHOP, MONITOR = "https://shop.example", "https://monitor.example"


def as_run(settings: Settings) -> Settings:
    """Return what a run makes of *settings*: our own pages are let in."""
    origins = (*settings.cors_origins, *page_origins(settings))
    return attrs.evolve(settings, cors_origins=origins)


def test_whoever_listens_everywhere_is_told_what_other_machines_need() -> None:
    without_any = Settings(host=EVERYWHERE)
    without_one = Settings(host="::", storefront_url=SHOP)

    assert unnamed_pages(as_run(without_any)) == ("STOREFRONT_URL", "MONITOR_URL")
    assert unnamed_pages(as_run(without_one)) == ("MONITOR_URL",)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(host="shop.local"),
        Settings(host=EVERYWHERE, storefront_url=SHOP, monitor_url=MONITOR),
        Settings(host=EVERYWHERE, cors_origins=("http://192.0.2.7:3006",)),
        Settings(host=EVERYWHERE, storefront_url=SHOP, monitor_port=0),
    ],
    ids=["loopback", "one name", "named", "origins of somebody's own", "no such page"],
)
def test_nobody_else_is_told_of_it(settings: Settings) -> None:
    assert (unnamed_pages(settings), unnamed_pages(as_run(settings))) == ((), ())
