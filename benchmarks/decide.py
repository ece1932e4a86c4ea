"""Pure decisions: orders a second by batch size, and by how many orders are stored already."""

from collections.abc import Iterator

from apps.collector import calm_collector
from benchmarks.shop import CODEC, NOW, product, request, timed
from inventory_domain.ids import OrderId, ProductId
from inventory_domain.records import Record
from inventory_domain.stock import Command, Product, Reservation, StockView
from inventory_domain.stock_decisions import StockPolicy, decide, touched
from inventory_domain.use_cases.keep_stock import stock_command

PRODUCTS = 50
STORED = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 9
POLICY = StockPolicy()


def commands(count: int, lines: int, products: int, prefix: str = "o") -> list[Command]:
    """Return *count* decoded reserve requests."""
    sent = (request(f"{prefix}{n}", lines, products) for n in range(count))
    return [
        stock_command(
            Record(one.topic, 0, n, one.key, one.value, one.headers, NOW), CODEC, final=False
        )
        for n, one in enumerate(sent)
    ]


def seconds_an_order(
    batch: list[Command],
    products: dict[ProductId, Product],
    stored: dict[OrderId, Reservation],
    repeats: int = 9,
) -> float:
    """Return the seconds that one order of *batch* costs, its view taken out of *stored*."""

    def work() -> None:
        for _ in range(max(1, 1000 // len(batch))):
            orders, wanted = touched(batch)
            view = StockView(
                {key: stored[key] for key in orders if key in stored},
                {key: products[key] for key in wanted},
            )
            decide(batch, view, now=NOW, policy=POLICY, codec=CODEC)

    return timed(work, repeats) / (max(1, 1000 // len(batch)) * len(batch))


def run() -> None:
    """Print orders a second for each batch size, and the cost by stored orders."""
    calm_collector()
    products = {one.product_id: one for one in map(product, range(PRODUCTS))}
    for lines in (1, 5):
        for size in (1, 100, 1000):
            cost = seconds_an_order(commands(size, lines, PRODUCTS), products, {})
            print(f"  {lines} lines, batch of {size:>4}: {1 / cost:>9,.0f} orders/s")
    for count, cost, ratio in cost_by_stored(products):
        print(f"  {count:>9,} orders stored: {cost * 1e6:6.1f} us an order, {ratio:.2f}x")
    print(
        "  target 1.10x; CPU time, batch size 1,000; nothing is written: there is nothing to audit"
    )


def cost_by_stored(
    products: dict[ProductId, Product],
) -> Iterator[tuple[int, float, float]]:
    """Yield each number of stored orders, the seconds an order then costs, and the ratio.

    The rounds go through all sizes in turn and the best of each counts, so that what else the
    machine does meanwhile weighs on all of them alike.
    """
    batch = commands(1000, 1, PRODUCTS, prefix="new")
    held = decide(
        commands(1, 1, PRODUCTS), StockView({}, products), now=NOW, policy=POLICY, codec=CODEC
    )
    [write] = held.change.reservations
    stores = {
        count: {OrderId(f"o{n}"): write.reservation for n in range(count)} for count in STORED
    }
    # In the running system these lie in the database: the collector must not walk them.
    calm_collector()
    costs: dict[int, list[float]] = {count: [] for count in STORED}
    for _ in range(ROUNDS):
        for count, stored in stores.items():
            costs[count].append(seconds_an_order(batch, products, stored, repeats=1))
    first = min(costs[STORED[0]])
    for count in STORED:
        yield count, min(costs[count]), min(costs[count]) / first
