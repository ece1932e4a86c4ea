"""Orders and stock in MongoDB, on a replica set; the only package that knows its drivers."""

from adapters.mongodb.driver import Driver
from adapters.mongodb.errors import DocumentRefused
from adapters.mongodb.limits import Limits
from adapters.mongodb.opening import open_order_store, open_stock_store
from adapters.mongodb.server_check import ServerUnfit

__all__ = [
    "DocumentRefused",
    "Driver",
    "Limits",
    "ServerUnfit",
    "open_order_store",
    "open_stock_store",
]
