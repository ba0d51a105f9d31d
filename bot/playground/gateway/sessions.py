"""The sessions of the bot: opened by IDENTIFY, continued by RESUME, told what happens.

Source: https://discord.com/developers/docs/events/gateway
"""

import secrets
from collections.abc import Callable
from typing import Any, cast

from bot.playground.discord_json import guild_create_json, member_json, own_user_json
from bot.playground.faults import EventFaults
from bot.playground.gateway.audience import ALL_INTENTS, Intent, shard_of
from bot.playground.gateway.session import Connection, Session
from bot.playground.json_types import JsonObject
from bot.playground.world import Guild, User, World

REMEMBERED_SESSIONS = 20


class GatewayRefusal(Exception):
    """The client broke the protocol; the connection is closed with Discord's code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Sessions:
    """Knows every session that can still be resumed."""

    def __init__(self, world: World, bot_token: str, faults: EventFaults) -> None:
        self._world = world
        self._faults = faults
        self._bot_token = bot_token
        self._sessions: dict[str, Session] = {}
        self.resume_url = ""
        self.on_status: Callable[[bool], None] = lambda online: None

    @property
    def online(self) -> bool:
        """Whether the bot is connected and identified."""
        return any(session.connection for session in self._sessions.values())

    def dispatch(self, name: str, data: JsonObject, *, intent: Intent = Intent.NONE) -> None:
        """Send an event to the sessions that asked for `intent` and own the event's shard."""
        for told in self._faults.told(name, data):
            for session in self._sessions.values():
                wanted = intent == Intent.NONE or session.intents & intent
                if wanted and shard_of(told, session.shard_count) == session.shard_id:
                    session.dispatch(name, told)

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
        self._forget_the_oldest()
        self._sessions[session.id] = session
        guilds = [
            g for g in self._world.guilds if shard_of({"guild_id": g.id}, shard_count) == shard_id
        ]
        session.dispatch("READY", self._ready(session, guilds))
        if intents & Intent.GUILDS:
            for guild in guilds:
                active = [one for one in self._world.threads_of(guild.id) if not one.archived]
                seen = self._seen(guild, session)
                session.dispatch("GUILD_CREATE", guild_create_json(guild, seen, active))
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

    def forget(self, connection: Connection) -> None:
        """Drop the session of a connection that said goodbye (close code 1000 or 1001)."""
        for session in list(self._sessions.values()):
            if session.connection is connection:
                self.lost(connection)
                del self._sessions[session.id]

    def lost(self, connection: Connection) -> None:
        """Note that a connection ended; its session waits to be resumed."""
        was_online = self.online
        for session in self._sessions.values():
            if session.connection is connection:
                session.connection = None
        if was_online and not self.online:
            self.on_status(False)

    def invalidate(self) -> None:
        """Forget every session."""
        was_online = self.online
        self._sessions.clear()
        if was_online:
            self.on_status(False)

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

    def _forget_the_oldest(self) -> None:
        waiting = [one.id for one in self._sessions.values() if one.connection is None]
        for session_id in waiting[:-REMEMBERED_SESSIONS]:
            del self._sessions[session_id]


def _shard(shard: Any) -> tuple[int, int]:
    match shard:
        case None:
            return 0, 1
        case [int(shard_id), int(count)] if 0 <= shard_id < count:
            return shard_id, count
        case _:
            raise GatewayRefusal(4010, "Invalid shard.")
