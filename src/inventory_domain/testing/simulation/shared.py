"""What all simulated processes share: how messages are written, and where ids come from."""

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from json import JSONDecoder, JSONEncoder
from random import Random
from typing import Any

from inventory_domain.codec import Codec
from inventory_domain.testing.fakes import SequentialIds

__all__ = ["CODEC", "SharedIds"]

_ENCODE = JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_DECODER = JSONDecoder(parse_float=Decimal)
_SCAN: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # type: ignore[attr-defined]
_SAME_NUMBER = 0.1


def _dumps(document: Any) -> bytes:
    return _ENCODE(document).encode()


def _loads(value: bytes) -> Any:
    text = value.decode()
    try:
        document, end = _SCAN(text, 0)
    except StopIteration:
        return _DECODER.decode(text)
    return document if end == len(text) else _DECODER.decode(text)


# Made once: the functions of the json module make a coder with every call.
CODEC = Codec(_dumps, _loads)


class SharedIds(SequentialIds):
    """Ids in sequence over all processes, with chance from the seed.

    Now and then an order number comes twice.
    """

    def __init__(self, random: Random) -> None:
        super().__init__("id")
        self._random = random
        self._count = count(1)
        self._last = ""

    def new_id(self) -> str:
        return f"id{next(self._count)}"

    def order_number(self, now: Any) -> str:
        if not self._last or self._random.random() > _SAME_NUMBER:
            self._last = super().order_number(now)
        return self._last

    def jitter(self) -> float:
        return self._random.random()
