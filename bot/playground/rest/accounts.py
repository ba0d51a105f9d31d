"""The bot itself, the gateway's address, guilds, members, roles."""

from bot.playground.discord_json import (
    channel_json,
    direct_channel_json,
    guild_json,
    member_json,
    own_user_json,
    role_json,
    user_json,
)
from bot.playground.errors import FormErrors, missing_access, unknown
from bot.playground.json_types import JsonObject
from bot.playground.rate_limits import RouteLimit
from bot.playground.rest.api import ApiAnswer, ApiCall, ApiRoute
from bot.playground.snowflakes import Snowflakes
from bot.playground.world import Guild, World

READING = RouteLimit(name="accounts", requests=20, per_seconds=1.0)


class AccountRoutes:
    """Reads the world; the only thing it makes are direct channels."""

    def __init__(self, world: World, snowflakes: Snowflakes) -> None:
        self._world = world
        self._snowflakes = snowflakes
        self.gateway_url = ""

    def routes(self) -> list[ApiRoute]:
        """The operations of this module."""
        table = (
            ("GET", "/users/@me", self._me),
            ("GET", "/users/@me/guilds", self._my_guilds),
            ("POST", "/users/@me/channels", self._open_direct_channel),
            ("GET", "/users/{user_id}", self._user),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/applications/@me", self._application),
            ("GET", "/gateway", self._gateway),
            ("GET", "/gateway/bot", self._gateway_bot),
            ("GET", "/guilds/{guild_id}", self._one_guild),
            ("GET", "/guilds/{guild_id}/channels", self._channels),
            ("GET", "/guilds/{guild_id}/roles", self._roles),
            ("GET", "/guilds/{guild_id}/members", self._members),
            ("GET", "/guilds/{guild_id}/members/search", self._search),
            ("GET", "/guilds/{guild_id}/members/{user_id}", self._member),
            ("GET", "/channels/{channel_id}", self._channel),
        )
        return [ApiRoute(method=m, template=t, handler=h, limit=READING) for m, t, h in table]

    async def _me(self, call: ApiCall) -> ApiAnswer:
        return ApiAnswer(body=own_user_json(self._world.bot_user))

    async def _my_guilds(self, call: ApiCall) -> ApiAnswer:
        guilds: list[JsonObject] = [
            {
                "id": guild.id,
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": "0",
                "features": [],
            }
            for guild in self._world.guilds
        ]
        return ApiAnswer(body=guilds)

    async def _open_direct_channel(self, call: ApiCall) -> ApiAnswer:
        recipient = self._world.user(str(call.json_object().get("recipient_id")))
        if recipient is None or recipient.bot:
            errors = FormErrors()
            errors.add(("recipient_id",), "USER_INVALID", "Cannot open a channel with this user")
            errors.raise_if_any()
            raise unknown("User")
        channel = self._world.direct_channel_with(recipient.id, self._snowflakes.next())
        return ApiAnswer(body=direct_channel_json(channel, self._world))

    async def _user(self, call: ApiCall) -> ApiAnswer:
        user = self._world.user(call.path["user_id"])
        if user is None:
            raise unknown("User")
        return ApiAnswer(body=user_json(user))

    async def _application(self, call: ApiCall) -> ApiAnswer:
        application: JsonObject = {
            "id": self._world.application_id,
            "name": self._world.application_name,
            "icon": None,
            "description": "",
            "type": None,
            "bot": user_json(self._world.bot_user),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": user_json(self._world.owner),
            "approximate_guild_count": len(self._world.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": [],
        }
        return ApiAnswer(body=application)

    async def _gateway(self, call: ApiCall) -> ApiAnswer:
        return ApiAnswer(body={"url": self.gateway_url})

    async def _gateway_bot(self, call: ApiCall) -> ApiAnswer:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 86400000, "max_concurrency": 1}
        body = {"url": self.gateway_url, "shards": 1, "session_start_limit": limit}
        return ApiAnswer(body=body)

    async def _one_guild(self, call: ApiCall) -> ApiAnswer:
        guild = self._guild_of(call)
        body = guild_json(guild)
        if call.query.get("with_counts") in ("1", "true", "True"):
            counted = len(guild.members)
            body |= {"approximate_member_count": counted, "approximate_presence_count": counted}
        return ApiAnswer(body=body)

    async def _channels(self, call: ApiCall) -> ApiAnswer:
        return ApiAnswer(body=[channel_json(one) for one in self._guild_of(call).channels])

    async def _roles(self, call: ApiCall) -> ApiAnswer:
        return ApiAnswer(body=[role_json(role) for role in self._guild_of(call).roles])

    async def _members(self, call: ApiCall) -> ApiAnswer:
        guild = self._guild_of(call)
        after, limit = int(call.query.get("after", "0")), int(call.query.get("limit", "1"))
        ids = sorted(int(i) for i in guild.members if int(i) > after)[:limit]
        users = [user for user in (self._world.user(str(i)) for i in ids) if user]
        return ApiAnswer(body=[member_json(guild, user) for user in users])

    async def _search(self, call: ApiCall) -> ApiAnswer:
        guild = self._guild_of(call)
        query, limit = call.query.get("query", "").lower(), int(call.query.get("limit", "1"))
        users = [user for user in map(self._world.user, guild.members) if user]
        found = [user for user in users if user.username.startswith(query)][:limit]
        return ApiAnswer(body=[member_json(guild, user) for user in found])

    async def _member(self, call: ApiCall) -> ApiAnswer:
        guild = self._guild_of(call)
        user = self._world.user(call.path["user_id"])
        if user is None or user.id not in guild.members:
            raise unknown("Member" if user else "User")
        return ApiAnswer(body=member_json(guild, user))

    async def _channel(self, call: ApiCall) -> ApiAnswer:
        channel_id = call.path["channel_id"]
        channel = self._world.channel(channel_id)
        if channel is not None:
            return ApiAnswer(body=channel_json(channel))
        direct = self._world.direct_channels.get(channel_id)
        if direct is None:
            raise unknown("Channel")
        return ApiAnswer(body=direct_channel_json(direct, self._world))

    def _guild_of(self, call: ApiCall) -> Guild:
        guild = self._world.guild(call.path["guild_id"])
        if guild is None:
            raise unknown("Guild") if call.path["guild_id"].isdigit() else missing_access()
        return guild
