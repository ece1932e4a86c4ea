"""An order follows its stock: what became of it comes in, the order after it goes out. Pure."""

from datetime import datetime

from inventory_domain.messages import OutcomeKind, StockOutcome
from inventory_domain.order_requests import OrderChange
from inventory_domain.orders import HistoryEntry, Order, StockState

__all__ = ["apply_outcome"]

_STOCK_STATE = {
    OutcomeKind.RESERVED: StockState.RESERVED,
    OutcomeKind.REJECTED: StockState.REJECTED,
    OutcomeKind.RELEASED: StockState.RELEASED,
}


def apply_outcome(order: Order, outcome: StockOutcome, *, now: datetime) -> OrderChange:
    """Follow what became of the order's stock; an outcome that is not newer is a no-op.

    A rejected order stays rejected when its release finds nothing to give back, and a
    delivered one stays consumed. It is rejected as well while other items than its own are
    reserved under its id. Outcomes come by several topics: in whatever order they arrive, the
    newest alone says where the order's stock stands.
    """
    if outcome.sequence <= order.inventory_sequence:
        return OrderChange(order, order)
    state, change = _stock_after(order, outcome)
    refused = outcome.refused or order.refused_lines
    after = order.changed(
        HistoryEntry(at=now, actor="products-service", change=change, reason=outcome.reason),
        stock_state=state,
        inventory_sequence=outcome.sequence,
        refused_lines=refused if state is StockState.REJECTED else (),
    )
    return OrderChange(order, after)


def _stock_after(order: Order, outcome: StockOutcome) -> tuple[StockState, str]:
    """Return where *outcome* leaves the order's stock, and its name in the history."""
    state = _STOCK_STATE[outcome.kind]
    change = f"stock_{state}"
    if state is StockState.RELEASED and not outcome.lines:
        change = "stock_not_held"
        if outcome.sequence > 1:
            # Nothing was given back, though an outcome went before: that was its rejection.
            state = StockState.REJECTED
    elif state is StockState.RESERVED and not _is_served(order, outcome):
        # A service reserved them by a call. An order holds all of its own lines or none.
        state, change = StockState.REJECTED, "stock_held_otherwise"
    if order.stock_state is StockState.CONSUMED:
        state = StockState.CONSUMED
    return state, change


def _is_served(order: Order, outcome: StockOutcome) -> bool:
    """Tell whether the items that *outcome* names, if any, are those of *order*."""
    wanted: dict[str, int] = {}
    for line in order.lines:
        wanted[line.product_id] = wanted.get(line.product_id, 0) + line.quantity
    held = {line.product_id: line.quantity for line in outcome.lines}
    return not held or held == wanted
