"""The desk: everything a handler of the monitor needs."""

from typing import Final

import attrs
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from apps.monitor.audits import Audits
from apps.monitor.demo_parts import JournalEntry, PushJournal
from apps.monitor.messages import MessageFilter, MessageReader
from apps.monitor.redrives import RedriveRun, Redrives
from apps.monitor.refusals import NotThere
from apps.monitor.samples import Samples
from apps.monitor.switches import Switches
from apps.monitor.vitals import Vitals
from apps.monitor.watch import LogWatch
from inventory_domain.dead_letters import DeadLetter
from inventory_domain.errors import DomainError
from inventory_domain.ids import OrderId
from inventory_domain.log_view import TopicInfo
from inventory_domain.use_cases.letters import LetterPage
from inventory_domain.use_cases.redrive import DeadLetterFilter, Redrive
from inventory_domain.use_cases.tell_story import Story, StoryTeller

__all__ = ["LETTERS_AT_ONCE_MAX", "Choice", "Desk", "MonitorDesk"]

LETTERS_AT_ONCE_MAX: Final = 5_000
"""Each is weighed against the stock before it is sent, all in one go."""

_ECHO_LENGTH_MAX: Final = 200
_GLANCE_COUNT: Final = 500


@attrs.frozen(kw_only=True)
class Choice:
    """Which dead letters: those with these *ids*, or those that pass the filter."""

    ids: tuple[str, ...] = ()
    wanted: DeadLetterFilter = attrs.field(factory=DeadLetterFilter)


@attrs.frozen(kw_only=True)
class MonitorDesk:
    """What the monitor sees and the few things that it can do.

    Handlers get this one thing, since Litestar opens a task group to resolve two. There are
    *switches* in the embedded demo alone.
    """

    watch: LogWatch
    samples: Samples
    audits: Audits
    vitals: Vitals
    teller: StoryTeller
    redrive: Redrive
    runs: Redrives
    pushes: PushJournal | None = None
    switches: Switches | None = None

    async def aclose(self) -> None:
        """End what was begun here."""
        await self.runs.aclose()
        if self.switches is not None:
            await self.switches.aclose()

    async def topic(self, name: str) -> TopicInfo:
        """Return a topic with everything that is in it by now.

        Raises:
            NotThere: the log has no such topic.
        """
        found = await self.watch.topic(name)
        if found is None:
            raise _not_there("topic", name)
        return found

    def messages(self, topic: TopicInfo, wanted: MessageFilter, limit: int) -> MessageReader:
        """Return what reads messages of *topic*."""
        return MessageReader(self.watch.inspector, topic, wanted, limit)

    async def letter(self, letter_id: str) -> DeadLetter:
        """Return a dead letter.

        Raises:
            NotThere: there is no such.
        """
        found = await self.redrive.letter(letter_id)
        if found is None:
            raise _not_there("dead letter", letter_id)
        return found

    async def letters(self, choice: Choice) -> list[DeadLetter]:
        """Return the dead letters of *choice*, with a filter the oldest, in their order.

        Raises:
            NotThere: one of the ids is of no dead letter.
        """
        if choice.ids:
            return [await self.letter(letter_id) for letter_id in choice.ids]
        return list(await self.redrive.letters(choice.wanted, count_max=LETTERS_AT_ONCE_MAX))

    def matching(self, choice: Choice) -> int:
        """Return of how many dead letters :meth:`letters` has just given the oldest."""
        if choice.ids:
            return len(choice.ids)
        return len(self.redrive.kept.index.find(choice.wanted))

    async def letter_page(self, wanted: DeadLetterFilter, *, start: int, count: int) -> LetterPage:
        """Return some of the dead letters that pass, newest first."""
        return await self.redrive.kept.page(wanted, start=start, count=count)

    async def open_letter_count(self) -> int | None:
        """Return how many dead letters are open, as far as they were read; None: nobody can say."""
        index = self.redrive.kept.index
        try:
            await index.catch_up(_GLANCE_COUNT)
        except DomainError:
            return None
        return len(index.find(DeadLetterFilter()))

    def run(self, run_id: str) -> RedriveRun:
        """Return a redrive.

        Raises:
            NotThere: none was begun under this id, or it is long over.
        """
        found = self.runs.get(run_id)
        if found is None:
            raise _not_there("redrive", run_id)
        return found

    async def story(self, id_or_number: str) -> Story:
        """Return an order's story.

        Raises:
            NotThere: nothing carries the id.
        """
        found = await self.teller.tell(id_or_number)
        if found is None:
            raise _not_there("order", id_or_number)
        return found

    def pushes_of(self, order_id: OrderId) -> list[JournalEntry]:
        """Return the pushes about an order that are remembered, if any are."""
        return [] if self.pushes is None else self.pushes.of_order(order_id)


def _not_there(what: str, name: str) -> NotThere:
    return NotThere(what=what, name=name[:_ECHO_LENGTH_MAX])


Desk = NamedDependency[SkipValidation[MonitorDesk]]
