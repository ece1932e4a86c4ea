"""What the simulator found in our own code, each told as the smallest story that shows it."""

from inventory_domain.codec import Codec
from inventory_domain.errors import DependencyUnavailable
from inventory_domain.ids import EventId, OrderId
from inventory_domain.messages import OutcomeKind, StockOutcome
from inventory_domain.orders import StockState
from inventory_domain.records import Record
from inventory_domain.testing import (
    MemoryBroker,
    MemoryEventLog,
    MemoryOrderStore,
    RecordingNotifier,
    SequentialIds,
    VirtualClock,
    a_record,
    a_write,
    an_order,
    an_outgoing_record,
)
from inventory_domain.testing.simulation import History, run_history
from inventory_domain.use_cases.consume import Consumer, ConsumerSettings, Ended, Ending
from inventory_domain.use_cases.follow_stock import StockFollower
from inventory_domain.use_cases.waiting_room import Delivery


class ForgetfulHandler:
    """Fails once because of an outage, and ends everything after it."""

    def __init__(self) -> None:
        self.is_away = True
        self.handled: list[bytes | None] = []

    async def handle(self, deliveries: list[Delivery]) -> list[Ended]:
        if self.is_away:
            self.is_away = False
            raise DependencyUnavailable(dependency="store", reason="away")
        self.handled += [delivery.record.value for delivery in deliveries]
        return [Ended(Ending.APPLIED) for _ in deliveries]


async def test_what_an_outage_interrupted_comes_again_though_the_rewind_failed_as_well() -> None:
    clock = VirtualClock(autojump=True)
    log = MemoryEventLog(MemoryBroker(clock, partition_count=1))
    handler = ForgetfulHandler()
    consumer = Consumer(
        await log.subscribe("group", ["topic"]),
        handler,  # type: ignore[arg-type] # a list is a sequence enough here
        log,
        clock=clock,
        ids=SequentialIds(),
        settings=ConsumerSettings(service="test"),
    )
    await log.publish([an_outgoing_record("topic", value=b"first")])
    log.faults.fail_next("rewind")

    await consumer.step()
    await log.publish([an_outgoing_record("topic", value=b"second")])
    await consumer.step()
    await consumer.step()

    assert handler.handled == [b"first", b"second"]


async def test_one_order_may_have_any_number_of_outcomes_in_a_batch() -> None:
    store = MemoryOrderStore()
    await store.add([a_write(an_order())])
    follower = StockFollower(
        store=store, notifier=RecordingNotifier(), clock=VirtualClock(), codec=Codec()
    )

    results = await follower.handle([Delivery(_rejection()) for _ in range(25)])

    endings = [result.ending for result in results if isinstance(result, Ended)]
    order = (await store.get([OrderId("order-1")]))[OrderId("order-1")]
    assert order.stock_state is StockState.REJECTED
    assert endings == [Ending.APPLIED] + [Ending.DUPLICATE] * 24


def _rejection() -> Record:
    order = an_order()
    outcome = StockOutcome(
        event_id=EventId("order-1.stock.1"),
        occurred_at=order.created_at,
        order_id=order.order_id,
        order_number=order.order_number,
        kind=OutcomeKind.REJECTED,
        sequence=1,
        lines=(),
        refused=(),
        reason="insufficient_stock",
    )
    return a_record(Codec().record(outcome))


def test_an_order_may_wait_until_the_instance_that_publishes_looks_again() -> None:
    """Stored by one instance while the other has the lease: here 8.8 s of its 10 s pass."""
    assert run_history(History(seed=361)).violation is None
