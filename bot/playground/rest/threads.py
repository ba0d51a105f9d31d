"""Threads of channels: start, change, list, join, with the permissions that each needs."""

from typing import Any

from bot.playground.composing import Composer
from bot.playground.discord_json import channel_json, thread_member_json
from bot.playground.errors import (
    FormErrors,
    missing_access,
    missing_permissions,
    thread_archived,
    thread_exists,
    unknown,
    wrong_channel_type,
)
from bot.playground.json_types import JsonObject
from bot.playground.messages import (
    HAS_THREAD,
    THREAD_CREATED,
    THREAD_STARTER,
    Messages,
    StoredMessage,
)
from bot.playground.permissions import Permission, permissions_in_channel
from bot.playground.rate_limits import RouteLimit
from bot.playground.rest.api import ApiAnswer, ApiCall, ApiRoute
from bot.playground.rest.messages import reply_fields
from bot.playground.rules.fields import check_known_keys, check_text, words
from bot.playground.snowflakes import Snowflakes
from bot.playground.threads import Threads
from bot.playground.world import Channel, Thread, World

PUBLIC, PRIVATE = 11, 12
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
DEFAULT_ARCHIVE_MINUTES = 1440
NAME_MAX_CHARACTERS = 100
STARTING = words("name auto_archive_duration rate_limit_per_user")
CHANGING = words("name archived locked auto_archive_duration rate_limit_per_user invitable flags")
READING = RouteLimit(name="threads", requests=10, per_seconds=5.0)
WRITING = RouteLimit(name="change threads", requests=5, per_seconds=5.0)


