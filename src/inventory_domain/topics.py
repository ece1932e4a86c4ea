"""The topics: what flows through each, and who consumes it."""

__all__ = [
    "ALL_TOPICS",
    "DEAD_LETTER_SUFFIX",
    "INVENTORY_ADJUSTED",
    "INVENTORY_REJECTED",
    "INVENTORY_RELEASE",
    "INVENTORY_RELEASED",
    "INVENTORY_RESERVE",
    "INVENTORY_RESERVED",
    "ORDERS_GROUP",
    "ORDERS_TOPICS",
    "ORDER_CANCELLED",
    "ORDER_COMPLETED",
    "ORDER_CREATED",
    "ORDER_STATUS_CHANGED",
    "PRODUCTS_GROUP",
    "PRODUCTS_TOPICS",
    "dead_letter_topic",
]

ORDER_CREATED = "order.created"
ORDER_STATUS_CHANGED = "order.status.changed"
ORDER_CANCELLED = "order.cancelled"
ORDER_COMPLETED = "order.completed"
INVENTORY_RESERVE = "inventory.reserve"
INVENTORY_RELEASE = "inventory.release"
INVENTORY_RESERVED = "inventory.reserved"
INVENTORY_REJECTED = "inventory.rejected"
INVENTORY_RELEASED = "inventory.released"
INVENTORY_ADJUSTED = "inventory.adjusted"

DEAD_LETTER_SUFFIX = ".dlq"


def dead_letter_topic(topic: str) -> str:
    """Return the topic that holds the dead letters of *topic*."""
    return topic + DEAD_LETTER_SUFFIX


PRODUCTS_GROUP = "products-service-group"
PRODUCTS_TOPICS = (INVENTORY_RESERVE, INVENTORY_RELEASE, ORDER_COMPLETED)

ORDERS_GROUP = "orders-service-group"
_OUTCOMES = (INVENTORY_RESERVED, INVENTORY_REJECTED, INVENTORY_RELEASED, INVENTORY_ADJUSTED)
_DEAD_LETTERS = tuple(dead_letter_topic(topic) for topic in (*PRODUCTS_TOPICS, *_OUTCOMES))
# The orders service reads the dead letters too: it is the one that can tell the admins.
ORDERS_TOPICS = (*_OUTCOMES, *_DEAD_LETTERS)

ALL_TOPICS = (
    ORDER_CREATED,
    ORDER_STATUS_CHANGED,
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    INVENTORY_RESERVE,
    INVENTORY_RELEASE,
    *ORDERS_TOPICS,
)
