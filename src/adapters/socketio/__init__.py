"""Socket.IO: the Notifier that pushes to connected customers and admins."""

from adapters.socketio.callers import Caller, TokenVerifier
from adapters.socketio.notifier import PushCounts, SocketIoNotifier
from adapters.socketio.settings import SocketIoSettings

__all__ = ["Caller", "PushCounts", "SocketIoNotifier", "SocketIoSettings", "TokenVerifier"]
