"""Follow-ups and edits with an interaction's token, for 15 minutes."""

from bot.playground.composing import Composer
from bot.playground.errors import unknown
from bot.playground.interactions import Interaction, Interactions
from bot.playground.messages import COMPONENTS_V2, EPHEMERAL, Messages, StoredMessage
from bot.playground.rate_limits import RouteLimit
from bot.playground.rest.api import ApiAnswer, ApiCall, ApiRoute
from bot.playground.rest.interactions import interaction_fields
from bot.playground.rest.messages import REPLY, reply_fields
from bot.playground.rules.messages import check_message

WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
LIMIT = RouteLimit(name="webhook", requests=5, per_seconds=2.0)


class WebhookRoutes:
    """The application's webhook of each interaction."""

    def __init__(
        self,
        interactions: Interactions,
        messages: Messages,
        composer: Composer,
        application_id: str,
    ) -> None:
        self._interactions = interactions
        self._messages = messages
        self._composer = composer
        self._application_id = application_id

    def routes(self) -> list[ApiRoute]:
        """The operations of this module."""
        table = [("POST", WEBHOOK, self._follow_up)]
        for message in ("@original", "{message_id}"):
            table += [
                ("GET", f"{WEBHOOK}/messages/{message}", self._get),
                ("PATCH", f"{WEBHOOK}/messages/{message}", self._edit),
                ("DELETE", f"{WEBHOOK}/messages/{message}", self._delete),
            ]
        return [
            ApiRoute(method=m, template=t, handler=h, limit=LIMIT, of_interactions=True)
            for m, t, h in table
        ]

    async def _follow_up(self, call: ApiCall) -> ApiAnswer:
        interaction = self._interaction(call)
        body = call.json_object()
        check_message(body, "interaction", file_indexes=call.files)
        original = self._messages.get(interaction.original_message_id or "")
        if original is not None and original.loading:
            # The first follow-up of a deferred answer takes the placeholder's place.
            self._composer.rewrite(original, body, call.files)
            self._messages.changed(original)
            return ApiAnswer(body=original.body)
        extra = interaction_fields(interaction, self._application_id)
        if original is not None:
            extra |= reply_fields(original)
            extra["interaction_metadata"]["original_response_message_id"] = original.id
        written = self._composer.write(
            channel_id=interaction.channel_id,
            body=body,
            files=call.files,
            message_type=REPLY if original is not None else 0,
            extra=extra,
        )
        only_for = interaction.user.id if written["flags"] & EPHEMERAL else None
        message = StoredMessage(
            body=written, only_for=only_for, interaction_token=interaction.token
        )
        self._messages.add(message)
        return ApiAnswer(body=message.body)

    async def _get(self, call: ApiCall) -> ApiAnswer:
        return ApiAnswer(body=self._message(call).body)

    async def _edit(self, call: ApiCall) -> ApiAnswer:
        message = self._message(call)
        body = call.json_object()
        was_v2 = bool(message.body["flags"] & COMPONENTS_V2)
        check_message(body, "interaction_edit", file_indexes=call.files, was_v2=was_v2)
        self._composer.rewrite(message, body, call.files)
        self._messages.changed(message)
        return ApiAnswer(body=message.body)

    async def _delete(self, call: ApiCall) -> ApiAnswer:
        self._messages.delete(self._message(call))
        return ApiAnswer()

    def _interaction(self, call: ApiCall) -> Interaction:
        if call.path["webhook_id"] != self._application_id:
            raise unknown("Webhook")
        return self._interactions.by_token(call.path["webhook_token"])

    def _message(self, call: ApiCall) -> StoredMessage:
        """The message of the path. Raises ApiError 10008 unless it belongs to the interaction."""
        interaction = self._interaction(call)
        message_id = call.path.get("message_id") or interaction.original_message_id
        message = self._messages.get(message_id or "")
        if message is None:
            raise unknown("Message")
        own = message.interaction_token == interaction.token
        if not own and message.id != interaction.original_message_id:
            raise unknown("Message")
        return message
