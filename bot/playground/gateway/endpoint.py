"""The gateway's protocol: HELLO, heartbeats, IDENTIFY, RESUME, closing codes.

Source: https://discord.com/developers/docs/events/gateway-events
"""

import asyncio
import json
from collections import deque
from typing import cast

from aiohttp import WSMsgType, web

from bot.playground.gateway.session import Connection, Session
from bot.playground.gateway.sessions import GatewayRefusal, Sessions
from bot.playground.json_types import JsonObject

SENDS_PER_MINUTE = 120


class Gateway:
    """Accepts the bot's connections; tests can make them fail."""

    def __init__(self, sessions: Sessions, *, heartbeat_interval_seconds: float) -> None:
        self._sessions = sessions
        self._heartbeat_interval_seconds = heartbeat_interval_seconds
        self._connections: set[Connection] = set()

    @property
    def online(self) -> bool:
        """Whether the bot is connected and identified."""
        return self._sessions.online

    def disconnect(self, code: int = 4000, reason: str = "Unknown error") -> None:
        """Close the bot's connections; its sessions can be resumed."""
        for connection in self._connections:
            connection.close(code, reason)

    def ask_to_reconnect(self) -> None:
        """Send RECONNECT: the bot should come back and resume."""
        for connection in self._connections:
            connection.send(7)

    def invalidate_sessions(self, *, resumable: bool) -> None:
        """Send INVALID SESSION; unless resumable, the sessions are forgotten."""
        for connection in self._connections:
            connection.send(9, resumable)
        if not resumable:
            self._sessions.invalidate()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection of the bot, from HELLO to its close."""
        socket = web.WebSocketResponse(max_msg_size=16 * 1024, timeout=2.0)
        await socket.prepare(request)
        connection = Connection(socket, compress=request.query.get("compress") == "zlib-stream")
        self._connections.add(connection)
        sender = asyncio.create_task(connection.run_outbox())
        interval_seconds = self._heartbeat_interval_seconds
        connection.send(10, {"heartbeat_interval": int(interval_seconds * 1000)})
        try:
            conversation = _Conversation(self._sessions, connection, socket)
            await conversation.run(patience_seconds=interval_seconds * 1.5)
        finally:
            self._connections.discard(connection)
            self._sessions.lost(connection)
            if connection.closing:
                await asyncio.wait([sender], timeout=2.0)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket


class _Conversation:
    """Reads one connection and answers by opcode."""

    def __init__(
        self, sessions: Sessions, connection: Connection, socket: web.WebSocketResponse
    ) -> None:
        self._sessions = sessions
        self._connection = connection
        self._socket = socket
        self._session: Session | None = None
        # Real seconds, not the clock: a test that jumps ahead must not look like a dead bot.
        self._received_at: deque[float] = deque(maxlen=SENDS_PER_MINUTE)

    async def run(self, *, patience_seconds: float) -> None:
        try:
            while True:
                frame = await self._socket.receive(timeout=patience_seconds)
                if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                self._count()
                self._answer(_parse(frame.data))
        except GatewayRefusal as refusal:
            self._connection.close(refusal.code, refusal.reason)
        except TimeoutError:
            self._connection.close(4000, "No heartbeat.")
        if self._socket.close_code in (1000, 1001) and not self._connection.closing:
            self._sessions.forget(self._connection)

    def _count(self) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._received_at) == SENDS_PER_MINUTE and now - self._received_at[0] < 60:
            raise GatewayRefusal(4008, "You are being rate limited.")
        self._received_at.append(now)

    def _answer(self, payload: JsonObject) -> None:
        op, data = payload.get("op"), payload.get("d")
        if op == 1:
            self._connection.send(11)
        elif op in (2, 6):
            if self._session is not None:
                raise GatewayRefusal(4005, "Already authenticated.")
            if not isinstance(data, dict):
                raise GatewayRefusal(4002, "Error while decoding payload.")
            self._open(op, cast(JsonObject, data))
        elif op not in (3, 4, 8, 31, 43):
            raise GatewayRefusal(4001, "Unknown opcode.")
        elif self._session is None:
            raise GatewayRefusal(4003, "Not authenticated.")
        elif op == 8 and isinstance(data, dict):
            self._sessions.send_members(self._session, cast(JsonObject, data))

    def _open(self, op: int, data: JsonObject) -> None:
        if op == 2:
            self._session = self._sessions.identify(self._connection, data)
            return
        self._session = self._sessions.resume(self._connection, data)
        if self._session is None:
            self._connection.send(9, False)


def _parse(frame: str | bytes) -> JsonObject:
    try:
        payload = json.loads(frame)
    except ValueError as error:
        raise GatewayRefusal(4002, "Error while decoding payload.") from error
    if not isinstance(payload, dict):
        raise GatewayRefusal(4002, "Error while decoding payload.")
    return cast(JsonObject, payload)
