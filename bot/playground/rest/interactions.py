"""The bot's answers to interactions: POST /interactions/{id}/{token}/callback."""

from collections.abc import Callable
from typing import Any, cast

from bot.playground.composing import Composer
from bot.playground.errors import FormErrors, unknown
from bot.playground.interactions import (
    CallbackType,
    Interaction,
    Interactions,
    InteractionType,
)
from bot.playground.json_types import JsonObject
from bot.playground.messages import COMPONENTS_V2, EPHEMERAL, Messages, StoredMessage
from bot.playground.rest.api import ApiAnswer, ApiCall, ApiRoute
from bot.playground.rest.messages import REPLY, reply_fields
from bot.playground.rules.fields import check_known_keys
from bot.playground.rules.messages import check_message
from bot.playground.rules.modals import check_modal

CHAT_INPUT_COMMAND = 20
DEFER_FLAGS = EPHEMERAL | 1 << 12
C, T = CallbackType, InteractionType
ALLOWED = {
    T.COMMAND: (C.MESSAGE, C.DEFERRED_MESSAGE, C.MODAL),
    T.COMPONENT: (C.MESSAGE, C.DEFERRED_MESSAGE, C.DEFERRED_UPDATE, C.UPDATE, C.MODAL),
    T.AUTOCOMPLETE: (C.CHOICES,),
    T.MODAL_SUBMIT: (C.MESSAGE, C.DEFERRED_MESSAGE, C.DEFERRED_UPDATE, C.UPDATE),
}


class CallbackRoutes:
    """Checks an answer, then lets it happen.

    `on_answer(interaction, callback type, data)` tells the member side.
    """

    def __init__(
        self,
        interactions: Interactions,
        messages: Messages,
        composer: Composer,
        application_id: str,
        on_answer: Callable[[Interaction, CallbackType, JsonObject], None],
    ) -> None:
        self._interactions = interactions
        self._messages = messages
        self._composer = composer
        self._application_id = application_id
        self._on_answer = on_answer

    def routes(self) -> list[ApiRoute]:
        """The operation of this module."""
        return [
            ApiRoute(
                method="POST",
                template="/interactions/{interaction_id}/{interaction_token}/callback",
                handler=self._callback,
                limit=None,
                of_interactions=True,
            )
        ]

    async def _callback(self, call: ApiCall) -> ApiAnswer:
        interaction = self._interactions.to_acknowledge(
            call.path["interaction_id"], call.path["interaction_token"]
        )
        body = call.json_object()
        answer = _callback_type(interaction, body)
        raw: Any = body.get("data")
        data = cast(JsonObject, raw) if isinstance(raw, dict) else {}
        message = self._carry_out(interaction, answer, data, call)
        self._interactions.acknowledge(interaction, answer)
        self._on_answer(interaction, answer, data)
        if call.query.get("with_response") not in ("1", "true", "True"):
            return ApiAnswer()
        return ApiAnswer(body=_receipt(interaction, answer, message))

    def _carry_out(
        self, interaction: Interaction, answer: CallbackType, data: JsonObject, call: ApiCall
    ) -> StoredMessage | None:
        if answer is C.MESSAGE:
            check_message(data, "interaction", file_indexes=call.files)
            return self._post(interaction, data, call)
        if answer is C.DEFERRED_MESSAGE:
            return self._think(interaction, data)
        if answer in (C.UPDATE, C.DEFERRED_UPDATE):
            source = self._source(interaction)
            interaction.original_message_id = source.id
            if answer is C.UPDATE:
                was_v2 = bool(source.body["flags"] & COMPONENTS_V2)
                check_message(data, "interaction_edit", file_indexes=call.files, was_v2=was_v2)
                self._composer.rewrite(source, data, call.files)
                self._messages.changed(source)
            return source
        if answer is C.MODAL:
            check_modal(data)
        else:
            _check_choices(data)
        return None

    def _post(self, interaction: Interaction, data: JsonObject, call: ApiCall) -> StoredMessage:
        written = self._composer.write(
            channel_id=interaction.channel_id,
            body=data,
            files=call.files,
            message_type=self._message_type(interaction),
            extra=self._answer_fields(interaction),
        )
        return self._add(interaction, written)

    def _think(self, interaction: Interaction, data: JsonObject) -> StoredMessage:
        errors = FormErrors()
        check_known_keys(errors, ("data",), data, frozenset(("flags",)))
        errors.raise_if_any()
        written = self._composer.placeholder(
            channel_id=interaction.channel_id,
            flags=int(data.get("flags") or 0) & DEFER_FLAGS,
            message_type=self._message_type(interaction),
            extra=self._answer_fields(interaction),
        )
        return self._add(interaction, written)

    def _add(self, interaction: Interaction, written: JsonObject) -> StoredMessage:
        only_for = interaction.user.id if written["flags"] & EPHEMERAL else None
        message = StoredMessage(
            body=written, only_for=only_for, interaction_token=interaction.token
        )
        interaction.original_message_id = message.id
        self._messages.add(message)
        return message

    def _message_type(self, interaction: Interaction) -> int:
        if interaction.type is T.COMMAND:
            return CHAT_INPUT_COMMAND
        return REPLY if self._replied_to(interaction) else 0

    def _answer_fields(self, interaction: Interaction) -> JsonObject:
        fields = interaction_fields(interaction, self._application_id)
        source = self._replied_to(interaction)
        return fields | reply_fields(source) if source else fields

    def _replied_to(self, interaction: Interaction) -> StoredMessage | None:
        if interaction.source_message_id is None:
            return None
        return self._messages.get(interaction.source_message_id)

    def _source(self, interaction: Interaction) -> StoredMessage:
        """The message whose component was used. Raises ApiError 10008 when it is gone."""
        source = self._replied_to(interaction)
        if source is None:
            raise unknown("Message")
        return source


