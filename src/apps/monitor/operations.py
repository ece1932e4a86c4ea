"""What OpenAPI says about each route of the monitor."""

from typing import Final

from apps.edge.describe import JsonSchema, array, obj, operation, path, query, text
from apps.edge.shapes import COUNT, FLAG, LIMIT, PAGE, SEARCH
from apps.monitor.reading import IDS_MAX, MESSAGES_MAX, PER_SECOND, PER_SECOND_MAX, STATES

__all__ = [
    "Audit",
    "Demo",
    "GetLetter",
    "GetRun",
    "Groups",
    "Letters",
    "Messages",
    "Overview",
    "PostRedrive",
    "Redeliver",
    "SamplesSince",
    "Story",
    "Switch",
    "Topics",
]

_OBJECT: Final[JsonSchema] = {"type": "object"}
_CURSORS: Final = text(4_000, pattern=r"^[0-9]{1,6}:[0-9]{1,15}(,[0-9]{1,6}:[0-9]{1,15})*$")
_NAME: Final = path("name", "The topic's name.", {"type": "string", "minLength": 1})
_LETTER_FILTERS: Final = [
    query("topic", "Only those of this topic, or of its dead letter topic.", SEARCH),
    query("reason", "Only those with this reason, such as `insufficient_stock`.", SEARCH),
    query("order", "Only those of this order.", SEARCH),
]


def _listed(name: str, **more: JsonSchema) -> JsonSchema:
    return obj({name: array(_OBJECT), "count": COUNT, **more}, [name, "count"])


Overview = operation(answers={200: ("The whole system at a glance.", _OBJECT)})
SamplesSince = operation(
    answers={200: ("The last half hour in samples, oldest first.", _listed("samples"))},
    failures=[400],
    parameters=[
        query("since", "Only those after this time.", {"type": "string", "format": "date-time"})
    ],
)
Topics = operation(answers={200: ("Every topic.", _listed("topics"))})
Groups = operation(answers={200: ("Every consumer group.", _listed("groups"))})
Messages = operation(
    answers={
        200: (
            "Messages, newest first; `older` and `newer` say where to read on.",
            _listed(
                "messages",
                scanned=COUNT,
                isComplete={"type": "boolean"},
                older={"type": "string"},
                newer={"type": "string"},
            ),
        )
    },
    failures=[400, 404],
    parameters=[
        _NAME,
        query("partition", "Only this partition.", COUNT),
        query("from", "From this offset on, instead of the newest.", COUNT),
        query("before", "Before these offsets, as `older` gave them.", _CURSORS),
        query("after", "From these offsets on, as `newer` gave them.", _CURSORS),
        query("limit", "How many.", {"type": "integer", "minimum": 1, "maximum": MESSAGES_MAX}),
        query("key", "Only messages with this in their key.", SEARCH),
        query("order", "Only messages of this order.", SEARCH),
        query("search", "Only messages with this in key, value or headers.", SEARCH),
    ],
)
Letters = operation(
    answers={
        200: (
            "One page of the dead letters, newest first, and how many there are by reason.",
            _listed("deadLetters", reasons=array(_OBJECT), isComplete={"type": "boolean"}),
        )
    },
    failures=[400],
    parameters=[
        *_LETTER_FILTERS,
        query("state", "Only those in this state.", {"enum": list(STATES), "default": STATES[0]}),
        PAGE,
        LIMIT,
    ],
    meta=True,
)
GetLetter = operation(
    answers={200: ("The dead letter, its value whole.", obj({"deadLetter": _OBJECT}))},
    failures=[404],
    parameters=[path("id", "The dead letter's id.", {"type": "string", "minLength": 1})],
)
PostRedrive = operation(
    answers={
        200: ("What it would do; nothing was sent.", _OBJECT),
        202: ("It is under way; see `redrive.id`.", _OBJECT),
    },
    failures=[400, 404, 413],
    body=obj(
        {
            "ids": array(text(400, minLength=1), minItems=1, maxItems=IDS_MAX),
            "filter": obj({name: text(249) for name in ("topic", "reason", "order")}),
            "dryRun": {"type": "boolean", "default": True},
            "perSecond": {
                "type": "integer",
                "minimum": 1,
                "maximum": PER_SECOND_MAX,
                "default": PER_SECOND,
            },
        }
    ),
    examples={
        "preview": {"filter": {"reason": "insufficient_stock"}, "dryRun": True},
        "act": {"ids": ["inventory.reserve.dlq-0-12"], "dryRun": False, "perSecond": 10},
    },
)
GetRun = operation(
    answers={200: ("How far it is.", obj({"redrive": _OBJECT}))},
    failures=[404],
    parameters=[path("id", "The redrive's id.", {"type": "string", "minLength": 1})],
)
Audit = operation(
    answers={200: ("What every product's sum is made of, broken ones first.", _OBJECT)},
    failures=[400],
    parameters=[
        query("search", "Only products with this in name or id.", SEARCH),
        query("broken", "Only products that do not add up.", FLAG),
        PAGE,
        LIMIT,
    ],
    meta=True,
)
Story = operation(
    answers={200: ("Everything that carries the order's id, in time.", _OBJECT)},
    failures=[404],
    parameters=[path("id", "The order's `_id` or number.", {"type": "string", "minLength": 1})],
)
Demo = operation(
    answers={200: ("How the switches are, and what followed.", _OBJECT)}, failures=[404]
)
Switch = operation(
    answers={200: ("How the switches are now.", _OBJECT)},
    failures=[400, 404, 413],
    body=obj({"on": {"type": "boolean"}}, ["on"]),
    examples={"off": {"on": False}},
)
Redeliver = operation(answers={200: ("How the switches are now.", _OBJECT)}, failures=[404])
