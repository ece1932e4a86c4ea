"""Which partition a record goes to: what Kafka's own default is, and faster than the driver's.

Every client must put one key into the same partition. An order's records come in groups, so its
partition is remembered for a while.
"""

import random
from collections.abc import Sequence
from functools import lru_cache

from inventory_domain.partitioning import partition_for

__all__ = ["choose_partition"]

_remembered = lru_cache(maxsize=4096)(partition_for)


def choose_partition(key: bytes | None, partitions: Sequence[int], available: Sequence[int]) -> int:
    """Return the partition of *key* among all; without a key any that is available."""
    if key is not None:
        return _remembered(key, len(partitions))
    return random.choice(available or partitions)  # noqa: S311 - it spreads, it keeps no secret
