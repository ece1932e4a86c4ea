"""The small parts of the MongoDB adapter that need no server."""

import asyncio
import re
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.mongodb.driver import Database, Driver
from adapters.mongodb.limits import BadAddress, Limits, client_options
from adapters.mongodb.queries import offset, order_filter, product_filter, sort_of
from adapters.mongodb.ticks import Ticks
from adapters.mongodb.undisturbed import undisturbed
from inventory_domain.queries import OrderQuery, ProductQuery

ADDRESS = "mongodb://127.0.0.1:1/?replicaSet=rs0"


@given(st.lists(st.integers(0, 100) | st.integers(0, 100).map(lambda seen: -seen)))
def test_ticks_grow_whatever_the_clock_does_and_pass_what_was_seen(steps: list[int]) -> None:
    """A negative step shows a tick from elsewhere, any other one sets the clock."""
    clock = [0]
    ticks = Ticks(lambda: clock[0])
    given_out = [0]
    for step in steps:
        if step < 0:
            ticks.saw(-step)
            given_out.append(-step)
        else:
            clock[0] = step
        tick = ticks.next()
        assert tick > max(given_out)
        given_out.append(tick)


def test_a_tick_is_the_time_where_nothing_is_ahead_of_it() -> None:
    assert Ticks(lambda: 1000).next() == 1000


@given(st.text(st.characters(), max_size=20))
@example("\ud800")
def test_signs_of_a_search_mean_themselves(text: str) -> None:
    found = order_filter(OrderQuery(search=text)).get("searchText")

    if found is not None:
        sendable = text.lower().encode("utf-8", "replace").decode()
        assert re.search(found["$regex"], f"before {sendable} after")
        assert "\x00" not in found["$regex"]


def test_a_blank_search_filters_nothing() -> None:
    assert order_filter(OrderQuery(search="")) == {}
    assert product_filter(ProductQuery(search="  ", include_inactive=True)) == {}


def test_equal_ones_go_by_id_unless_none_are_equal() -> None:
    assert list(sort_of("-createdAt")) == [("createdAt", -1), ("_id", 1)]
    assert list(sort_of("-orderNumber", unique="orderNumber")) == [("orderNumber", -1)]


def test_a_page_beyond_all_numbers_is_asked_for_in_numbers_that_a_server_takes() -> None:
    assert offset(OrderQuery(page=10**30)) < 2**31


def test_every_wait_of_a_client_has_its_limit() -> None:
    options = client_options(ADDRESS, Limits())

    assert (
        options.items()
        >= {
            "serverSelectionTimeoutMS": 5000,
            "connectTimeoutMS": 2000,
            "socketTimeoutMS": 5000,
            "waitQueueTimeoutMS": 5000,
            "maxPoolSize": 32,
        }.items()
    )


def test_what_the_address_says_goes_before_the_limits() -> None:
    options = client_options(f"{ADDRESS}&maxpoolsize=5&socketTimeoutMS=70", Limits())

    assert "maxPoolSize" not in options
    assert "socketTimeoutMS" not in options


@pytest.mark.parametrize("driver", get_args(Driver))
async def test_writes_wait_for_the_journals_of_a_majority_and_reads_for_a_majority(
    driver: Driver,
) -> None:
    database = Database(ADDRESS, "x", dependency="store", driver=driver, limits=Limits())

    assert database._handle.write_concern.document == {
        "w": "majority",
        "j": True,
        "wtimeout": 10000,
    }
    assert database._handle.read_concern.document == {"level": "majority"}
    await database.aclose()


@pytest.mark.parametrize("driver", get_args(Driver))
@pytest.mark.parametrize("address", ["localhost", "mongodb://h/?replicaSet", "mongodb://h:x"])
async def test_an_address_that_is_none_is_refused(driver: Driver, address: str) -> None:
    with pytest.raises(BadAddress):
        Database(address, "x", dependency="store", driver=driver, limits=Limits())


async def test_undisturbed_work_comes_to_its_end_before_the_cancelling_is_felt() -> None:
    going, done = asyncio.Event(), []

    async def work() -> int:
        await going.wait()
        done.append(True)
        return 1

    task = asyncio.create_task(undisturbed(work()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    going.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [True]


async def test_undisturbed_work_gives_its_result_or_its_error() -> None:
    async def fail() -> None:
        raise ValueError("no")

    async def give() -> int:
        return 1

    assert await undisturbed(give()) == 1
    with pytest.raises(ValueError, match="no"):
        await undisturbed(fail())
