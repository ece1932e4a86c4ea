"""What OpenAPI says about an operation whose handler reads the request by hand.

Bodies and parameters are plain JSON Schema here, beside the code that reads them, because no
signature tells Litestar about them. Shapes that several operations share are components.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)

__all__ = [
    "BEARER",
    "JsonSchema",
    "array",
    "components",
    "header",
    "maybe",
    "obj",
    "operation",
    "path",
    "query",
    "ref",
    "text",
]

JsonSchema = dict[str, Any]

BEARER: Final[list[dict[str, list[str]]]] = [{"bearer": []}]

_FAILURES: Final[Mapping[int, str]] = {
    400: "The request does not parse or validate; `fields` names every bad field.",
    401: "No token, or one that is not valid.",
    403: "Not yours, or a role is missing.",
    404: "There is no such thing.",
    409: "The state of things forbids it.",
    412: "`If-Match` names another version.",
    413: "The body is too large.",
    422: "A rule forbids it.",
    429: "Too many calls; see `Retry-After`.",
    503: "A dependency is down; see `Retry-After`.",
}


def obj(
    properties: Mapping[str, JsonSchema], required: Sequence[str] = (), **more: object
) -> JsonSchema:
    """Return the schema of an object that has these properties and no others."""
    schema: JsonSchema = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    return {**schema, "additionalProperties": False, **more}


def array(items: JsonSchema, **more: object) -> JsonSchema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, **more}


def text(length_max: int, **more: object) -> JsonSchema:
    """Return the schema of a text."""
    return {"type": "string", "maxLength": length_max, **more}


def maybe(schema: JsonSchema) -> JsonSchema:
    """Return the schema of something that may be null as well, which is the same as absent."""
    return {"anyOf": [schema, {"type": "null"}]}


def ref(name: str) -> JsonSchema:
    """Return a reference to the component *name*."""
    return {"$ref": f"#/components/schemas/{name}"}


def path(name: str, description: str, schema: JsonSchema) -> Parameter:
    """Describe a part of the path."""
    return Parameter(
        name=name, param_in="path", required=True, description=description, schema=_schema(schema)
    )


def query(name: str, description: str, schema: JsonSchema, *, required: bool = False) -> Parameter:
    """Describe a query parameter."""
    return Parameter(
        name=name,
        param_in="query",
        required=required,
        description=description,
        schema=_schema(schema),
    )


def header(name: str, description: str, schema: JsonSchema) -> Parameter:
    """Describe a request header, which is never required."""
    return Parameter(
        name=name,
        param_in="header",
        required=False,
        description=description,
        schema=_schema(schema),
    )


def operation(  # noqa: PLR0913 - an operation has as many sides
    *,
    answers: Mapping[int, tuple[str, JsonSchema]],
    failures: Sequence[int] = (),
    parameters: Sequence[Parameter] = (),
    body: JsonSchema | None = None,
    body_required: bool = True,
    examples: Mapping[str, object] | None = None,
    meta: bool = False,
    answer_headers: Sequence[str] = (),
    signed_in: bool = True,
) -> type[Operation]:
    """Return the class by which a handler's operation is described.

    *answers* gives a description and the schema of ``data`` for each status of success.
    """
    responses: dict[str, OpenAPIResponse | Reference] = {
        str(status): _response(description, success_schema(data, meta=meta), answer_headers)
        for status, (description, data) in answers.items()
    }
    always = (401, 403, 429, 503) if signed_in else (429, 503)
    for status in sorted({*failures, *always}):
        responses[str(status)] = _response(_FAILURES[status], ref("Failure"), ())
    content = None if body is None else _body(body, examples, required=body_required)

    @dataclass
    class Described(Operation):
        def __post_init__(self) -> None:
            self.parameters = list(parameters) or None
            self.request_body = content
            self.responses = responses
            self.security = BEARER if signed_in else []

    return Described


def success_schema(data: JsonSchema, *, meta: bool = False) -> JsonSchema:
    """Return the schema of the envelope of success around *data*."""
    properties: dict[str, JsonSchema] = {
        "success": {"const": True},
        "message": {"type": "string"},
        "data": data,
    }
    if meta:
        properties["meta"] = ref("Meta")
    return obj(properties, list(properties))


def components(schemas: Mapping[str, JsonSchema]) -> Components:
    """Return the shared shapes: those of every app, and *schemas*."""
    shared = {"Failure": _FAILURE, "Meta": _META, **schemas}
    return Components(
        schemas={name: _schema(schema) for name, schema in shared.items()},
        security_schemes={
            "bearer": SecurityScheme(
                type="http",
                scheme="bearer",
                bearer_format="JWT",
                description="A token of our issuer with sub, roles, exp and iss.",
            )
        },
    )


_COUNT: Final[JsonSchema] = {"type": "integer", "minimum": 0}
_META: Final = obj(
    {"page": _COUNT, "limit": _COUNT, "total": _COUNT, "pages": _COUNT},
    ["page", "limit", "total", "pages"],
)
_FAILURE: Final[JsonSchema] = {
    "type": "object",
    "required": ["success", "error", "message", "statusCode"],
    "properties": {
        "success": {"const": False},
        "error": {"type": "string", "description": "What kind of failure, for people."},
        "code": {"type": "string", "description": "The same for programs; it never changes."},
        "message": {"type": "string", "description": "One sentence that says what to do."},
        "statusCode": {"type": "integer"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Every bad field with its fault.",
        },
    },
}


def _schema(schema: JsonSchema) -> Schema:
    # Litestar writes out plain dictionaries as they are, wherever it takes a Schema.
    return cast("Schema", schema)


def _response(description: str, schema: JsonSchema, headers: Sequence[str]) -> OpenAPIResponse:
    described: dict[str, OpenAPIHeader | Reference] = {
        name: OpenAPIHeader(schema=_schema({"type": "string"})) for name in headers
    }
    media = OpenAPIMediaType(schema=_schema(schema))
    return OpenAPIResponse(
        description=description, content={"application/json": media}, headers=described or None
    )


def _body(
    schema: JsonSchema, examples: Mapping[str, object] | None, *, required: bool
) -> RequestBody:
    named: dict[str, Example | Reference] = {
        name: Example(value=value) for name, value in (examples or {}).items()
    }
    media = OpenAPIMediaType(schema=_schema(schema), examples=named or None)
    return RequestBody(content={"application/json": media}, required=required)
