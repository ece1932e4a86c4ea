"""Parts by name: ``stock_store=my_shop.storage:open_store`` puts an own adapter in its place."""

import importlib
from collections.abc import Iterable
from typing import Any

import attrs

from inventory_domain.testing.simulation.parts import Parts

__all__ = ["parts_named"]

_NAMES = [field.name for field in attrs.fields(Parts)]


def parts_named(texts: Iterable[str]) -> Parts:
    """Return the usual parts with those of *texts* in their places.

    Raises:
        ValueError: a text has another form, or names what is not there.
    """
    named: dict[str, Any] = {}
    for text in texts:
        name, _, place = text.partition("=")
        module, _, attribute = place.partition(":")
        if name not in _NAMES or not module or not attribute:
            raise ValueError(
                f"{text!r} must be PART=module:factory; the parts are {', '.join(_NAMES)}"
            )
        try:
            named[name] = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as fault:
            raise ValueError(f"{text!r} names what is not there: {fault}") from fault
    return Parts(**named)
