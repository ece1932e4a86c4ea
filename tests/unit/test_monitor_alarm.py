"""The admins hear of an invariant that broke, whoever had the audit run."""

import attrs
import pytest

from apps.bootstrap import Part, open_container
from apps.monitor.alarm import Alarm
from apps.monitor.audits import Audits
from apps.monitor.work import Auditing
from apps.settings import Settings
from inventory_domain.ids import ProductId
from inventory_domain.testing.shop import MemoryShop
from inventory_domain.writes import Push

LAMP = ProductId("lamp")


class Watched:
    """A shop whose audit is run by itself."""

    def __init__(self) -> None:
        self.shop = MemoryShop()
        self.audits = Audits(store=self.shop.stock, clock=self.shop.clock)
        alarm = Alarm(self.shop.notifier, self.shop.clock)
        self.auditing = Auditing(self.audits, self.shop.clock, alarm)

    def misplace(self, quantity: int) -> None:
        """Let units of the lamp appear from nowhere."""
        products = self.shop.stock.disk.products
        products[LAMP] = attrs.evolve(products[LAMP], stock=products[LAMP].stock + quantity)

    async def look(self) -> None:
        """Let a minute pass, after which an audit is due."""
        await self.shop.clock.sleep(60)
        await self.auditing.step()

    @property
    def alerts(self) -> list[Push]:
        return [push for push in self.shop.notifier.pushes if push.event == "admin:alert"]


@pytest.fixture
async def watched() -> Watched:
    found = Watched()
    await found.shop.add_products({"lamp": 5})
    return found


async def test_nobody_is_alarmed_while_everything_adds_up(watched: Watched) -> None:
    await watched.look()

    assert watched.audits.latest is not None
    assert not watched.alerts


async def test_a_broken_invariant_is_told_once(watched: Watched) -> None:
    watched.misplace(7)

    for _ in range(3):
        await watched.look()

    [alert] = watched.alerts
    assert alert.rooms == ("admins",)
    assert alert.payload["kind"] == "broken_invariant"
    assert alert.payload["reason"] == "conservation"
    assert "lamp" in str(alert.payload["message"])


async def test_what_nobody_mends_is_told_again_each_hour(watched: Watched) -> None:
    watched.misplace(7)

    for _ in range(121):
        await watched.look()

    assert len(watched.alerts) == 3


async def test_what_broke_again_after_it_was_mended_is_told_again(watched: Watched) -> None:
    for quantity in (7, -7, 7):
        watched.misplace(quantity)
        await watched.look()

    assert len(watched.alerts) == 2


async def test_an_audit_that_somebody_asked_for_raises_the_alarm_too(watched: Watched) -> None:
    await watched.look()
    watched.misplace(7)
    await watched.shop.clock.sleep(5)

    await watched.audits.run(age_seconds_max=0)
    seconds = await watched.auditing.step()

    assert len(watched.alerts) == 1
    assert seconds < 5


async def test_a_process_without_sockets_reaches_admins_where_redis_joins_them() -> None:
    alone = Settings(access_token_secret="s" * 40)
    joined = attrs.evolve(alone, socketio_redis_url="redis://127.0.0.1:1/0")

    async with open_container(alone, parts=[Part.ALERTS]) as container:
        assert not container.notifier.is_defined
    async with open_container(joined, parts=[Part.ALERTS]) as container:
        assert container.notifier.is_defined
