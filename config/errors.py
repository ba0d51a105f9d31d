"""Every error of configuration.

ConfigError
├── InvalidSettings        with everything that is wrong, one line each
├── TokenMissing           no token was given anywhere
└── TokenFileUnreadable    the file that should hold it
"""

from pathlib import Path


class ConfigError(Exception):
    """The configuration cannot be used."""


class InvalidSettings(ConfigError):
    """Some settings are wrong or unknown; `problems` has a readable line for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class TokenMissing(ConfigError):
    """No Discord token: neither directly nor as a file."""

    def __init__(self) -> None:
        super().__init__("no Discord token: set DISCORD_TOKEN_FILE or DISCORD_TOKEN")


class TokenFileUnreadable(ConfigError):
    """The file that should hold the Discord token does not."""

    def __init__(self, *, path: Path, reason: str) -> None:
        super().__init__(f"cannot read the Discord token from {path}: {reason}")
        self.path = path
        self.reason = reason
