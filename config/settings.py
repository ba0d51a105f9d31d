"""Every setting, with its default. `docs/configuration.md` lists them for people.

A setting comes from, the first that has it: an environment variable `REELROOM_<GROUP>__<NAME>`;
for three of them a name that hosting platforms use (`DISCORD_TOKEN`, `DISCORD_TOKEN_FILE`,
`DATABASE_URL`); the TOML file that `REELROOM_CONFIG` names, else `reelroom.toml` where it is
run; the default. A key nobody knows is an error, not a silent default.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.errors import InvalidSettings, TokenFileUnreadable, TokenMissing
from config.sources import collect

Credits = Annotated[int, Field(ge=0, le=1_000_000_000)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=0, le=65535)]
ModelId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class Group(BaseModel):
    """Settings that belong together: one table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DiscordSettings(Group):
    """How the bot logs in."""

    token: SecretStr | None = Field(
        default=None, description="The bot's token. Prefer `token_file`."
    )
    token_file: Path | None = Field(
        default=None, description="A file that holds the bot's token and nothing else."
    )
    sync_guild_ids: tuple[int, ...] = Field(
        default=(),
        description="Servers that get the commands at once; "
        "with none, they are registered globally.",
    )
    api_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]+$",
        description="Another server that speaks Discord's API, without the path, such as "
        "`http://127.0.0.1:8080`; none is Discord itself.",
    )
    gateway_url: str | None = Field(
        default=None,
        pattern=r"^wss?://.+$",
        description="The gateway of that server, such as `ws://127.0.0.1:8080/gateway`.",
    )

    @model_validator(mode="after")
    def _server_is_named_whole(self) -> "DiscordSettings":
        if (self.api_url is None) != (self.gateway_url is None):
            raise ValueError("api_url and gateway_url are given together or not at all")
        return self

    def read_token(self) -> SecretStr:
        """The token, from its file unless given directly.

        Raises TokenMissing, TokenFileUnreadable.
        """
        if self.token is not None:
            return self.token
        if self.token_file is None:
            raise TokenMissing()
        try:
            token = self.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenFileUnreadable(path=self.token_file, reason=str(error)) from error
        if not token:
            raise TokenFileUnreadable(path=self.token_file, reason="it is empty")
        return SecretStr(token)


class StorageSettings(Group):
    """Where things are remembered."""

    data_folder: Path = Field(
        default=Path("data"), description="The folder of the database and the clips; it must exist."
    )
    database_url: str = Field(
        default_factory=lambda fields: _database_in(fields.get("data_folder", Path("data"))),
        description="The database, as `sqlite+aiosqlite:///<file>` or "
        "`postgresql+asyncpg://<user>:<password>@<host>/<name>`.",
    )

    @property
    def media_folder(self) -> Path:
        """Where clips are kept; made when the first is."""
        return self.data_folder / "media"

    @property
    def exports_folder(self) -> Path:
        """What is being packed for members; empty while nothing is."""
        return self.data_folder / "exports"

    @property
    def peaks_file(self) -> Path:
        """What models were seen to need of the memory; made when the first has run."""
        return self.data_folder / "memory_peaks.json"

    @property
    def checks_file(self) -> Path:
        """Which models failed their last check on this machine; made when the first does."""
        return self.data_folder / "model_checks.json"


class CreditsSettings(Group):
    """What members may spend."""

    daily_allowance: Credits = Field(
        default=100,
        description="Credits a member is topped up to each day (UTC), "
        "where moderators set nothing else.",
    )
    preview_above: Credits = Field(
        default=100,
        description="What costs more credits is shown with its price before it is ordered, "
        "where moderators set nothing else.",
    )


class LimitsSettings(Group):
    """What is refused."""

    running_jobs_per_user: Count = Field(
        default=1, description="Jobs of one member that have a slot at the same time in a server."
    )
    waiting_jobs_per_user: Count = Field(
        default=4, description="Jobs one member may have waiting in a server."
    )
    waiting_jobs_per_guild: Count = Field(default=50, description="Jobs a server may have waiting.")
    image_bytes: Count = Field(
        default=10 * 1024 * 1024, description="The largest image file accepted, in bytes."
    )
    image_pixels: Count = Field(
        default=16_000_000,
        description="The largest image accepted, in pixels (width times height).",
    )
    video_bytes: Count = Field(
        default=25 * 1024 * 1024, description="The largest video file accepted, in bytes."
    )
    video_pixels: Count = Field(
        default=3_700_000,
        description="The largest frame of a video accepted, in pixels (width times height).",
    )
    video_seconds: Count = Field(default=20, description="The longest video accepted, in seconds.")
    narration_scenes: Count = Field(
        default=12, description="Scenes, which are sentences, of one story."
    )


class ArenaSettings(Group):
    """What the leaderboard shows."""

    least_votes: Count = Field(
        default=10,
        description="Models with fewer votes are not ranked on the leaderboard, only named.",
    )


class FairnessSettings(Group):
    """Whose turn it is."""

    slack_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=60.0,
        description="How far ahead of the least served one may be and still go first because the "
        "model is loaded; about the seconds of one long job.",
    )
    most_bypasses: Annotated[int, Field(ge=0)] = Field(
        default=8, description="How often that may happen to the job that is next in line."
    )
    guild_weights: Mapping[int, Weight] = Field(
        default={},
        description="Shares of servers, by id, where others have 1: with 2, twice the seconds.",
    )
    user_weights: Mapping[int, Weight] = Field(
        default={}, description="Shares of members among those of their server, by id."
    )