class ThreadRoutes:
    """What a bot does with threads. Private ones need a permission that it does not have here."""

    def __init__(
        self,
        world: World,
        threads: Threads,
        messages: Messages,
        composer: Composer,
        snowflakes: Snowflakes,
    ) -> None:
        self._world = world
        self._threads = threads
        self._messages = messages
        self._composer = composer
        self._snowflakes = snowflakes

    def routes(self) -> list[ApiRoute]:
        """The operations of this module."""
        channel = "/channels/{channel_id}"
        table = (
            ("POST", f"{channel}/messages/{{message_id}}/threads", self._from_message, WRITING),
            ("POST", f"{channel}/threads", self._start, WRITING),
            ("PATCH", channel, self._change, WRITING),
            ("GET", f"{channel}/threads/archived/public", self._archived, READING),
            ("GET", "/guilds/{guild_id}/threads/active", self._active, READING),
            ("PUT", f"{channel}/thread-members/@me", self._join, WRITING),
            ("DELETE", f"{channel}/thread-members/@me", self._leave, WRITING),
        )
        return [ApiRoute(method=m, template=t, handler=h, limit=rl) for m, t, h, rl in table]

    async def _from_message(self, call: ApiCall) -> ApiAnswer:
        parent = self._parent(call)
        message = self._messages.get(call.path["message_id"])
        if message is None or message.only_for or message.channel_id != parent.id:
            raise unknown("Message")
        name, minutes = _checked_start(call.json_object(), STARTING)
        self._require(parent, Permission.CREATE_PUBLIC_THREADS)
        if message.id in self._world.threads:
            raise thread_exists()
        # The thread of a message has the message's id.
        thread = self._threads.start(
            parent, thread_id=message.id, name=name, auto_archive_minutes=minutes
        )
        message.body = message.body | {
            "flags": message.body["flags"] | HAS_THREAD,
            "thread": channel_json(thread),
        }
        self._messages.changed(message)
        self._note(thread.id, THREAD_STARTER, reply_fields(message))
        return self._started(thread)

    async def _start(self, call: ApiCall) -> ApiAnswer:
        parent = self._parent(call)
        body = call.json_object()
        name, minutes = _checked_start(body, STARTING | words("type invitable"))
        kind = PRIVATE if body.get("type") is None else body["type"]
        self._require(
            parent,
            Permission.CREATE_PUBLIC_THREADS
            if kind == PUBLIC
            else Permission.CREATE_PRIVATE_THREADS,
        )
        if kind != PUBLIC:
            raise wrong_channel_type()
        thread = self._threads.start(
            parent, thread_id=self._snowflakes.next(), name=name, auto_archive_minutes=minutes
        )
        reference = {"type": 0, "channel_id": thread.id, "guild_id": thread.guild_id}
        self._note(parent.id, THREAD_CREATED, {"content": name, "message_reference": reference})
        return self._started(thread)

    async def _change(self, call: ApiCall) -> ApiAnswer:
        channel = self._channel(call)
        if not isinstance(channel, Thread):
            self._require(channel, Permission.MANAGE_CHANNELS)
            raise wrong_channel_type()
        body = call.json_object()
        errors = FormErrors()
        check_known_keys(errors, (), body, CHANGING)
        check_text(errors, (), body, "name", at_most=NAME_MAX_CHARACTERS, at_least=1)
        _check_minutes(errors, body)
        errors.raise_if_any()
        wanted = {key: value for key, value in body.items() if value is not None}
        if wanted.get("locked") or channel.owner_id != self._world.bot_user.id:
            self._require(channel, Permission.MANAGE_THREADS)
        if channel.archived and wanted.get("archived") is not False:
            if set(wanted) - {"archived"}:
                raise thread_archived()
            return ApiAnswer(body=channel_json(channel))
        names = {"name": "name", "archived": "archived"} | {
            "auto_archive_duration": "auto_archive_minutes"
        }
        changes = {names[key]: value for key, value in wanted.items() if key in names}
        return ApiAnswer(body=channel_json(self._threads.change(channel, **changes)))

    async def _archived(self, call: ApiCall) -> ApiAnswer:
        parent = self._parent(call)
        self._require(parent, Permission.READ_MESSAGE_HISTORY)
        found = [
            thread
            for thread in self._world.threads_of(parent.guild_id)
            if thread.parent_id == parent.id and thread.archived
        ]
        found.sort(key=lambda thread: thread.archive_changed_at, reverse=True)
        return ApiAnswer(body=self._listed(found) | {"has_more": False})

    async def _active(self, call: ApiCall) -> ApiAnswer:
        guild = self._world.guild(call.path["guild_id"])
        if guild is None:
            raise unknown("Guild")
        found = [thread for thread in self._world.threads_of(guild.id) if not thread.archived]
        return ApiAnswer(body=self._listed(found) | {"has_more": False})

    async def _join(self, call: ApiCall) -> ApiAnswer:
        thread = self._thread(call)
        if thread.archived:
            raise thread_archived()
        self._threads.change(thread, joined_at=thread.joined_at or thread.started_at)
        return ApiAnswer()

    async def _leave(self, call: ApiCall) -> ApiAnswer:
        thread = self._thread(call)
        if thread.archived:
            raise thread_archived()
        self._threads.change(thread, joined_at=None)
        return ApiAnswer()

    def _listed(self, threads: list[Thread]) -> JsonObject:
        bot_id = self._world.bot_user.id
        joined = [thread for thread in threads if thread.joined_at is not None]
        return {
            "threads": [channel_json(thread) for thread in threads],
            "members": [thread_member_json(thread, bot_id) for thread in joined],
        }

    def _started(self, thread: Thread) -> ApiAnswer:
        member = thread_member_json(thread, self._world.bot_user.id)
        return ApiAnswer(body=channel_json(thread) | {"member": member}, status=201)

    def _note(self, channel_id: str, message_type: int, fields: JsonObject) -> None:
        """A message that Discord itself puts there."""
        written = self._composer.notice(
            channel_id=channel_id, message_type=message_type, fields=fields
        )
        self._messages.add(StoredMessage(body=written))

    def _channel(self, call: ApiCall) -> Channel:
        channel = self._world.channel(call.path["channel_id"])
        if channel is None:
            raise unknown("Channel")
        self._require(channel, Permission.VIEW_CHANNEL)
        return channel

    def _parent(self, call: ApiCall) -> Channel:
        channel = self._channel(call)
        if isinstance(channel, Thread):
            raise wrong_channel_type()
        return channel

    def _thread(self, call: ApiCall) -> Thread:
        channel = self._channel(call)
        if not isinstance(channel, Thread):
            raise wrong_channel_type()
        return channel

    def _require(self, channel: Channel, needed: Permission) -> None:
        guild = self._world.guild_of(channel)
        held = permissions_in_channel(guild, channel, self._world.bot_user.id)
        if not held & Permission.VIEW_CHANNEL:
            raise missing_access()
        if held & needed != needed:
            raise missing_permissions()


def _checked_start(body: JsonObject, known: frozenset[str]) -> tuple[str, int]:
    """Name and minutes until it rests. Raises ApiError 50035."""
    errors = FormErrors()
    check_known_keys(errors, (), body, known)
    check_text(errors, (), body, "name", at_most=NAME_MAX_CHARACTERS, at_least=1, required=True)
    _check_minutes(errors, body)
    errors.raise_if_any()
    return str(body["name"]), body.get("auto_archive_duration") or DEFAULT_ARCHIVE_MINUTES


def _check_minutes(errors: FormErrors, body: JsonObject) -> None:
    minutes: Any = body.get("auto_archive_duration")
    if minutes is not None and minutes not in ARCHIVE_MINUTES:
        listed = ", ".join(str(one) for one in ARCHIVE_MINUTES)
        errors.add(
            ("auto_archive_duration",), "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}."
        )
