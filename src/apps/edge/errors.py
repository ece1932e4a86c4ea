"""From refusals and failures to HTTP: one table, one envelope, and never a traceback."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import attrs
import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from apps.edge.answers import Answer, Header, failure
from apps.edge.calls import AnyRequest, call_of
from inventory_domain.errors import DomainError, RefusedLine
from inventory_domain.money import to_number
from inventory_domain.views import refused_view

__all__ = [
    "EXCEPTION_HANDLERS",
    "STATUS",
    "MalformedRequest",
    "RequestTooLarge",
    "TooManyRequests",
    "failure_of",
    "unexpected_failure",
]

_log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 1


@attrs.define(kw_only=True, str=False)
class MalformedRequest(DomainError):
    """What was sent cannot even be read."""

    code = "malformed_request"
    reason: str

    def message(self) -> str:
        """Return the reason."""
        return self.reason


@attrs.define(kw_only=True, str=False)
class RequestTooLarge(DomainError):
    """The body is larger than any that makes sense."""

    code = "request_too_large"
    bytes_max: int

    def message(self) -> str:
        """Say what is allowed."""
        return f"A body can have {self.bytes_max} bytes at most: send less at once."


@attrs.define(kw_only=True, str=False)
class TooManyRequests(DomainError):
    """The caller is over the limit."""

    code = "too_many_requests"
    retry_after_seconds: int

    def message(self) -> str:
        """Say when to come back."""
        return f"Too many requests: try again in {self.retry_after_seconds} s."


STATUS: Final[Mapping[str, tuple[int, str]]] = {
    "malformed_request": (400, "Malformed request"),
    "invalid_request": (400, "Validation failed"),
    "broken_message": (400, "Validation failed"),
    "preflight_refused": (400, "Not allowed from this page"),
    "unauthenticated": (401, "Not signed in"),
    "forbidden": (403, "Not allowed"),
    "not_found": (404, "Not found"),
    "order_not_found": (404, "Order not found"),
    "product_not_found": (404, "Product not found"),
    "reservation_not_found": (404, "Reservation not found"),
    "stock_not_reserved": (409, "Stock not reserved"),
    "cancel_not_allowed": (409, "Too late to cancel"),
    "address_fixed": (409, "Too late to change the address"),
    "order_changed": (409, "Order changed meanwhile"),
    "order_number_taken": (409, "Order number taken"),
    "insufficient_stock": (409, "Insufficient stock"),
    "price_changed": (409, "Price changed"),
    "reservation_held_with_other_items": (409, "Reservation held with other items"),
    "reservation_ended": (409, "Reservation ended"),
    "stock_below_zero": (409, "Stock below zero"),
    "product_exists": (409, "Product exists"),
    "too_many_changes": (409, "Too many changes"),
    "stale_version": (412, "Stale version"),
    "request_too_large": (413, "Request too large"),
    "empty_order": (422, "Empty order"),
    "total_mismatch": (422, "Total mismatch"),
    "transition_not_allowed": (422, "Transition not allowed"),
    "idempotency_key_reused": (422, "Idempotency key reused"),
    "too_many_requests": (429, "Too many requests"),
    "domain_error": (500, "Unexpected error"),
    "contention": (503, "Too busy"),
    "stock_conflict": (503, "Too busy"),
    "commit_refused": (503, "Too busy"),
    "dependency_unavailable": (503, "Dependency unavailable"),
}
"""HTTP status and title of every code that the domain and the edge know."""

_MONEY = frozenset({"stated", "computed"})
# A reason is in the message already, or is a driver's own words, which are for the log.
_PRIVATE = frozenset({"reason", "tries"})


def failure_of(error: DomainError) -> Answer:
    """Return the answer that says *error*, with everything it knows as details."""
    status, title = STATUS[error.code]
    headers = _headers(status, error)
    details = {"code": error.code, **_details(error)}
    return failure(status, title, error.message(), details=details, headers=headers)


def _headers(status: int, error: DomainError) -> list[Header]:
    if status == HTTPStatus.UNAUTHORIZED:
        return [(b"www-authenticate", b"Bearer")]
    seconds = getattr(error, "retry_after_seconds", RETRY_AFTER_SECONDS)
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return [(b"retry-after", b"%d" % seconds)]
    return []


def _details(error: DomainError) -> dict[str, Any]:
    found = attrs.asdict(error, recurse=False)
    return {
        _camel(name): _plain(name, value) for name, value in found.items() if name not in _PRIVATE
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever a refusal carries
    if name in _MONEY:
        return to_number(value)
    if isinstance(value, tuple):
        return [refused_view(x) if isinstance(x, RefusedLine) else x for x in value]
    return value


def unexpected_failure(fault: Exception, request_id: str, path: str) -> Answer:
    """Log what nobody foresaw, and return an answer by which the log entry can be found."""
    _log.error("request_failed", correlation_id=request_id, path=path, exc_info=fault)
    return failure(
        500,
        "Unexpected error",
        f"Something went wrong on our side: tell us the request id {request_id}.",
        details={"code": "unexpected_error", "requestId": request_id},
    )


_HTTP_MESSAGES: Final[Mapping[int, str]] = {
    404: "There is nothing at this address: see /schema for what there is.",
    405: "This address does not take this method: see the Allow header.",
    413: "The body is too large: send less at once.",
}


def _http_failure(error: HTTPException) -> Answer:
    """Say one of the framework's own errors in our envelope."""
    status = error.status_code
    phrase = HTTPStatus(status).phrase
    headers = [(k.lower().encode(), v.encode()) for k, v in (error.headers or {}).items()]
    return failure(
        status,
        phrase,
        _HTTP_MESSAGES.get(status, error.detail or phrase),
        details={"code": phrase.lower().replace(" ", "_")},
        headers=headers,
    )


def _response(answer: Answer) -> Response[bytes]:
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(
        answer.body, status_code=answer.status, headers=headers, media_type="application/json"
    )


def _on_domain_error(request: AnyRequest, error: DomainError) -> Response[bytes]:
    answer = failure_of(error)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        call = call_of(request)
        reason = getattr(error, "reason", None)
        _log.warning(
            "request_refused", code=error.code, reason=reason, correlation_id=call.request_id
        )
    return _response(answer)


def _on_http_error(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _on_any_error(request, error)
    return _response(_http_failure(error))


def _on_any_error(request: AnyRequest, error: Exception) -> Response[bytes]:
    call = call_of(request)
    return _response(unexpected_failure(error, call.request_id, request.scope["path"]))


EXCEPTION_HANDLERS: Final[ExceptionHandlersMap] = {
    DomainError: _on_domain_error,
    HTTPException: _on_http_error,
    Exception: _on_any_error,
}
"""What every app of ours does with an exception."""
