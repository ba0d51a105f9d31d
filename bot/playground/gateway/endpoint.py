"""The gateway's protocol: HELLO, IDENTIFY, heartbeats, RESUME, member requests, events.

Source: https://discord.com/developers/docs/events/gateway and .../gateway-events
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from aiohttp import WSMsgType, web

from bot.playground.discord_json import guild_create_json, member_json, own_user_json
from bot.playground.gateway.audience import ALL_INTENTS, Intent, shard_of
from bot.playground.gateway.session import Connection, Session
from bot.playground.json_types import JsonObject
from bot.playground.world import Guild, User, World

SENDS_PER_MINUTE = 120


class GatewayRefusal(Exception):
    """The client broke the protocol; the connection is closed with Discord's code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Gateway:
    """Accepts the bot's connections and sends it events."""

    def __init__(self, world: World, bot_token: str, *, heartbeat_interval_seconds: float) -> None:
        self._world = world
        self._bot_token = bot_token
        self.heartbeat_interval_seconds = heartbeat_interval_seconds
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self.resume_url = ""
        self.on_status: Callable[[bool], None] = lambda online: None

    @property
    def online(self) -> bool:
        """Whether the bot is connected and identified."""
        return any(session.connection for session in self._sessions.values())

    def dispatch(self, name: str, data: JsonObject, *, intent: Intent = Intent.NONE) -> None:
        """Send an event to the sessions that asked for `intent` and own the event's shard."""
        for session in self._sessions.values():
            wanted = intent == Intent.NONE or session.intents & intent
            if wanted and shard_of(data, session.shard_count) == session.shard_id:
                session.dispatch(name, data)

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
            self._sessions.clear()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection of the bot, from HELLO to its close."""
        socket = web.WebSocketResponse(max_msg_size=16 * 1024, autoping=True, timeout=2.0)
        await socket.prepare(request)
        connection = Connection(socket, compress=request.query.get("compress") == "zlib-stream")
        self._connections.add(connection)
        sender = asyncio.create_task(connection.run_outbox())
        connection.send(10, {"heartbeat_interval": int(self.heartbeat_interval_seconds * 1000)})
        try:
            await _Conversation(self, connection, socket).run()
        finally:
            self._connections.discard(connection)
            self._lost(connection)
            if connection.closing:
                await asyncio.wait([sender], timeout=2.0)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    def forget(self, connection: Connection) -> None:
        """Drop the session of a connection that said goodbye (close code 1000 or 1001)."""
        for session in list(self._sessions.values()):
            if session.connection is connection:
                self._lost(connection)
                del self._sessions[session.id]

    def identify(self, connection: Connection, data: JsonObject) -> Session:
        """Open a session: READY, then one GUILD_CREATE for each guild of the shard.

        Raises GatewayRefusal: 4004 token, 4010 shard, 4013 intents.
        """
        self._check_token(data.get("token"))
        shard_id, shard_count = _shard(data.get("shard"))
        intents: Any = data.get("intents")
        if not isinstance(intents, int) or intents < 0 or intents > ALL_INTENTS:
            raise GatewayRefusal(4013, "Invalid intent(s).")
        session = Session(
            id=secrets.token_hex(16), intents=intents, shard_id=shard_id, shard_count=shard_count
        )
        session.connection = connection
        self._sessions[session.id] = session
        guilds = [
            g for g in self._world.guilds if shard_of({"guild_id": g.id}, shard_count) == shard_id
        ]
        session.dispatch("READY", self._ready(session, guilds))
        if intents & Intent.GUILDS:
            for guild in guilds:
                session.dispatch(
                    "GUILD_CREATE", guild_create_json(guild, self._seen(guild, session))
                )
        self.on_status(True)
        return session

    def resume(self, connection: Connection, data: JsonObject) -> Session | None:
        """Continue a session, or None when it is not known (any more).

        Raises GatewayRefusal: 4004 token, 4007 sequence.
        """
        self._check_token(data.get("token"))
        session = self._sessions.get(str(data.get("session_id")))
        if session is None:
            return None
        seq = data.get("seq")
        if not isinstance(seq, int) or seq > session.seq:
            raise GatewayRefusal(4007, "Invalid seq.")
        session.resume(connection, seq)
        self.on_status(True)
        return session

    def send_members(self, session: Session, data: JsonObject) -> None:
        """Answer REQUEST_GUILD_MEMBERS with one GUILD_MEMBERS_CHUNK."""
        guild = self._world.guild(str(data.get("guild_id")))
        if guild is None:
            return
        raw: Any = data.get("user_ids")
        wanted = (
            [str(raw)]
            if isinstance(raw, (str, int))
            else [str(i) for i in cast(list[Any], raw or [])]
        )
        query, limit = str(data.get("query") or ""), int(data.get("limit") or 0)
        users = [user for user in map(self._world.user, guild.members) if user]
        if wanted:
            found = [user for user in users if user.id in wanted]
        else:
            found = [user for user in users if user.username.startswith(query.lower())]
            found = found[:limit] if limit else found
        chunk: JsonObject = {
            "guild_id": guild.id,
            "members": [member_json(guild, user) for user in found],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [i for i in wanted if i not in guild.members],
        }
        if data.get("presences"):
            chunk["presences"] = []
        if data.get("nonce"):
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    def _lost(self, connection: Connection) -> None:
        was_online = self.online
        for session in self._sessions.values():
            if session.connection is connection:
                session.connection = None
        if was_online and not self.online:
            self.on_status(False)

    def _check_token(self, token: Any) -> None:
        if not isinstance(token, str) or token.removeprefix("Bot ") != self._bot_token:
            raise GatewayRefusal(4004, "Authentication failed.")

    def _seen(self, guild: Guild, session: Session) -> list[User]:
        if session.intents & Intent.GUILD_MEMBERS:
            return [user for user in map(self._world.user, guild.members) if user]
        return [self._world.bot_user]

    def _ready(self, session: Session, guilds: list[Guild]) -> JsonObject:
        return {
            "v": 10,
            "user": own_user_json(self._world.bot_user),
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.resume_url,
            "shard": [session.shard_id, session.shard_count],
            "application": {"id": self._world.application_id, "flags": 0},
        }


class _Conversation:
    """Reads one connection and answers by opcode."""

    def __init__(
        self, gateway: Gateway, connection: Connection, socket: web.WebSocketResponse
    ) -> None:
        self._gateway = gateway
        self._connection = connection
        self._socket = socket
        self._session: Session | None = None
        # Real seconds, not the clock: a test that jumps ahead must not look like a dead bot.
        self._received_at: deque[float] = deque(maxlen=SENDS_PER_MINUTE)

    async def run(self) -> None:
        patience = self._gateway.heartbeat_interval_seconds * 1.5
        try:
            while True:
                frame = await self._socket.receive(timeout=patience)
                if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                self._count()
                self._answer(_parse(frame.data))
        except GatewayRefusal as refusal:
            self._connection.close(refusal.code, refusal.reason)
        except TimeoutError:
            self._connection.close(4000, "No heartbeat.")
        if self._socket.close_code in (1000, 1001) and not self._connection.closing:
            self._gateway.forget(self._connection)

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
            self._gateway.send_members(self._session, cast(JsonObject, data))

    def _open(self, op: int, data: JsonObject) -> None:
        if op == 2:
            self._session = self._gateway.identify(self._connection, data)
            return
        self._session = self._gateway.resume(self._connection, data)
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


def _shard(shard: Any) -> tuple[int, int]:
    match shard:
        case None:
            return 0, 1
        case [int(shard_id), int(count)] if 0 <= shard_id < count:
            return shard_id, count
        case _:
            raise GatewayRefusal(4010, "Invalid shard.")