class GenerationSettings(Group):
    """How clips are made."""

    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto", description="Where models run; `auto` takes a GPU if there is one."
    )
    default_model: ModelId = Field(
        default="pocket", description="The model used when a command names none."
    )
    enabled_models: tuple[ModelId, ...] = Field(
        default=("pocket",), min_length=1, description="The models that members can choose."
    )
    accepted_licences: tuple[ModelId, ...] = Field(
        default=(),
        description="Models with a restricted licence that you have read and accept.",
    )
    catalogue_file: Path | None = Field(
        default=None,
        description="A TOML file with models of your own, and changes to those that ship.",
    )
    lock_file: Path = Field(
        default=Path("models.lock.json"),
        description="Revisions and hashes of downloaded models; "
        "`python -m bot models pull` writes it.",
    )
    model_folders: Mapping[ModelId, Path] = Field(
        default={}, description="Local folders to load models from, by model."
    )
    memory_share: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="How much of the GPU's memory (or of main memory, where there is no GPU) "
        "loaded models may take, all slots together.",
    )
    quantisation: Literal["none", "int8", "float8"] = Field(
        default="none",
        description="Eight-bit weights for a model that does not fit whole, where torchao is "
        "installed and the GPU is made for it; pictures differ a little.",
    )
    attention: Literal["native", "flash", "cudnn", "sage", "xformers"] = Field(
        default="native",
        description="What computes attention; `native` is torch's own, others than `cudnn` are "
        "packages to install.",
    )
    embedding_cache_bytes: Annotated[int, Field(ge=0)] = Field(
        default=256 * 1024 * 1024,
        description="Main memory for encoded prompts, all slots together; 0 keeps none.",
    )
    executor_slots: Count = Field(default=1, description="Jobs that run at the same time.")
    overlap_encoding: bool = Field(
        default=True,
        description="Whether a slot takes its next job while the last one's file is encoded, which "
        "needs no GPU but main memory for one more clip's pictures.",
    )
    job_timeout_seconds: Seconds = Field(
        default=900.0, description="After this long in one attempt a job is stopped."
    )
    step_timeout_seconds: Seconds = Field(
        default=120.0, description="After this long without progress the worker counts as hung."
    )
    max_attempts: Count = Field(
        default=3,
        description="How often a job is tried when the machinery fails it; "
        "one that takes its worker down twice is not tried again.",
    )
    grace_seconds: Seconds = Field(
        default=20.0,
        description="How long a running job may still take when the bot is told to stop.",
    )

    @model_validator(mode="after")
    def _default_is_enabled(self) -> "GenerationSettings":
        if self.default_model not in self.enabled_models:
            raise ValueError(f"default_model {self.default_model!r} is not among enabled_models")
        return self


class DeliverySettings(Group):
    """How progress and clips reach the channel."""

    progress_interval_seconds: Annotated[Seconds, Field(ge=1)] = Field(
        default=3.0, description="The least time between two edits of a job card."
    )
    attachment_bytes: Count = Field(
        default=10 * 1024 * 1024,
        description="The largest clip to post, in bytes, where Discord does not say its limit.",
    )


class WebSettings(Group):
    """What is served over HTTP."""

    host: str = Field(default="127.0.0.1", min_length=1, description="The address to listen on.")
    health_port: Port = Field(
        default=0, description="The port of the health and metrics pages; 0 serves none."
    )


class LoggingSettings(Group):
    """What is logged, and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least level that is logged."
    )
    format: Literal["text", "json"] = Field(
        default="text", description="`text` for people, `json` for machines: one object a line."
    )


def _database_in(folder: Path) -> str:
    """The URL of the database in a folder, whose name may hold characters that mean more there."""
    return f"sqlite+aiosqlite:///{quote(str(folder / 'reelroom.db'))}"


class Settings(BaseSettings):
    """All settings. `Settings()` is the defaults; `Settings.load` asks environment and file."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    discord: DiscordSettings = Field(default_factory=DiscordSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    credits: CreditsSettings = Field(default_factory=CreditsSettings)
    limits: LimitsSettings = Field(default_factory=LimitsSettings)
    arena: ArenaSettings = Field(default_factory=ArenaSettings)
    fairness: FairnessSettings = Field(default_factory=FairnessSettings)
    generation: GenerationSettings = Field(default_factory=GenerationSettings)
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    web: WebSettings = Field(default_factory=WebSettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None, file: Path | None = None) -> "Settings":
        """Read the environment (`env` instead of the process's) and the TOML file.

        Raises InvalidSettings with everything that is wrong.
        """
        collected = collect(cls, os.environ if env is None else env, file)
        problems = list(collected.problems)
        try:
            settings = cls.model_validate(collected.values)
        except ValidationError as error:
            problems += [collected.describe(detail) for detail in error.errors()]
        else:
            if not problems:
                return settings
        raise InvalidSettings(tuple(problems)) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller passes: `load` has read the sources and checked their keys."""
        return (init_settings,)
