"""Every route of the products service: method, path, a body, and who may take it."""

from tests.unit.products.caller import items

PUBLIC = {"none", "user", "service", "admin"}
ROUTES: list[tuple[str, str, object, set[str]]] = [
    ("GET", "/products", None, PUBLIC),
    ("GET", "/products?includeInactive=true", None, {"admin"}),
    ("GET", "/products/search?q=lamp", None, PUBLIC),
    ("GET", "/products/lamp", None, PUBLIC),
    ("POST", "/products", {"name": "Rug", "price": 1}, {"admin"}),
    ("PUT", "/products/lamp", {"name": "Lamp 2"}, {"admin"}),
    ("DELETE", "/products/lamp", None, {"admin"}),
    ("POST", "/products/lamp/restock", {"qty": 1}, {"admin"}),
    ("GET", "/products/lamp/movements", None, {"admin"}),
    ("POST", "/products/availability", {"items": items(lamp=1)}, {"user", "admin"}),
    ("POST", "/reservations", {"orderId": "o", "items": items(lamp=1)}, {"service", "admin"}),
    ("GET", "/reservations/order-1", None, {"service", "admin"}),
    ("DELETE", "/reservations/order-1", None, {"service", "admin"}),
    ("POST", "/products/lamp/reserve", {"orderId": "o", "qty": 1}, {"service", "admin"}),
    ("POST", "/products/lamp/release", {"orderId": "order-1", "qty": 1}, {"service", "admin"}),
]
