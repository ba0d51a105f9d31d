"""What members do: use commands, press components, submit modals, ask for completions.

Every act becomes one INTERACTION_CREATE for the bot.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, cast

from bot.playground.attachments import AttachmentStore, UploadedFile
from bot.playground.clock import Clock
from bot.playground.discord_json import (
    direct_channel_json,
    member_json,
    partial_channel_json,
    user_json,
)
from bot.playground.gateway.sessions import Sessions
from bot.playground.interactions import (
    ACKNOWLEDGE_WITHIN_SECONDS,
    CallbackType,
    Interaction,
    Interactions,
    InteractionType,
)
from bot.playground.json_types import JsonObject
from bot.playground.member_side.events import MemberEvents
from bot.playground.member_side.modals import check_selection, submitted_components
from bot.playground.member_side.options import (
    check_options,
    focused_option,
    refuse,
    spoken_name,
)
from bot.playground.member_side.resolving import Resolved
from bot.playground.messages import Messages, StoredMessage
from bot.playground.permissions import Permission, permissions_in_channel
from bot.playground.registry import CommandRegistry
from bot.playground.rules.components import BUTTON, STRING_SELECT, walk
from bot.playground.world import Channel, DirectChannel, Guild, User, World

BOT_DM = 1
"""The context of an interaction in the bot's conversation with a member."""
IN_CONVERSATIONS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
)
SELECT_KINDS = {5: 6, 6: 8, 7: 9, 8: 7}
"""Select component type -> the option type whose values it holds."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Who acts, and where: `guild` is None in the conversation of the bot and one member.

    `locale` is the language of their client.
    """

    user: User
    guild: Guild | None
    channel: Channel | DirectChannel
    locale: str

    def in_guild(self) -> tuple[Guild, Channel]:
        """Raises ApiError 400 in a direct conversation."""
        if self.guild is None or isinstance(self.channel, DirectChannel):
            raise refuse("Here only the buttons and forms of the bot's messages work.")
        return self.guild, self.channel


@dataclass(frozen=True, kw_only=True)
class _OpenModal:
    interaction: Interaction
    definition: JsonObject


