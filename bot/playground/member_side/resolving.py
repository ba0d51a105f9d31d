"""The objects that an interaction refers to by id: uploads, users, roles, channels."""

from typing import Any

from bot.playground.attachments import AttachmentStore, UploadedFile
from bot.playground.discord_json import (
    member_json,
    partial_channel_json,
    role_json,
    user_json,
)
from bot.playground.json_types import JsonObject
from bot.playground.member_side.options import refuse
from bot.playground.permissions import permissions_in_channel
from bot.playground.rules.commands import ATTACHMENT
from bot.playground.world import Channel, DirectChannel, Guild, World

USER, CHANNEL, ROLE, MENTIONABLE = 6, 7, 8, 9


class Resolved:
    """Collects the `resolved` part of one interaction."""

    def __init__(
        self,
        world: World,
        attachments: AttachmentStore,
        guild: Guild | None,
        channel: Channel | DirectChannel,
        files: dict[int, UploadedFile],
    ) -> None:
        self._world = world
        self._attachments = attachments
        self._guild = guild
        self._channel = channel
        self._files = files
        self.body: JsonObject = {}

    def option(self, kind: int, value: Any, name: str) -> str:
        """The id behind an option's value. Raises ApiError 400 when there is nothing."""
        if kind == ATTACHMENT:
            return self.upload(value, name)
        if kind == USER:
            return self.user(str(value), name)
        if kind == CHANNEL:
            return self.channel(str(value), name)
        if kind == ROLE:
            return self.role(str(value), name)
        is_user = str(value) in self._in_guild()[0].members
        return self.user(str(value), name) if is_user else self.role(str(value), name)

    def upload(self, value: Any, name: str) -> str:
        """Keep the file that `value`, its index, stands for."""
        index = int(value) if str(value).isdigit() else -1
        file = self._files.get(index)
        if file is None:
            raise refuse(f"“{name}” needs a file.")
        attachment = self._attachments.keep(self._channel.id, file) | {"ephemeral": True}
        self.body.setdefault("attachments", {})[attachment["id"]] = attachment
        return str(attachment["id"])

    def user(self, user_id: str, name: str) -> str:
        """A member of the guild."""
        guild, here = self._in_guild()
        user = self._world.user(user_id)
        if user is None or user_id not in guild.members:
            raise refuse(f"“{name}” must be a member of this server.")
        permissions = permissions_in_channel(guild, here, user_id)
        partial = member_json(guild, user) | {"permissions": str(permissions)}
        for key in ("user", "deaf", "mute"):
            del partial[key]
        self.body.setdefault("users", {})[user_id] = user_json(user)
        self.body.setdefault("members", {})[user_id] = partial
        return user_id

    def role(self, role_id: str, name: str) -> str:
        """A role of the guild."""
        guild, _ = self._in_guild()
        role = next((one for one in guild.roles if one.id == role_id), None)
        if role is None:
            raise refuse(f"“{name}” must be a role of this server.")
        self.body.setdefault("roles", {})[role_id] = role_json(role)
        return role_id

    def channel(self, channel_id: str, name: str) -> str:
        """A channel of the guild."""
        guild, _ = self._in_guild()
        channel = self._world.channel(channel_id)
        if channel is None or channel.guild_id != guild.id:
            raise refuse(f"“{name}” must be a channel of this server.")
        shown = partial_channel_json(guild, channel, self._world.bot_user.id)
        self.body.setdefault("channels", {})[channel_id] = shown
        return channel_id

    def _in_guild(self) -> tuple[Guild, Channel]:
        if self._guild is None or isinstance(self._channel, DirectChannel):
            raise refuse("There are no members, roles or channels in a direct conversation.")
        return self._guild, self._channel