def interaction_fields(interaction: Interaction, application_id: str) -> JsonObject:
    """What tells a client which interaction a message answers."""
    fields: JsonObject = {
        "webhook_id": application_id,
        "application_id": application_id,
        "interaction_metadata": interaction.metadata(),
    }
    if interaction.type is T.COMMAND:
        fields["interaction"] = {
            "id": interaction.id,
            "type": int(interaction.type),
            "name": interaction.spoken_name,
            "user": fields["interaction_metadata"]["user"],
        }
    return fields


def _callback_type(interaction: Interaction, body: JsonObject) -> CallbackType:
    allowed = ALLOWED[interaction.type]
    if interaction.source_message_id is None and interaction.type is T.MODAL_SUBMIT:
        allowed = (C.MESSAGE, C.DEFERRED_MESSAGE)
    wanted = body.get("type")
    errors = FormErrors()
    check_known_keys(errors, (), body, frozenset(("type", "data")))
    if wanted not in tuple(int(one) for one in allowed):
        listed = ", ".join(str(int(one)) for one in allowed)
        errors.add(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")
    errors.raise_if_any()
    return CallbackType(cast(int, wanted))


def _check_choices(data: JsonObject) -> None:
    errors = FormErrors()
    choices: Any = data.get("choices")
    if not isinstance(choices, list):
        errors.required(("data", "choices"))
    elif len(cast(list[Any], choices)) > 25:
        errors.add(("data", "choices"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    else:
        for index, choice in enumerate(cast(list[Any], choices)):
            name = cast(JsonObject, choice).get("name") if isinstance(choice, dict) else None
            if not isinstance(name, str) or not 1 <= len(name) <= 100:
                errors.add(
                    ("data", "choices", index, "name"),
                    "BASE_TYPE_BAD_LENGTH",
                    "Must be between 1 and 100 in length.",
                )
    errors.raise_if_any()


def _receipt(
    interaction: Interaction, answer: CallbackType, message: StoredMessage | None
) -> JsonObject:
    about: JsonObject = {
        "id": interaction.id,
        "type": int(interaction.type),
        "channel_id": interaction.channel_id,
    }
    if interaction.guild_id is not None:
        about["guild_id"] = interaction.guild_id
    receipt: JsonObject = {"interaction": about}
    if message is not None:
        about["response_message_id"] = message.id
        about["response_message_loading"] = message.loading
        about["response_message_ephemeral"] = message.only_for is not None
        if answer in (C.MESSAGE, C.UPDATE):
            receipt["resource"] = {"type": int(answer), "message": message.body}
    return receipt
