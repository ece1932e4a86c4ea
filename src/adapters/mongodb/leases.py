"""Leases: who publishes, which the outboxes of both stores have, and whose turn it is."""

from datetime import datetime

from adapters.mongodb.access import Access

__all__ = ["LEASES", "acquire_lease"]

LEASES = "leases"


async def acquire_lease(
    access: Access, holder: str, *, now: datetime, until: datetime, name: str = "relay"
) -> bool:
    """Take or prolong the lease *name* if it is free, ended or the holder's own.

    One that ends too far ahead can be taken as well: its clock was fast, and was set back since.
    """
    free = [{"holder": holder}, {"until": {"$lt": now}}]
    if until > now:
        free.append({"until": {"$gt": until + (until - now)}})
    # Held by somebody else: nothing matches, and inserting another one is refused.
    change = {"$set": {"holder": holder, "until": until}}
    return await access.put(LEASES, {"_id": name, "$or": free}, change)
