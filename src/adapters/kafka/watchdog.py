"""Tells a quiet topic from a consumer that died in silence."""

from collections.abc import Mapping

from inventory_domain.records import TopicPartition

__all__ = ["Watchdog"]

# One partition may be without a leader for a while. The others' work is disturbed for it late.
_PATIENCE_WITH_ONE = 6


class Watchdog:
    """Counts for how long a member has waited without any word from the broker.

    The broker answers every fetch within half a second, with records or without, so an answer
    is what to watch: it tells the truth about an empty topic as well, where there is no lag.
    Only time spent waiting counts. A process that was frozen, or busy with a long batch, has
    no reason to doubt its consumer when it comes back.
    """

    def __init__(self, seconds_max: float) -> None:
        self._seconds_max = seconds_max
        self._answers: dict[TopicPartition, int | None] = {}
        self._silence: dict[TopicPartition, float] = {}

    def waited(self, seconds: float, answers: Mapping[TopicPartition, int | None]) -> None:
        """Take note of a wait in vain, and of when each partition's last answer came."""
        self._silence = {
            at: 0.0 if answer != self._answers.get(at) else self._silence.get(at, 0.0) + seconds
            for at, answer in answers.items()
        }
        self._answers = dict(answers)

    def calm(self) -> None:
        """Take note that records came."""
        self._silence.clear()

    @property
    def barks(self) -> bool:
        """Whether all partitions have been silent for too long, or one for far too long."""
        if not self._silence:
            return False
        return (
            min(self._silence.values()) > self._seconds_max
            or max(self._silence.values()) > self._seconds_max * _PATIENCE_WITH_ONE
        )
