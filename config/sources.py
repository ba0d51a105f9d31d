"""Where settings come from: environment variables and one TOML file, each key checked."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

PREFIX = "REELROOM_"
CONFIG_VARIABLE = "REELROOM_CONFIG"
DEFAULT_FILE = Path("reelroom.toml")
# Names that hosting platforms and other bots use; the REELROOM_ name wins where both are set.
ALIASES = {
    "DISCORD_TOKEN": ("discord", "token"),
    "DISCORD_TOKEN_FILE": ("discord", "token_file"),
    "DATABASE_URL": ("storage", "database_url"),
}


@dataclass
class Collected:
    """What the sources gave, later ones over earlier ones."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """By group and name."""
    origins: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """What to call a setting when its value is wrong: a variable, or a key of the file."""
    problems: list[str] = field(default_factory=list[str])

    def put(self, group: str, name: str, value: object, origin: str) -> None:
        """Take a value, over an earlier one."""
        self.values.setdefault(group, {})[name] = value
        self.origins[group, name] = origin

    def drop(self, group: str, name: str) -> None:
        """Forget a value, if there is one."""
        self.values.get(group, {}).pop(name, None)

    def describe(self, error: ErrorDetails) -> str:
        """One readable line for an error that validation found; it never quotes the value."""
        location = [str(part) for part in error["loc"]]
        origin = self.origins.get((location[0], location[1])) if len(location) > 1 else None
        if origin is None:
            origin = ".".join(location)
        elif len(location) > 2:
            origin += f" ({'.'.join(location[2:])})"
        return f"{origin}: {error['msg'].removeprefix('Value error, ')}"


def collect(
    settings: type[BaseSettings], environment: Mapping[str, str], file: Path | None
) -> Collected:
    """Everything the file and the environment say, with what is wrong about the keys themselves.

    Without `file` it is the one that REELROOM_CONFIG names, else ./reelroom.toml if it exists.
    """
    collected = Collected()
    known = dict(known_settings(settings))
    path = file or _configured_file(environment)
    if path is not None:
        _take_file(collected, path, known)
    _take_environment(collected, settings, environment, known)
    return collected


def known_settings(settings: type[BaseSettings]) -> Iterator[tuple[str, frozenset[str]]]:
    """Each group with the names in it."""
    for group, group_field in settings.model_fields.items():
        model = cast("type[BaseModel]", group_field.annotation)
        yield group, frozenset(model.model_fields)


def variable_name(group: str, name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{group.upper()}__{name.upper()}"


def _configured_file(environment: Mapping[str, str]) -> Path | None:
    if named := environment.get(CONFIG_VARIABLE):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def _take_file(collected: Collected, path: Path, known: Mapping[str, frozenset[str]]) -> None:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        collected.problems.append(f"{path}: {error.strerror}")
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        collected.problems.append(f"{path}: not valid TOML: {error}")
        return
    for group, table in tables.items():
        if group not in known:
            collected.problems.append(f"{path}: [{group}] is unknown{_nearest(group, known)}")
        elif not isinstance(table, dict):
            collected.problems.append(f"{path}: {group} must be a table, [{group}]")
        else:
            for name, value in cast("dict[str, object]", table).items():
                key = f"{group}.{name}"
                if name in known[group]:
                    collected.put(group, name, value, f"{path}: {key}")
                else:
                    hint = _nearest(name, known[group])
                    collected.problems.append(f"{path}: {key} is unknown{hint}")


def _take_environment(
    collected: Collected,
    settings: type[BaseSettings],
    environment: Mapping[str, str],
    known: Mapping[str, frozenset[str]],
) -> None:
    variables = {variable_name(g, n): (g, n) for g, names in known.items() for n in names}
    given = {name: value for name, value in environment.items() if value.strip()}
    for variable in sorted(given):
        ours = variable.startswith(PREFIX) and variable != CONFIG_VARIABLE
        if ours and variable not in variables:
            collected.problems.append(f"{variable} is unknown{_nearest(variable, variables)}")
    # A token in the environment, in whichever form, replaces a token in the file.
    token_settings = {("discord", "token"), ("discord", "token_file")}
    if any((ALIASES | variables).get(variable) in token_settings for variable in given):
        for group, name in token_settings:
            collected.drop(group, name)
    for variable, (group, name) in [*ALIASES.items(), *variables.items()]:
        if variable not in given:
            continue
        try:
            value = _OneVariable(settings, variable_name(group, name), given[variable]).value()
        except SettingsError:
            collected.problems.append(f'{variable}: must be JSON, such as ["a", "b"]')
        else:
            collected.put(group, name, value[group][name], variable)


class _OneVariable(EnvSettingsSource):
    """pydantic-settings' reading of a single variable, not of the process's environment."""

    def __init__(self, settings: type[BaseSettings], variable: str, text: str) -> None:
        self._variable = {variable.lower(): text}
        super().__init__(settings, env_prefix=PREFIX, env_nested_delimiter="__")

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._variable

    def value(self) -> dict[str, dict[str, Any]]:
        """By group and name. Raises SettingsError if a list or mapping is not JSON."""
        return self()


def _nearest(word: str, words: Mapping[str, object] | frozenset[str]) -> str:
    nearest = difflib.get_close_matches(word, list(words), n=1, cutoff=0.8)
    return f"; did you mean {nearest[0]}?" if nearest else ""
