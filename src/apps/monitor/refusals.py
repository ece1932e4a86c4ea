"""What the monitor refuses on its own account."""

import attrs

from inventory_domain.errors import DomainError

__all__ = ["NotThere"]


@attrs.define(kw_only=True, str=False)
class NotThere(DomainError):
    """There is nothing of this name; *what* is the kind of thing."""

    code = "not_found"
    what: str
    name: str

    def message(self) -> str:
        """Say what is not there."""
        return f"There is no {self.what} {self.name!r}: it may be gone, or never was."
