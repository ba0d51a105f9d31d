"""Turns a checked request body into a message, or changes a message by one."""

import re
from dataclasses import dataclass, field
from typing import Any, cast

from bot.playground.attachments import AttachmentStore, UploadedFile, safe_filename
from bot.playground.clock import Clock
from bot.playground.discord_json import timestamp, user_json
from bot.playground.errors import FormErrors, empty_message
from bot.playground.json_types import JsonObject
from bot.playground.messages import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SUPPRESS_EMBEDS,
    StoredMessage,
)
from bot.playground.showing import shown_components, shown_embed
from bot.playground.snowflakes import Snowflakes
from bot.playground.world import World

SETTABLE_BY_EDIT = SUPPRESS_EMBEDS | COMPONENTS_V2
Files = dict[int, UploadedFile]
"""The `files[n]` parts of a request by their n."""


@dataclass(kw_only=True)
class _Attached:
    """A message's attachments, and the names by which `attachment://` may refer to them."""

    kept: list[JsonObject] = field(default_factory=list[JsonObject])
    by_name: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])

    def add(self, attachment: JsonObject, *names: str) -> None:
        self.kept.append(attachment)
        for name in (attachment["filename"], *names):
            self.by_name[str(name)] = attachment


class Composer:
    """Writes messages in the name of the bot."""

    def __init__(
        self, world: World, attachments: AttachmentStore, snowflakes: Snowflakes, clock: Clock
    ) -> None:
        self._world = world
        self._attachments = attachments
        self._snowflakes = snowflakes
        self._clock = clock

    def write(
        self,
        *,
        channel_id: str,
        body: JsonObject,
        files: Files,
        message_type: int = 0,
        extra: JsonObject | None = None,
    ) -> JsonObject:
        """A new message. Raises ApiError 50006 when there is nothing to show."""
        flags = int(body.get("flags") or 0)
        message: JsonObject = self._blank(channel_id, message_type, flags)
        message |= extra or {}
        if body.get("nonce") is not None:
            message["nonce"] = body["nonce"]
        self._fill(message, body, files)
        return message

    def placeholder(
        self, *, channel_id: str, flags: int, message_type: int, extra: JsonObject
    ) -> JsonObject:
        """The "is thinking" message of a deferred answer."""
        return self._blank(channel_id, message_type, flags | LOADING) | extra

    def notice(self, *, channel_id: str, message_type: int, fields: JsonObject) -> JsonObject:
        """A message that Discord itself puts there, such as that a thread was started."""
        return self._blank(channel_id, message_type, 0) | fields

    def rewrite(self, message: StoredMessage, body: JsonObject, files: Files) -> None:
        """Change the parts of a message that `body` names.

        Attachments that `attachments` does not list are removed; without that key they stay
        and files are added. Raises ApiError 50006 when nothing would remain.
        """
        changed = dict(message.body)
        was_loading = message.loading
        flags = body.get("flags")
        if flags is not None:
            keep = changed["flags"] & ~SUPPRESS_EMBEDS
            changed["flags"] = keep | (int(flags) & SETTABLE_BY_EDIT)
        changed["flags"] &= ~LOADING
        self._fill(changed, body, files)
        if not was_loading:
            changed["edited_timestamp"] = timestamp(self._clock.now())
        message.body = changed

    def _blank(self, channel_id: str, message_type: int, flags: int) -> JsonObject:
        return {
            "id": self._snowflakes.next(),
            "channel_id": channel_id,
            "type": message_type,
            "content": "",
            "author": user_json(self._world.bot_user),
            "timestamp": timestamp(self._clock.now()),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "flags": flags,
        }

    def _fill(self, message: JsonObject, body: JsonObject, files: Files) -> None:
        attached = self._attach(message, body, files)
        if "content" in body:
            message["content"] = (body["content"] or "").strip()
            message["mentions"] = self._mentions(message["content"], body.get("allowed_mentions"))
        if "embeds" in body:
            message["embeds"] = [
                shown_embed(embed, attached.by_name)
                for embed in cast(list[JsonObject], body["embeds"] or [])
            ]
        if "components" in body:
            components = cast(list[JsonObject], body["components"] or [])
            message["components"] = shown_components(components, attached.by_name)
        used_in_embeds = {
            embed[key].get("url")
            for embed in message["embeds"]
            for key in ("image", "thumbnail")
            if key in embed
        }
        # An attachment that an embed shows is not listed a second time.
        message["attachments"] = [a for a in attached.kept if a["url"] not in used_in_embeds]
        if message["flags"] & COMPONENTS_V2:
            _check_nothing_legacy_remains(message)
        if not any(message[key] for key in ("content", "embeds", "attachments", "components")):
            raise empty_message()

    def _attach(self, message: JsonObject, body: JsonObject, files: Files) -> _Attached:
        listed = cast(list[JsonObject] | None, body.get("attachments"))
        existing = {str(a["id"]): a for a in cast(list[JsonObject], message["attachments"])}
        attached = _Attached()
        described: dict[int, JsonObject] = {}
        errors = FormErrors()
        if "attachments" not in body:
            for attachment in existing.values():
                attached.add(attachment)
        for index, entry in enumerate(listed or []):
            number = str(entry["id"])
            if number in existing:
                attached.add(existing[number])
            elif int(number) in files:
                described[int(number)] = entry
            else:
                errors.add(
                    ("attachments", index, "id"),
                    "ATTACHMENT_NOT_FOUND",
                    "No such file in this request or on this message",
                )
        if len(attached.kept) + len(files) > 10:
            errors.add(("attachments",), "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
        errors.raise_if_any()
        for index, upload in sorted(files.items()):
            attachment = self._attachments.keep(
                str(message["channel_id"]), upload, described.get(index)
            )
            if message["flags"] & EPHEMERAL:
                attachment["ephemeral"] = True
            attached.add(attachment, upload.filename, safe_filename(upload.filename))
        return attached

    def _mentions(self, content: str, allowed: Any) -> list[JsonObject]:
        rules = cast(JsonObject, allowed) if isinstance(allowed, dict) else {"parse": ["users"]}
        anybody = "users" in (rules.get("parse") or [])
        some = {str(i) for i in rules.get("users") or []}
        found = dict.fromkeys(re.findall(r"<@!?(\d+)>", content))
        users = [self._world.user(i) for i in found if anybody or i in some]
        return [user_json(user) for user in users if user]


def _check_nothing_legacy_remains(message: JsonObject) -> None:
    errors = FormErrors()
    for key in ("content", "embeds"):
        if message[key]:
            errors.add(
                (key,),
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )
    errors.raise_if_any()
