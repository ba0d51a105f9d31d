"""The schema's revisions: which exist, which one a file is at, how to get to the newest."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).parent / "migrations"


def newest_revision() -> str:
    """The revision that this code needs."""
    newest = _scripts().get_current_head()
    if newest is None:
        raise RuntimeError(f"no migration in {_MIGRATIONS}")
    return newest


def is_known(revision: str) -> bool:
    """Whether a migration to this revision came with this code."""
    return any(script.revision == revision for script in _scripts().walk_revisions())


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run every missing migration up to this one inside the caller's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
