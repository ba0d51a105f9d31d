"""Registration of application commands, global and for one guild."""

from collections.abc import Callable
from typing import Any, cast

from bot.playground.errors import ApiError, FormErrors, invalid_json, unknown
from bot.playground.json_types import JsonObject
from bot.playground.rate_limits import RouteLimit
from bot.playground.registry import CommandRegistry, Scope
from bot.playground.rest.api import ApiAnswer, ApiCall, ApiRoute
from bot.playground.rules.commands import check_command
from bot.playground.rules.localizations import DEFAULT_LOCALE, in_language_of
from bot.playground.world import World

WRITING = RouteLimit(name="commands", requests=5, per_seconds=20.0)
READING = RouteLimit(name="commands-read", requests=20, per_seconds=1.0)


class CommandRoutes:
    """Both families of routes; `on_change` is told the scope that changed."""

    def __init__(
        self, world: World, registry: CommandRegistry, on_change: Callable[[Scope], None]
    ) -> None:
        self._world = world
        self._registry = registry
        self._on_change = on_change

    def routes(self) -> list[ApiRoute]:
        """The operations of this module."""
        table = (
            ("GET", "", self._list, READING),
            ("PUT", "", self._replace_all, WRITING),
            ("POST", "", self._put, WRITING),
            ("GET", "/{command_id}", self._get, READING),
            ("PATCH", "/{command_id}", self._edit, WRITING),
            ("DELETE", "/{command_id}", self._delete, WRITING),
        )
        families = (
            "/applications/{application_id}/commands",
            "/applications/{application_id}/guilds/{guild_id}/commands",
        )
        return [
            ApiRoute(method=method, template=family + tail, handler=handler, limit=limit)
            for family in families
            for method, tail, handler, limit in table
        ]

    async def _list(self, call: ApiCall) -> ApiAnswer:
        commands = self._registry.of(self._scope(call))
        if call.query.get("with_localizations", "").lower() not in ("true", "1"):
            commands = [in_language_of(command, DEFAULT_LOCALE) for command in commands]
        return ApiAnswer(body=commands)

    async def _replace_all(self, call: ApiCall) -> ApiAnswer:
        scope = self._scope(call)
        commands = self._registry.replace_all(scope, _command_list(call.body))
        self._on_change(scope)
        return ApiAnswer(body=commands)

    async def _put(self, call: ApiCall) -> ApiAnswer:
        scope, wanted = self._scope(call), _command(call.body)
        check_command(wanted)
        command, is_new = self._registry.put(scope, wanted)
        self._on_change(scope)
        return ApiAnswer(body=command, status=201 if is_new else 200)

    async def _get(self, call: ApiCall) -> ApiAnswer:
        return ApiAnswer(body=self._registry.get(self._scope(call), call.path["command_id"]))

    async def _edit(self, call: ApiCall) -> ApiAnswer:
        scope = self._scope(call)
        changes = _command(call.body)
        command = self._registry.edit(scope, call.path["command_id"], changes)
        self._on_change(scope)
        return ApiAnswer(body=command)

    async def _delete(self, call: ApiCall) -> ApiAnswer:
        scope = self._scope(call)
        self._registry.delete(scope, call.path["command_id"])
        self._on_change(scope)
        return ApiAnswer()

    def _scope(self, call: ApiCall) -> Scope:
        if call.path["application_id"] != self._world.application_id:
            raise ApiError(403, 20012, "You are not authorized to perform this action")
        guild_id = call.path.get("guild_id")
        if guild_id is not None and self._world.guild(guild_id) is None:
            raise unknown("Guild")
        return guild_id


def _command(body: Any) -> JsonObject:
    if not isinstance(body, dict):
        raise invalid_json()
    return cast(JsonObject, body)


def _command_list(body: Any) -> list[JsonObject]:
    if not isinstance(body, list):
        raise invalid_json()
    errors = FormErrors()
    for index, command in enumerate(cast(list[Any], body)):
        if not isinstance(command, dict):
            errors.add(
                (index,), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType"
            )
    errors.raise_if_any()
    return cast(list[JsonObject], body)
