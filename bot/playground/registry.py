"""The commands that the bot registered: global ones and those of single guilds."""

from datetime import datetime, timedelta

from bot.playground.clock import Clock
from bot.playground.errors import ApiError, unknown
from bot.playground.json_types import JsonObject
from bot.playground.permissions import permissions_in_guild
from bot.playground.rules.commands import check_command_set
from bot.playground.snowflakes import Snowflakes
from bot.playground.world import Guild

CREATES_A_DAY = 200
Scope = str | None
"""A guild's id, or None for the global commands."""


class CommandRegistry:
    """Keeps commands by scope; an id stays with its name and type, as on Discord."""

    def __init__(self, application_id: str, snowflakes: Snowflakes, clock: Clock) -> None:
        self._application_id = application_id
        self._snowflakes = snowflakes
        self._clock = clock
        self._commands: dict[Scope, list[JsonObject]] = {None: []}
        self._created_at: dict[Scope, list[datetime]] = {}
        self._permitted: set[tuple[str, str]] = set()

    def of(self, scope: Scope) -> list[JsonObject]:
        """The commands of one scope."""
        return self._commands.get(scope, [])

    def get(self, scope: Scope, command_id: str) -> JsonObject:
        """One command. Raises ApiError 10063."""
        for command in self.of(scope):
            if command["id"] == command_id:
                return command
        raise unknown("application command")

    def replace_all(self, scope: Scope, wanted: list[JsonObject]) -> list[JsonObject]:
        """Make `wanted` the commands of a scope. Raises ApiError for what breaks a rule."""
        check_command_set(wanted)
        existing = {_key(command): command for command in self.of(scope)}
        fresh = [command for command in wanted if _key(command) not in existing]
        self._count_creates(scope, len(fresh))
        self._commands[scope] = [
            self._registered(command, scope, existing.get(_key(command))) for command in wanted
        ]
        return self.of(scope)

    def put(self, scope: Scope, wanted: JsonObject) -> tuple[JsonObject, bool]:
        """Create or overwrite one command; also says whether it is new."""
        before = self.of(scope)
        others = [command for command in before if _key(command) != _key(wanted)]
        after = self.replace_all(scope, [_as_request(command) for command in others] + [wanted])
        return after[-1], len(others) == len(before)

    def edit(self, scope: Scope, command_id: str, changes: JsonObject) -> JsonObject:
        """Change one command. Raises ApiError 10063 or 50035."""
        old = self.get(scope, command_id)
        wanted = _as_request(old) | changes
        position = self.of(scope).index(old)
        requests = [_as_request(command) for command in self.of(scope)]
        requests[position] = wanted
        check_command_set(requests)
        self.of(scope)[position] = self._registered(wanted, scope, old)
        return self.of(scope)[position]

    def delete(self, scope: Scope, command_id: str) -> None:
        """Take one command away. Raises ApiError 10063."""
        self.of(scope).remove(self.get(scope, command_id))

    def permit(self, command_name: str, user_id: str) -> None:
        """Let a member use a command whatever its default permissions say.

        It is what a server's administrator can set under Integrations on Discord.
        """
        self._permitted.add((command_name, user_id))

    def usable_in(self, guild: Guild, user_id: str) -> list[tuple[JsonObject, bool]]:
        """The commands of a guild and whether this member may use each."""
        own = {_key(command): command for command in self.of(guild.id)}
        shared = [command for command in self.of(None) if _key(command) not in own]
        return [
            (command, self._may_use(command, guild, user_id))
            for command in [*shared, *own.values()]
        ]

    def _may_use(self, command: JsonObject, guild: Guild, user_id: str) -> bool:
        if (command["name"], user_id) in self._permitted:
            return True
        needed = command["default_member_permissions"]
        if needed is None:
            return True
        held = permissions_in_guild(guild, user_id)
        return int(needed) != 0 and held & int(needed) == int(needed)

    def _registered(self, command: JsonObject, scope: Scope, old: JsonObject | None) -> JsonObject:
        needed = command.get("default_member_permissions")
        registered: JsonObject = {
            "id": old["id"] if old else self._snowflakes.next(),
            "application_id": self._application_id,
            "version": self._snowflakes.next(),
            "type": command.get("type") or 1,
            "name": command["name"],
            "name_localizations": command.get("name_localizations"),
            "description": command.get("description") or "",
            "description_localizations": command.get("description_localizations"),
            "default_member_permissions": None if needed is None else str(needed),
            "dm_permission": command.get("dm_permission") is not False,
            "contexts": command.get("contexts"),
            "integration_types": command.get("integration_types") or [0],
            "nsfw": bool(command.get("nsfw")),
        }
        if command.get("options"):
            registered["options"] = [_without_nulls(option) for option in command["options"]]
        if scope is not None:
            registered["guild_id"] = scope
        return registered

    def _count_creates(self, scope: Scope, fresh: int) -> None:
        day_ago = self._clock.now() - timedelta(days=1)
        created = [moment for moment in self._created_at.get(scope, []) if moment > day_ago]
        if len(created) + fresh > CREATES_A_DAY:
            raise ApiError(
                400, 30034, "Max number of daily application command creates has been reached (200)"
            )
        self._created_at[scope] = created + [self._clock.now()] * fresh


def _key(command: JsonObject) -> tuple[int, str]:
    return command.get("type") or 1, command["name"]


def _as_request(command: JsonObject) -> JsonObject:
    return {
        key: value
        for key, value in command.items()
        if key not in ("application_id", "version", "guild_id")
    }


def _without_nulls(node: JsonObject) -> JsonObject:
    kept = {key: value for key, value in node.items() if value is not None}
    for key in ("options", "choices"):
        if key in kept:
            kept[key] = [_without_nulls(child) for child in kept[key]]
    return kept
