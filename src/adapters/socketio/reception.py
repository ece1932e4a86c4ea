"""The reception: who may connect, what they are told, and which rooms they are in."""

import asyncio
import logging
from collections.abc import Mapping

from socketio.exceptions import ConnectionRefusedError as Refused

from adapters.socketio.callers import Caller, TokenVerifier
from adapters.socketio.engine import NAMESPACE, Engine
from adapters.socketio.sessions import Session, Sessions
from inventory_domain.errors import DomainError
from inventory_domain.ports import Clock
from inventory_domain.pushes import ADMINS, PRODUCTS, user_room

__all__ = ["TOKEN_EXPIRED", "Reception"]

_AUTHENTICATION_ERROR = "Authentication error"
TOKEN_EXPIRED = f"{_AUTHENTICATION_ERROR}: token expired"

_log = logging.getLogger(__name__)


class Reception:
    """Handles what clients send: rooms come from the verified token alone."""

    def __init__(
        self, engine: Engine, sessions: Sessions, verifier: TokenVerifier, *, clock: Clock
    ) -> None:
        self._engine = engine
        self._sessions = sessions
        self._verifier = verifier
        self._clock = clock
        self._welcomes: set[asyncio.Task[None]] = set()
        sio = engine.sio
        sio.on("connect", self._connect)
        sio.on("disconnect", self._disconnect)
        sio.on("subscribe:orders", self._subscribe_orders)
        sio.on("subscribe:products", self._subscribe_products)
        sio.on("unsubscribe:products", self._unsubscribe_products)

    async def _connect(self, sid: str, _environ: object, auth: object = None) -> None:
        caller = self._verified(auth)
        self._refuse_too_many(caller.subject)
        eio_sid = self._engine.eio_sid(sid)
        assert eio_sid is not None, "the library knows a client before it asks about it"
        session = Session(sid, eio_sid, caller.subject, caller.expires_at)
        self._sessions.add(session)
        rooms = [user_room(caller.subject)]
        if "admin" in caller.roles:
            rooms.append(ADMINS)
        # The library tells the client that it is connected when this returns; events that
        # come before that are lost on some clients.
        task = asyncio.create_task(self._welcome(session, rooms))
        self._welcomes.add(task)
        task.add_done_callback(self._welcomes.discard)

    async def _welcome(self, session: Session, rooms: list[str]) -> None:
        for room in rooms:
            await self._enter(session, room)
        await self._engine.tell(
            session.sid,
            "connected",
            {"userId": session.subject, "message": "You are connected to the order updates."},
        )

    async def _disconnect(self, sid: str, *_: object) -> None:
        self._sessions.remove(sid)

    async def _subscribe_orders(self, sid: str, *_: object) -> None:
        await self._engine.tell(sid, "subscribed", {"message": "Subscribed to order updates."})

    async def _subscribe_products(self, sid: str, *_: object) -> None:
        session = self._sessions.get(sid)
        if session is not None:
            await self._enter(session, PRODUCTS)
            await self._engine.tell(
                sid, "subscribed", {"message": "Subscribed to product updates."}
            )

    async def _unsubscribe_products(self, sid: str, *_: object) -> None:
        session = self._sessions.get(sid)
        if session is not None:
            self._sessions.leave(session, PRODUCTS)
            await self._engine.sio.leave_room(sid, PRODUCTS)
            await self._engine.tell(
                sid, "unsubscribed", {"message": "Unsubscribed from product updates."}
            )

    async def _enter(self, session: Session, room: str) -> None:
        if self._engine.sio.manager.is_connected(session.sid, NAMESPACE):
            await self._engine.sio.enter_room(session.sid, room)
            self._sessions.enter(session, room)

    def _verified(self, auth: object) -> Caller:
        token = auth.get("token") if isinstance(auth, Mapping) else None
        if not isinstance(token, str) or not token:
            raise Refused(f"{_AUTHENTICATION_ERROR}: send a token as auth.token")
        try:
            caller = self._verifier.verify(token)
        except DomainError as refusal:
            raise Refused(f"{_AUTHENTICATION_ERROR}: {refusal}") from None
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer
            _log.exception("A token could not be verified")
            raise Refused(f"{_AUTHENTICATION_ERROR}: the token cannot be verified") from None
        if caller.expires_at <= self._clock.now():
            raise Refused(TOKEN_EXPIRED)
        return caller

    def _refuse_too_many(self, subject: str) -> None:
        settings = self._engine.settings
        if (
            len(self._sessions) >= settings.connection_count_max
            or self._sessions.count_of(subject) >= settings.connections_per_user_max
        ):
            raise Refused("Too many connections: close one or try again later")
