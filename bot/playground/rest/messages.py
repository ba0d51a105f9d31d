"""Messages of channels, written with the bot's token."""

from datetime import datetime, timedelta
from typing import Any, cast

from bot.playground.clock import Clock
from bot.playground.composing import Composer, Files
from bot.playground.errors import (
    FormErrors,
    cannot_message_user,
    edit_by_another,
    missing_access,
    missing_permissions,
    thread_archived,
    unknown,
)
from bot.playground.json_types import JsonObject
from bot.playground.messages import COMPONENTS_V2, Messages, StoredMessage
from bot.playground.permissions import Permission, permissions_in_channel, to_send_in
from bot.playground.rate_limits import RouteLimit
from bot.playground.rest.api import ApiAnswer, ApiCall, ApiRoute
from bot.playground.rules.messages import check_message
from bot.playground.world import World

NONCE_LIVES = timedelta(minutes=5)
REPLY = 19
MESSAGES = "/channels/{channel_id}/messages"
ONE = "/channels/{channel_id}/messages/{message_id}"


class MessageRoutes:
    """Post, read, edit, delete, with the permissions that each needs."""

    def __init__(self, world: World, messages: Messages, composer: Composer, clock: Clock) -> None:
        self._world = world
        self._messages = messages
        self._composer = composer
        self._clock = clock
        self._nonces: dict[tuple[str, str], tuple[str, datetime]] = {}

    def routes(self) -> list[ApiRoute]:
        """The operations of this module."""
        table = (
            ("GET", MESSAGES, self._list, RouteLimit(name="list", requests=10, per_seconds=5.0)),
            ("POST", MESSAGES, self._post, RouteLimit(name="post", requests=5, per_seconds=5.0)),
            ("GET", ONE, self._get, RouteLimit(name="get", requests=20, per_seconds=1.0)),
            ("PATCH", ONE, self._edit, RouteLimit(name="edit", requests=5, per_seconds=5.0)),
            ("DELETE", ONE, self._delete, RouteLimit(name="delete", requests=5, per_seconds=1.0)),
            (
                "POST",
                "/channels/{channel_id}/typing",
                self._typing,
                RouteLimit(name="typing", requests=5, per_seconds=5.0),
            ),
        )
        return [ApiRoute(method=m, template=t, handler=h, limit=rl) for m, t, h, rl in table]

    async def _list(self, call: ApiCall) -> ApiAnswer:
        channel_id = self._require(call, Permission.VIEW_CHANNEL)
        if not self._may(channel_id, Permission.READ_MESSAGE_HISTORY):
            return ApiAnswer(body=[])
        visible = [m for m in self._messages.in_channel(channel_id) if m.only_for is None]
        visible.sort(key=lambda message: int(message.id))
        found = _page(visible, call)
        return ApiAnswer(body=[message.body for message in reversed(found)])

    async def _post(self, call: ApiCall) -> ApiAnswer:
        channel = self._world.channel(call.path["channel_id"])
        needed = Permission.SEND_MESSAGES if channel is None else to_send_in(channel)
        if call.files:
            needed |= Permission.ATTACH_FILES
        channel_id = self._require(call, needed)
        direct = self._world.direct_channels.get(channel_id)
        if direct is not None and direct.recipient_id in self._world.closed_to_direct:
            raise cannot_message_user()
        body = call.json_object()
        check_message(body, "channel", file_indexes=call.files)
        again = self._sent_before(channel_id, body)
        if again is not None:
            return ApiAnswer(body=again.body)
        message = self._write(channel_id, body, call.files)
        self._messages.add(message)
        if body.get("nonce") is not None:
            self._nonces[channel_id, str(body["nonce"])] = message.id, self._clock.now()
        return ApiAnswer(body=message.body)

    def _write(self, channel_id: str, body: JsonObject, files: Files) -> StoredMessage:
        if body.get("embeds") and not self._may(channel_id, Permission.EMBED_LINKS):
            # Discord drops the embeds of whoever may not embed; it does not refuse them.
            body = body | {"embeds": []}
        extra = self._reply_to(channel_id, cast(Any, body.get("message_reference")))
        written = self._composer.write(
            channel_id=channel_id,
            body=body,
            files=files,
            message_type=REPLY if "referenced_message" in extra else 0,
            extra=extra,
        )
        return StoredMessage(body=written)

    async def _get(self, call: ApiCall) -> ApiAnswer:
        self._require(call, Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY)
        return ApiAnswer(body=self._message(call).body)

    async def _edit(self, call: ApiCall) -> ApiAnswer:
        self._require(call, Permission.VIEW_CHANNEL)
        message = self._message(call)
        if message.body["author"]["id"] != self._world.bot_user.id:
            raise edit_by_another()
        thread = self._world.threads.get(message.channel_id)
        if thread is not None and thread.archived:
            raise thread_archived()
        body = call.json_object()
        was_v2 = bool(message.body["flags"] & COMPONENTS_V2)
        check_message(body, "channel_edit", file_indexes=call.files, was_v2=was_v2)
        self._composer.rewrite(message, body, call.files)
        self._messages.changed(message)
        return ApiAnswer(body=message.body)

    async def _delete(self, call: ApiCall) -> ApiAnswer:
        channel_id = self._require(call, Permission.VIEW_CHANNEL)
        message = self._message(call)
        own = message.body["author"]["id"] == self._world.bot_user.id
        if not own and not self._may(channel_id, Permission.MANAGE_MESSAGES):
            raise missing_permissions()
        self._messages.delete(message)
        return ApiAnswer()

    async def _typing(self, call: ApiCall) -> ApiAnswer:
        self._require(call, Permission.SEND_MESSAGES)
        return ApiAnswer()

    def _require(self, call: ApiCall, needed: Permission) -> str:
        """The channel's id. Raises ApiError 10003, 50001 or 50013."""
        channel_id = call.path["channel_id"]
        if self._world.channel(channel_id) is None and (
            channel_id not in self._world.direct_channels
        ):
            raise unknown("Channel")
        if not self._may(channel_id, Permission.VIEW_CHANNEL):
            raise missing_access()
        if not self._may(channel_id, needed):
            raise missing_permissions()
        return channel_id

    def _may(self, channel_id: str, needed: Permission) -> bool:
        channel = self._world.channel(channel_id)
        if channel is None:
            return True
        guild = self._world.guild_of(channel)
        held = permissions_in_channel(guild, channel, self._world.bot_user.id)
        return held & needed == needed

    def _message(self, call: ApiCall) -> StoredMessage:
        """A message that the bot's token can reach: ephemeral ones it cannot."""
        message = self._messages.get(call.path["message_id"])
        if (
            message is None
            or message.only_for is not None
            or message.channel_id != call.path["channel_id"]
        ):
            raise unknown("Message")
        return message

    def _sent_before(self, channel_id: str, body: JsonObject) -> StoredMessage | None:
        """The message of an earlier request with this nonce, if it is to be enforced."""
        if not body.get("enforce_nonce") or body.get("nonce") is None:
            return None
        now = self._clock.now()
        self._nonces = {k: v for k, v in self._nonces.items() if now - v[1] < NONCE_LIVES}
        known = self._nonces.get((channel_id, str(body["nonce"])))
        return self._messages.get(known[0]) if known else None

    def _reply_to(self, channel_id: str, reference: Any) -> JsonObject:
        if not isinstance(reference, dict):
            return {}
        wanted = cast(JsonObject, reference)
        target = self._messages.get(str(wanted.get("message_id")))
        if target is None or target.only_for is not None or target.channel_id != channel_id:
            if wanted.get("fail_if_not_exists") is False:
                return {}
            errors = FormErrors()
            errors.add(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            errors.raise_if_any()
            return {}
        return reply_fields(target)


def reply_fields(target: StoredMessage) -> JsonObject:
    """What makes a message a reply to `target`."""
    reference = {"type": 0, "channel_id": target.channel_id, "message_id": target.id}
    original = {k: v for k, v in target.body.items() if k != "referenced_message"}
    return {"message_reference": reference, "referenced_message": original}


def _page(messages: list[StoredMessage], call: ApiCall) -> list[StoredMessage]:
    """One page, oldest first. Raises ApiError 50035 for a limit outside 1-100."""
    limit = call.query.get("limit", "50")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        errors = FormErrors()
        errors.add(("limit",), "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
        errors.raise_if_any()
    count = int(limit)
    if "after" in call.query:
        return [m for m in messages if int(m.id) > int(call.query["after"])][:count]
    if "around" in call.query:
        middle = int(call.query["around"])
        before = [m for m in messages if int(m.id) < middle][-(count // 2) :]
        return (before + [m for m in messages if int(m.id) >= middle])[:count]
    if "before" in call.query:
        messages = [m for m in messages if int(m.id) < int(call.query["before"])]
    return messages[-count:]
