"""The services do what their OpenAPI says, for whatever a caller may send."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckContext, CheckFunction, not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from inventory_domain.testing.builders import an_order
from tests.support.orders_app import OrdersWorld, bearer

pytestmark = pytest.mark.integration

FORBIDDEN_BY_RULE = (409, 412, 422)
# Bounds over several fields at once, which JSON Schema has no words for.
BEYOND_SHAPES = ("must sum to", "all lines of this product", "differs from another line")

AnyCase = schemathesis.Case[Any]


def valid_data_is_accepted(ctx: CheckContext, response: Response, case: AnyCase) -> bool | None:
    """Refuse what fits the shapes only where a rule or the state of things forbids it."""
    if response.status_code in FORBIDDEN_BY_RULE:
        return None
    if response.status_code == 400 and any(words in response.text for words in BEYOND_SHAPES):
        return None
    return positive_data_acceptance(ctx, response, case)


def bad_bodies_are_refused(ctx: CheckContext, response: Response, case: AnyCase) -> bool | None:
    """Refuse what does not fit.

    Of bodies alone: a token that is left out comes back by the headers that every case gets.
    """
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    if body is None or not body.mode.is_negative:
        return None
    return negative_data_rejection(ctx, response, case)


CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    bad_bodies_are_refused,
    valid_data_is_accepted,
    unsupported_method,
]
WORLD = OrdersWorld(settings={"demo": True})
WORLD.put(an_order("order-1"), an_order("order-2", user_id="ben"))

orders = schemathesis.openapi.from_asgi("/schema/openapi.json", WORLD.app)


@orders.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_orders(case: AnyCase) -> None:
    # The demo is for callers of this machine.
    headers = {**bearer("boss", "admin"), "Host": "127.0.0.1"}
    case.call_and_validate(headers=headers, checks=CHECKS)
