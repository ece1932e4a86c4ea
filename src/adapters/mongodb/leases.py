"""Leases: who publishes, which the outboxes of both stores have, and whose turn it is."""

from datetime import datetime

from adapters.mongodb.driver import Access

__all__ = ["LEASES", "acquire_lease"]

LEASES = "leases"


async def acquire_lease(
    access: Access, holder: str, *, now: datetime, until: datetime, name: str = "relay"
) -> bool:
    """Take or prolong the lease *name* if it is free, ended or the holder's own."""
    mine_or_ended = {"_id": name, "$or": [{"holder": holder}, {"until": {"$lt": now}}]}
    # Held by somebody else: nothing matches, and inserting another one is refused.
    return await access.put(LEASES, mine_or_ended, {"$set": {"holder": holder, "until": until}})
