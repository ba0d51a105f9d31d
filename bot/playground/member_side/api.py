"""The HTTP side of members: what the chat page and the headless member call."""

from typing import Any, cast

from aiohttp import web

from bot.playground.discord_json import guild_json
from bot.playground.errors import ApiError
from bot.playground.gateway.audience import Intent
from bot.playground.gateway.sessions import Sessions
from bot.playground.json_types import JsonObject
from bot.playground.member_side.acts import MemberActs, Place
from bot.playground.member_side.events import MemberEvents
from bot.playground.member_side.options import refuse
from bot.playground.messages import Messages
from bot.playground.permissions import (
    Permission,
    permissions_in_channel,
    permissions_in_guild,
)
from bot.playground.registry import CommandRegistry
from bot.playground.rest.api import json_response
from bot.playground.rest.bodies import read_body
from bot.playground.rules.localizations import DEFAULT_LOCALE, LOCALES, in_language_of
from bot.playground.threads import shown_thread
from bot.playground.world import User, World

UPLOAD_LIMIT_BYTES = 100 * 2**20
"""What a member may upload: more than a bot may, like people with a paid account."""


class MemberApi:
    """The routes below /playground."""

    def __init__(
        self,
        world: World,
        registry: CommandRegistry,
        messages: Messages,
        acts: MemberActs,
        events: MemberEvents,
        sessions: Sessions,
    ) -> None:
        self._world = world
        self._registry = registry
        self._messages = messages
        self._acts = acts
        self._events = events
        self._sessions = sessions

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/playground/session", self._session)
        app.router.add_get("/playground/channels/{channel_id}/messages", self._list_messages)
        app.router.add_get("/playground/guilds/{guild_id}/commands", self._commands)
        app.router.add_patch("/playground/guilds/{guild_id}", self._edit_guild)
        app.router.add_post("/playground/interactions", self._interact)
        app.router.add_get("/playground/events", self._connect)

    def bot_status(self, online: bool) -> None:
        """Tell everybody whether the bot is there."""
        self._events.publish("BOT_STATUS", {"online": online})

    def commands_changed(self, guild_id: str | None) -> None:
        """Tell everybody that commands were registered."""
        self._events.publish("COMMANDS_UPDATE", {"guild_id": guild_id})

    async def _session(self, request: web.Request) -> web.Response:
        users = [
            {
                "id": user.id,
                "username": user.username,
                "global_name": user.global_name,
                "role": "moderator" if user.id in self._world.moderator_ids else "student",
                "color": user.color,
            }
            for user in self._world.members
        ]
        guilds = [
            {
                "id": guild.id,
                "name": guild.name,
                "preferred_locale": guild.preferred_locale,
                "channels": [
                    {"id": channel.id, "name": channel.name, "topic": channel.topic}
                    for channel in guild.channels
                ],
                "threads": [shown_thread(one) for one in self._world.threads_of(guild.id)],
            }
            for guild in self._world.guilds
        ]
        direct = [
            {"id": channel.id, "recipient_id": channel.recipient_id}
            for channel in self._world.direct_channels.values()
        ]
        application = {
            "id": self._world.application_id,
            "name": self._world.application_name,
            "online": self._sessions.online,
        }
        body = {
            "users": users,
            "guilds": guilds,
            "direct_channels": direct,
            "application": application,
            "locales": [{"id": locale, "name": name} for locale, name in LOCALES.items()],
        }
        return json_response(body)

    async def _list_messages(self, request: web.Request) -> web.Response:
        user, channel_id = self._user(request), request.match_info["channel_id"]
        direct = self._world.direct_channels.get(channel_id)
        if direct is None and self._world.channel(channel_id) is None:
            raise refuse("There is no such channel.", status=404)
        if direct is not None and direct.recipient_id != user.id:
            raise refuse("This is somebody else's conversation.", status=403)
        seen = [
            message.for_member()
            for message in self._messages.in_channel(channel_id)
            if message.only_for in (None, user.id)
        ]
        return json_response({"messages": seen})

    async def _commands(self, request: web.Request) -> web.Response:
        user = self._user(request)
        guild = self._world.guild(request.match_info["guild_id"])
        if guild is None:
            raise refuse("There is no such server.", status=404)
        locale = _locale(request)
        commands = [
            in_language_of(command, locale) | {"permitted": permitted}
            for command, permitted in self._registry.usable_in(guild, user.id)
        ]
        return json_response({"commands": commands})

    async def _edit_guild(self, request: web.Request) -> web.Response:
        """The server's language, which moderators choose in its settings."""
        user = self._user(request)
        guild = self._world.guild(request.match_info["guild_id"])
        if guild is None:
            raise refuse("There is no such server.", status=404)
        if not permissions_in_guild(guild, user.id) & Permission.MANAGE_GUILD:
            raise refuse("Only moderators choose the server's language.", status=403)
        body, _ = await read_body(request, attachment_limit_bytes=UPLOAD_LIMIT_BYTES)
        locale: Any = cast(JsonObject, body).get("preferred_locale") if body else None
        if locale not in LOCALES:
            raise refuse("“preferred_locale” must be one of Discord's locales.")
        self.prefer_locale(guild.id, locale)
        return json_response({"preferred_locale": locale})

    def prefer_locale(self, guild_id: str, locale: str) -> None:
        """Change a guild's language; the bot and everybody hear of it."""
        guild = self._world.prefer_locale(guild_id, locale)
        self._sessions.dispatch("GUILD_UPDATE", guild_json(guild), intent=Intent.GUILDS)
        self._events.publish("GUILD_UPDATE", {"id": guild.id, "preferred_locale": locale})

    async def _interact(self, request: web.Request) -> web.Response:
        body, files = await read_body(request, attachment_limit_bytes=UPLOAD_LIMIT_BYTES)
        if not isinstance(body, dict):
            raise refuse("The request has no payload.")
        payload = cast(JsonObject, body)
        place = self._place(payload, _locale(request))
        raw: Any = payload.get("data")
        if not isinstance(raw, dict):
            raise refuse("The request has no data.")
        data = cast(JsonObject, raw)
        match payload.get("type"):
            case 2:
                interaction = self._acts.use_command(place, data, files)
            case 3:
                message_id = str(payload.get("message_id"))
                interaction = self._acts.use_component(place, message_id, data)
            case 4:
                return json_response({"choices": await self._acts.complete(place, data)})
            case 5:
                interaction = self._acts.submit_modal(place, data, files)
            case _:
                raise refuse("“type” must be 2, 3, 4 or 5.")
        return json_response({"interaction_id": interaction.id})

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        user = self._user(request)
        greeting = {"t": "BOT_STATUS", "d": {"online": self._sessions.online}}
        return await self._events.serve(request, user.id, greeting)

    def _user(self, request: web.Request) -> User:
        user = self._world.member(request.query.get("user", ""))
        if user is None:
            raise refuse("“user” must be the id of a member.", status=401)
        return user

    def _place(self, payload: JsonObject, locale: str) -> Place:
        user = self._world.member(str(payload.get("user")))
        if user is None:
            raise refuse("“user” must be the id of a member.", status=401)
        direct = self._world.direct_channels.get(str(payload.get("channel_id")))
        if direct is not None:
            if direct.recipient_id != user.id:
                raise refuse("This is somebody else's conversation.", status=403)
            return Place(user=user, guild=None, channel=direct, locale=locale)
        channel = self._world.channel(str(payload.get("channel_id")))
        if channel is None or channel.guild_id != str(payload.get("guild_id")):
            raise refuse("There is no such channel.", status=404)
        guild = self._world.guild_of(channel)
        needed = Permission.VIEW_CHANNEL | Permission.USE_APPLICATION_COMMANDS
        if permissions_in_channel(guild, channel, user.id) & needed != needed:
            raise refuse("You may not use commands in this channel.", status=403)
        return Place(user=user, guild=guild, channel=channel, locale=locale)


def _locale(request: web.Request) -> str:
    """The language that the member's client is set to."""
    locale = request.headers.get("X-Member-Locale", DEFAULT_LOCALE)
    if locale not in LOCALES:
        raise refuse("“X-Member-Locale” must be one of Discord's locales.")
    return locale


@web.middleware
async def only_from_here(request: web.Request, handler: Any) -> web.StreamResponse:
    """Refuse what another web page sends to the member side, and answer errors as JSON.

    The server is reachable from every page that the browser has open: a foreign `Origin`,
    or a foreign `Host` (a name that was made to point at 127.0.0.1), gets 403.
    """
    path = request.path
    if path.startswith(("/playground/", "/static/")) or (
        path == "/" and "Upgrade" not in request.headers
    ):
        host = request.headers.get("Host", "")
        origin = request.headers.get("Origin")
        local = host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost")
        if not local or (origin is not None and origin.split("://", 1)[-1] != host):
            return json_response(
                {"message": "Only the playground's own page may do that."}, status=403
            )
    try:
        return cast(web.StreamResponse, await handler(request))
    except ApiError as error:
        return json_response({"message": error.message}, status=error.status)