class MemberActs:
    """Checks an act, opens the interaction, sends it to the bot, tells the member how it ended."""

    def __init__(
        self,
        *,
        world: World,
        registry: CommandRegistry,
        messages: Messages,
        attachments: AttachmentStore,
        interactions: Interactions,
        sessions: Sessions,
        events: MemberEvents,
        clock: Clock,
        attachment_limit_bytes: int,
    ) -> None:
        self._world = world
        self._registry = registry
        self._messages = messages
        self._attachments = attachments
        self._interactions = interactions
        self._sessions = sessions
        self._events = events
        self._clock = clock
        self._attachment_limit_bytes = attachment_limit_bytes
        self._modals: dict[tuple[str, str], _OpenModal] = {}
        self._completions: dict[str, asyncio.Future[list[JsonObject]]] = {}

    def use_command(
        self, place: Place, data: JsonObject, files: dict[int, UploadedFile]
    ) -> Interaction:
        """A slash command. Raises ApiError 400/403/404 with a sentence for the member."""
        command = self._command(place, data)
        resolved = self._resolved(place, files)
        options = check_options(command, data, resolved.option)
        sent = _command_data(command, options, resolved)
        return self._open(InteractionType.COMMAND, place, sent, name=spoken_name(sent))

    async def complete(self, place: Place, data: JsonObject) -> list[JsonObject]:
        """The bot's suggestions for the focused option. Raises ApiError 408 after 3 s."""
        command = self._command(place, data)
        if not focused_option(command, data).get("autocomplete"):
            raise refuse("This option has no suggestions.")
        resolved = self._resolved(place, {})
        options = check_options(command, data, resolved.option, drafting=True)
        sent = _command_data(command, options, resolved)
        future: asyncio.Future[list[JsonObject]] = asyncio.get_running_loop().create_future()
        interaction = self._open(InteractionType.AUTOCOMPLETE, place, sent)
        self._completions[interaction.id] = future
        expire = self._clock.call_later(ACKNOWLEDGE_WITHIN_SECONDS, lambda: _give_up(future))
        try:
            return await future
        except asyncio.CancelledError:
            if not future.cancelled():
                raise
            raise refuse("Loading suggestions failed.", status=408) from None
        finally:
            expire.cancel()
            del self._completions[interaction.id]

    def use_component(self, place: Place, message_id: str, data: JsonObject) -> Interaction:
        """A button or a select. Raises ApiError 400/404."""
        message = self._messages.get(message_id)
        if message is None or message.only_for not in (None, place.user.id):
            raise refuse("This message does not exist.", status=404)
        component = self._component(message, data)
        sent: JsonObject = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component["id"],
        }
        if component["type"] != BUTTON:
            chosen = [str(one) for one in cast(list[Any], data.get("values") or [])]
            label = str(component.get("placeholder") or "This menu")
            sent["values"] = check_selection(component, label, chosen)
            if component["type"] != STRING_SELECT:
                resolved = self._resolved(place, {})
                for value in chosen:
                    resolved.option(SELECT_KINDS[component["type"]], value, label)
                sent["resolved"] = resolved.body
        return self._open(InteractionType.COMPONENT, place, sent, source=message)

    def submit_modal(
        self, place: Place, data: JsonObject, files: dict[int, UploadedFile]
    ) -> Interaction:
        """A filled modal. Raises ApiError 400/404."""
        key = place.user.id, str(data.get("custom_id"))
        modal = self._modals.get(key)
        if modal is None:
            raise refuse("This form is not open.", status=404)
        resolved = self._resolved(place, files)
        sent: JsonObject = {
            "custom_id": modal.definition["custom_id"],
            "components": submitted_components(modal.definition, data.get("components"), resolved),
        }
        if resolved.body:
            sent["resolved"] = resolved.body
        del self._modals[key]
        cause = modal.interaction
        source = self._messages.get(cause.source_message_id or "")
        return self._open(InteractionType.MODAL_SUBMIT, place, sent, source=source, cause=cause)

    def answered(self, interaction: Interaction, answer: CallbackType, data: JsonObject) -> None:
        """The bot has answered: tell the member who waits."""
        if answer is CallbackType.CHOICES:
            future = self._completions.get(interaction.id)
            if future is not None and not future.done():
                future.set_result(cast(list[JsonObject], data["choices"]))
            return
        user_id = interaction.user.id
        about: JsonObject = {"interaction_id": interaction.id, "channel_id": interaction.channel_id}
        self._events.publish("INTERACTION_ACKNOWLEDGED", about, only_for=user_id)
        if answer is CallbackType.MODAL:
            self._modals[user_id, str(data["custom_id"])] = _OpenModal(
                interaction=interaction, definition=data
            )
            self._events.publish("MODAL", about | data, only_for=user_id)

    def unanswered(self, interaction: Interaction) -> None:
        """3 seconds have passed without an answer."""
        if interaction.type is not InteractionType.AUTOCOMPLETE:
            self._fail(interaction)

    def expired(self, interaction: Interaction) -> None:
        """15 minutes have passed: a placeholder that nobody filled has failed."""
        original = self._messages.get(interaction.original_message_id or "")
        if original is not None and original.loading:
            self._fail(interaction, message_id=original.id)

    def _fail(self, interaction: Interaction, **more: str) -> None:
        failure: JsonObject = {
            "interaction_id": interaction.id,
            "channel_id": interaction.channel_id,
            "reason": "The application did not respond",
        }
        self._events.publish("INTERACTION_FAILED", failure | more, only_for=interaction.user.id)

    def _command(self, place: Place, data: JsonObject) -> JsonObject:
        for command, permitted in self._registry.usable_in(place.in_guild()[0], place.user.id):
            if command["id"] == str(data.get("id")) and command["type"] == 1:
                if not permitted:
                    raise refuse("You do not have permission to use this command.", status=403)
                return command
        raise refuse("This command is outdated or does not exist; try again.", status=404)

    def _component(self, message: StoredMessage, data: JsonObject) -> JsonObject:
        for component in walk(cast(list[Any], message.body["components"])):
            if component.get("custom_id") == data.get("custom_id"):
                if component.get("disabled"):
                    raise refuse("This control is disabled.")
                if data.get("component_type") not in (None, component["type"]):
                    raise refuse("This control is of another type.")
                return component
        raise refuse("This message has no such control.", status=404)

    def _resolved(self, place: Place, files: dict[int, UploadedFile]) -> Resolved:
        return Resolved(self._world, self._attachments, place.guild, place.channel, files)

    def _open(
        self,
        kind: InteractionType,
        place: Place,
        data: JsonObject,
        *,
        name: str = "",
        source: StoredMessage | None = None,
        cause: Interaction | None = None,
    ) -> Interaction:
        interaction = self._interactions.open(
            kind=kind,
            user=place.user,
            guild_id=place.guild.id if place.guild else None,
            channel_id=place.channel.id,
            data=data,
            spoken_name=name,
            source_message_id=source.id if source else None,
            cause=cause,
        )
        self._sessions.dispatch("INTERACTION_CREATE", self._event(interaction, place, source))
        return interaction

    def _event(
        self, interaction: Interaction, place: Place, source: StoredMessage | None
    ) -> JsonObject:
        event: JsonObject = {
            "id": interaction.id,
            "application_id": self._world.application_id,
            "type": int(interaction.type),
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": place.channel.id,
            "locale": place.locale,
            "entitlements": [],
            "attachment_size_limit": self._attachment_limit_bytes,
        }
        if isinstance(place.channel, DirectChannel):
            event |= self._of_conversation(place.user, place.channel)
        else:
            event |= self._of_guild(place.user, *place.in_guild())
        if source is not None:
            event["message"] = source.body
        return event

    def _of_conversation(self, user: User, channel: DirectChannel) -> JsonObject:
        """What an interaction carries in the bot's conversation with a member."""
        return {
            "channel": direct_channel_json(channel, self._world),
            "user": user_json(user),
            "app_permissions": str(IN_CONVERSATIONS),
            "authorizing_integration_owners": {"0": "0"},
            "context": BOT_DM,
        }

    def _of_guild(self, user: User, guild: Guild, channel: Channel) -> JsonObject:
        bot_may = permissions_in_channel(guild, channel, self._world.bot_user.id)
        member_may = permissions_in_channel(guild, channel, user.id)
        return {
            "guild_id": guild.id,
            "guild": {"id": guild.id, "locale": guild.preferred_locale, "features": []},
            "guild_locale": guild.preferred_locale,
            "channel": partial_channel_json(guild, channel, user.id),
            "member": member_json(guild, user) | {"permissions": str(member_may)},
            # In answers to interactions the application may always attach files and embeds.
            "app_permissions": str(bot_may | Permission.EMBED_LINKS | Permission.ATTACH_FILES),
            "authorizing_integration_owners": {"0": guild.id},
            "context": 0,
        }


def _give_up(future: asyncio.Future[list[JsonObject]]) -> None:
    future.cancel()


def _command_data(command: JsonObject, options: list[JsonObject], resolved: Resolved) -> JsonObject:
    data: JsonObject = {"id": command["id"], "name": command["name"], "type": command["type"]}
    if options:
        data["options"] = options
    if resolved.body:
        data["resolved"] = resolved.body
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data
