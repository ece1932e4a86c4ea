"""Fill a shop: products that are not there are added, those that are there are left alone."""

from collections.abc import Sequence
from typing import Final

import attrs

from apps.container import Container
from inventory_domain.errors import Contention, ProductExists
from inventory_domain.use_cases.keep_catalogue import ProductDraft

__all__ = ["SeedResult", "seed_products"]

# Products that become durable together: few enough for one transaction of any store.
_BATCH_COUNT: Final = 500
_TRIES_MAX: Final = 5
_ACTOR: Final = "seed"


@attrs.frozen
class SeedResult:
    """How many products were *added*, and how many were *present* before."""

    added: int
    present: int


async def seed_products(container: Container, drafts: Sequence[ProductDraft]) -> SeedResult:
    """Add those of *drafts* whose id is not taken, each with its first stock.

    The same drafts again change nothing. What was interrupted is completed by another call.
    """
    added = 0
    for start in range(0, len(drafts), _BATCH_COUNT):
        added += await _add_missing(container, drafts[start : start + _BATCH_COUNT])
    return SeedResult(added=added, present=len(drafts) - added)


async def _add_missing(container: Container, drafts: Sequence[ProductDraft]) -> int:
    ids = [draft.product_id for draft in drafts if draft.product_id is not None]
    for _ in range(_TRIES_MAX):
        there = (await container.stock_store().load((), ids)).products
        missing = [draft for draft in drafts if draft.product_id not in there]
        if not missing:
            return 0
        try:
            await container.keep_catalogue().add_all(missing, actor=_ACTOR)
        except ProductExists:
            # Somebody else adds products at this moment: look again.
            continue
        return len(missing)
    raise Contention(tries=_TRIES_MAX)
