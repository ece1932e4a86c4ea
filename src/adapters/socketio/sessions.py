"""Who is connected to this instance, and in which rooms."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

__all__ = ["Session", "Sessions"]


@attrs.define(eq=False)
class Session:
    """One connection of somebody whose token was verified."""

    sid: str
    eio_sid: str
    subject: str
    expires_at: datetime
    rooms: set[str] = attrs.field(factory=set)


class Sessions:
    """The sessions, counted by person and by room."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Session] = {}
        self._by_eio_sid: dict[str, Session] = {}
        self._per_user: Counter[str] = Counter()
        self._per_room: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._by_sid)

    def get(self, sid: str) -> Session | None:
        """Return the session of a Socket.IO id."""
        return self._by_sid.get(sid)

    def on_connection(self, eio_sid: str) -> Session | None:
        """Return the session of an engine.io id, None while nobody signed in there."""
        return self._by_eio_sid.get(eio_sid)

    def count_of(self, subject: str) -> int:
        """Return how many sessions somebody has."""
        return self._per_user[subject]

    def anybody_in(self, rooms: Iterable[str]) -> bool:
        """Tell whether a push to these rooms would reach anybody here."""
        return any(room in self._per_room for room in rooms)

    def expired(self, now: datetime) -> Sequence[Session]:
        """Return the sessions whose token is worth nothing any more."""
        return [session for session in self._by_sid.values() if session.expires_at <= now]

    def add(self, session: Session) -> None:
        """Begin to count a session, without rooms yet."""
        self._by_sid[session.sid] = session
        self._by_eio_sid[session.eio_sid] = session
        self._per_user[session.subject] += 1

    def enter(self, session: Session, room: str) -> None:
        """Note that the session is in *room*; saying so twice is no different."""
        if session.sid in self._by_sid and room not in session.rooms:
            session.rooms.add(room)
            self._per_room[room] += 1

    def leave(self, session: Session, room: str) -> None:
        """Note that the session is not in *room* any more."""
        if room in session.rooms:
            session.rooms.discard(room)
            _count_down(self._per_room, room)

    def remove(self, sid: str) -> None:
        """Forget a session; one that is not there is passed over."""
        session = self._by_sid.pop(sid, None)
        if session is None:
            return
        self._by_eio_sid.pop(session.eio_sid, None)
        _count_down(self._per_user, session.subject)
        for room in tuple(session.rooms):
            self.leave(session, room)


def _count_down(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
