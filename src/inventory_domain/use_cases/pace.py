"""How many records to take at once: fewer after an outage, all again when it goes well."""

__all__ = ["Pace"]

_LEAST = 8


class Pace:
    """Begins at *count_max* and never takes more.

    A store that is slow misses its deadline for a large batch and keeps it for a small one.
    Whoever came back with the same large batch each time would never come on.
    """

    def __init__(self, count_max: int) -> None:
        self.count = count_max
        self._count_max = count_max

    def slow_down(self) -> None:
        """Take half as many from now on."""
        self.count = max(self.count // 2, min(_LEAST, self._count_max))

    def speed_up(self) -> None:
        """Take twice as many from now on."""
        self.count = min(self.count * 2, self._count_max)
