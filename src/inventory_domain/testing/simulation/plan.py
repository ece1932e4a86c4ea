"""The plan of a history: who wants what and when, all of it drawn from the seed."""

from collections.abc import Collection
from random import Random

import attrs

from inventory_domain.ids import ProductId
from inventory_domain.testing.simulation.stories import (
    PLENTY,
    CallStory,
    OrderStory,
    RedriveStory,
    StockStory,
    Story,
)

__all__ = ["Plan", "Temper"]

# Little enough that most histories have a shortage, and enough that most orders get theirs.
_STOCK_MAX = 16
_SECONDS = 4.0
# Customers come in waves, whose orders meet in one batch; or each at a moment of its own.
_WAVE_SECONDS = (0.0, 1.0, 2.0, 4.0)
_USERS = ("anna", "ben", "chen")


@attrs.frozen(kw_only=True)
class Temper:
    """The settings of the system in one history."""

    orders_processes: int
    products_processes: int
    batch_count_max: int
    open_count_max: int
    entry_count_max: int
    retry_pause_seconds: float
    poll_seconds: float
    partition_count: int


@attrs.frozen(kw_only=True)
class Plan:
    """The products with their first stock, and the stories, in the order of their numbers."""

    temper: Temper
    products: tuple[tuple[ProductId, int], ...]
    stories: tuple[Story, ...]

    @classmethod
    def draw(cls, random: Random, order_count: int) -> "Plan":
        """Draw a plan with so many orders."""
        products = tuple(
            (ProductId(f"P{number}"), random.randrange(_STOCK_MAX))
            for number in range(random.randint(2, 4))
        )
        names = [product_id for product_id, _ in products]
        wave = random.choice(_WAVE_SECONDS)
        stories: list[Story] = [
            _order(random, number, names, wave) for number in range(order_count)
        ]
        stories += [_stock(random, names) for _ in range(random.randrange(5))]
        stories += [
            RedriveStory(at=random.uniform(1, 12)) for _ in range(random.choice((0, 0, 1, 2)))
        ]
        temper = _temper(random)
        calls = random.choice((0, 0, 0, 1, 3))
        stories += [_call(random, number, names, order_count) for number in range(calls)]
        return cls(
            temper=temper,
            products=(*products, (PLENTY, 10_000)),
            stories=tuple(stories),
        )

    def only(self, kept: Collection[int] | None) -> "Plan":
        """Return the plan with these of its stories alone; None: all of them."""
        if kept is None:
            return self
        stories = tuple(self.stories[number] for number in sorted(kept))
        return attrs.evolve(self, stories=stories)


def _order(random: Random, number: int, names: list[ProductId], wave: float) -> OrderStory:
    count = random.choice((1, 1, 2, 3))
    wanted = random.sample(names, min(count, len(names)))
    if random.random() < 0.3:  # noqa: PLR2004 - some want what is never short
        wanted = [PLENTY]
    lines = [(product_id, random.randint(1, 3)) for product_id in wanted]
    if random.random() < 0.15:  # noqa: PLR2004 - some name a product twice
        lines.append((wanted[0], random.randint(1, 2)))
    return OrderStory(
        number=number,
        at=_in_waves(random.uniform(0, _SECONDS), wave),
        user=random.choice(_USERS),
        lines=tuple(lines),
        cancel_after=random.choice((0.0, 0.05, 0.5, 3.0)) * random.random()
        if random.random() < 0.3  # noqa: PLR2004 - about a third
        else None,
        is_delivered=random.random() < 0.2,  # noqa: PLR2004
        pauses=tuple(_in_waves(round(random.uniform(0, 1.5), 3), wave / 4) for _ in range(4)),
    )


def _in_waves(at: float, wave: float) -> float:
    return at // wave * wave if wave else at


def _stock(random: Random, names: list[ProductId]) -> StockStory:
    return StockStory(
        at=random.uniform(0, 2 * _SECONDS),
        product_id=random.choice(names),
        kind=random.choice(("receive", "receive", "receive", "write off", "price", "off sale")),
        quantity=random.randint(1, 8),
    )


def _call(random: Random, number: int, names: list[ProductId], order_count: int) -> CallStory:
    wanted = random.sample(names, random.randint(1, 2))
    return CallStory(
        at=random.uniform(0, 2 * _SECONDS),
        name=f"foreign{number}",
        lines=tuple((product_id, random.randint(1, 3)) for product_id in wanted),
        number=random.randrange(order_count) if random.random() < 0.5 else None,  # noqa: PLR2004
        release_after=random.uniform(0, 3) if random.random() < 0.5 else None,  # noqa: PLR2004
    )


def _temper(random: Random) -> Temper:
    return Temper(
        orders_processes=random.choice((1, 1, 2)),
        products_processes=random.choice((1, 2, 2)),
        batch_count_max=random.choice((1, 4, 100, 100)),
        open_count_max=random.choice((2, 10_000, 10_000)),
        entry_count_max=random.choice((1, 5, 500, 500)),
        retry_pause_seconds=random.choice((0.2, 0.5, 1.0, 5.0)),
        poll_seconds=random.choice((3.0, 10.0)),
        partition_count=random.choice((1, 1, 2, 3)),
    )
