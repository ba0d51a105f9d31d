"""Settings, as the person who runs the bot gives them."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url

from config.errors import InvalidSettings, TokenFileUnreadable, TokenMissing
from config.settings import Settings
from storage.sqlite import sqlite_file

SECRET = "MTIzNDU2Nzg5.a-secret-token"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the bot is started: without a reelroom.toml unless the test writes one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems_of(env: dict[str, str], file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(InvalidSettings) as invalid:
        Settings.load(env, file)
    assert str(invalid.value) == "\n".join(invalid.value.problems)
    return invalid.value.problems


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_needs_to_be_set() -> None:
    settings = Settings.load({})
    assert settings == Settings()
    assert settings.storage.database_url == "sqlite+aiosqlite:///data/reelroom.db"
    assert settings.storage.media_folder == Path("data/media")
    assert settings.generation.enabled_models == ("pocket",)
    assert settings.web.host == "127.0.0.1"


def test_variables_set_what_they_name() -> None:
    settings = Settings.load(
        {
            "REELROOM_CREDITS__DAILY_ALLOWANCE": "7",
            "REELROOM_DISCORD__SYNC_GUILD_IDS": "[900000000000000001]",
            "REELROOM_GENERATION__MODEL_FOLDERS": '{"ltx-video": "/models/ltx"}',
            "REELROOM_GENERATION__STEP_TIMEOUT_SECONDS": "1.5",
            "REELROOM_LOGGING__FORMAT": "json",
            "PATH": "/bin",
        }
    )
    assert settings.credits.daily_allowance == 7
    assert settings.discord.sync_guild_ids == (900000000000000001,)
    assert settings.generation.model_folders == {"ltx-video": Path("/models/ltx")}
    assert settings.generation.step_timeout_seconds == 1.5
    assert settings.logging.format == "json"


def test_an_empty_variable_is_not_set() -> None:
    assert Settings.load({"REELROOM_CREDITS__DAILY_ALLOWANCE": "", "DISCORD_TOKEN": " "}) == (
        Settings()
    )


def test_the_file_in_the_folder_is_read(empty_folder: Path) -> None:
    write(empty_folder / "reelroom.toml", "[credits]\ndaily_allowance = 5\n")
    assert Settings.load({}).credits.daily_allowance == 5


def test_another_file_can_be_named(empty_folder: Path) -> None:
    write(empty_folder / "reelroom.toml", "[credits]\ndaily_allowance = 5\n")
    other = write(empty_folder / "other.toml", "[credits]\ndaily_allowance = 6\n")
    assert Settings.load({"REELROOM_CONFIG": str(other)}).credits.daily_allowance == 6
    assert Settings.load({}, other).credits.daily_allowance == 6


def test_variables_win_over_the_file_setting_by_setting(empty_folder: Path) -> None:
    write(
        empty_folder / "reelroom.toml",
        "[limits]\nnarration_scenes = 5\nimage_bytes = 1000\n"
        '[storage]\ndata_folder = "/srv/data"\n',
    )
    settings = Settings.load({"REELROOM_LIMITS__IMAGE_BYTES": "2000"})
    assert (settings.limits.narration_scenes, settings.limits.image_bytes) == (5, 2000)
    assert settings.storage.database_url == "sqlite+aiosqlite:////srv/data/reelroom.db"


def test_common_names_are_understood_and_ours_win() -> None:
    url = "sqlite+aiosqlite:////srv/a.db"
    assert Settings.load({"DATABASE_URL": url}).storage.database_url == url
    ours = {"DATABASE_URL": url, "REELROOM_STORAGE__DATABASE_URL": url.replace("a.db", "b.db")}
    assert Settings.load(ours).storage.database_url.endswith("b.db")


@pytest.mark.parametrize("name", ["plain", "with space", "50% #1?", "ünï"])
def test_the_database_lies_in_the_data_folder_whatever_it_is_called(name: str) -> None:
    settings = Settings.load({"REELROOM_STORAGE__DATA_FOLDER": f"/srv/{name}"})
    assert sqlite_file(make_url(settings.storage.database_url)) == Path(f"/srv/{name}/reelroom.db")


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("REELROOM_CREDITS__DAILY_ALOWANCE", "; did you mean REELROOM_CREDITS__DAILY_ALLOWANCE?"),
        ("REELROOM_CREDITS__ZZZ", ""),
        ("REELROOM_QWERTY", ""),
        ("REELROOM_CREDITS", ""),
    ],
)
def test_an_unknown_variable_is_an_error(variable: str, hint: str) -> None:
    assert problems_of({variable: "1"}) == (f"{variable} is unknown{hint}",)


def test_unknown_keys_of_the_file_are_errors(empty_folder: Path) -> None:
    file = write(
        empty_folder / "a.toml", "credits = 3\n[limit]\n[limits]\nimage_byte = 1\n[web]\nport = 1\n"
    )
    assert problems_of({}, file) == (
        f"{file}: credits must be a table, [credits]",
        f"{file}: [limit] is unknown; did you mean limits?",
        f"{file}: limits.image_byte is unknown; did you mean image_bytes?",
        f"{file}: web.port is unknown",
    )


def test_all_that_is_wrong_is_said_at_once_with_where_it_was_said(empty_folder: Path) -> None:
    file = write(empty_folder / "a.toml", "[limits]\nimage_bytes = 0\n")
    env = {
        "REELROOM_WEB__HEALTH_PORT": "65536",
        "REELROOM_GENERATION__ENABLED_MODELS": "pocket,ltx",
        "REELROOM_GENERATION__DEVICE": "tpu",
        "REELROOM_DISCORD__SYNC_GUILD_IDS": '["x"]',
    }
    found = problems_of(env, file)
    assert [line.partition(": ")[0] for line in found] == [
        "REELROOM_GENERATION__ENABLED_MODELS",
        "REELROOM_DISCORD__SYNC_GUILD_IDS (0)",
        str(file),
        "REELROOM_GENERATION__DEVICE",
        "REELROOM_WEB__HEALTH_PORT",
    ]
    assert "less than or equal to 65535" in found[-1]


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon"])
def test_a_timeout_is_a_positive_number_of_seconds(value: str) -> None:
    assert len(problems_of({"REELROOM_GENERATION__JOB_TIMEOUT_SECONDS": value})) == 1


def test_the_default_model_must_be_enabled() -> None:
    assert problems_of({"REELROOM_GENERATION__DEFAULT_MODEL": "ltx-video"}) == (
        "generation: default_model 'ltx-video' is not among enabled_models",
    )


def test_another_server_than_discords_is_named_whole() -> None:
    api = {"REELROOM_DISCORD__API_URL": "http://127.0.0.1:8080"}
    assert problems_of(api) == (
        "discord: api_url and gateway_url are given together or not at all",
    )
    settings = Settings.load(api | {"REELROOM_DISCORD__GATEWAY_URL": "ws://127.0.0.1:8080/gateway"})
    assert settings.discord.api_url == "http://127.0.0.1:8080"


def test_a_file_that_cannot_be_read_is_an_error(empty_folder: Path) -> None:
    missing = empty_folder / "missing.toml"
    assert problems_of({"REELROOM_CONFIG": str(missing)}) == (
        f"{missing}: No such file or directory",
    )
    broken = write(empty_folder / "broken.toml", "[credits\n")
    assert problems_of({}, broken)[0].startswith(f"{broken}: not valid TOML: ")


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.credits.daily_allowance = 3  # type: ignore[misc]


def test_the_processes_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELROOM_CREDITS__DAILY_ALLOWANCE", "9")
    assert Settings.load().credits.daily_allowance == 9
    assert Settings().credits.daily_allowance == 100


class TestToken:
    """The one setting that must not be seen."""

    def test_it_comes_from_the_environment_or_from_a_file(self, empty_folder: Path) -> None:
        file = write(empty_folder / "token", f"{SECRET}\n")
        for env in ({"DISCORD_TOKEN": SECRET}, {"DISCORD_TOKEN_FILE": str(file)}):
            token = Settings.load(env).discord.read_token()
            assert token.get_secret_value() == SECRET

    def test_the_environments_replaces_the_files(self, empty_folder: Path) -> None:
        file = write(empty_folder / "token", SECRET)
        config = write(empty_folder / "a.toml", '[discord]\ntoken = "an old one"\n')
        settings = Settings.load({"DISCORD_TOKEN_FILE": str(file)}, config)
        assert settings.discord.read_token().get_secret_value() == SECRET

    def test_it_is_never_shown(self, empty_folder: Path) -> None:
        settings = Settings.load({"DISCORD_TOKEN": SECRET})
        assert SECRET not in f"{settings!r} {settings} {settings.model_dump()}"
        config = write(empty_folder / "a.toml", f'[discord]\ntoken = ["{SECRET}"]\n')
        assert SECRET not in " ".join(problems_of({}, config))

    def test_without_one_the_way_to_give_it_is_said(self) -> None:
        with pytest.raises(TokenMissing, match="DISCORD_TOKEN_FILE"):
            Settings().discord.read_token()

    @pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe\x00"])
    def test_a_file_without_a_token_is_named(
        self, empty_folder: Path, content: bytes | None
    ) -> None:
        file = empty_folder / "token"
        if content is not None:
            file.write_bytes(content)
        settings = Settings.load({"DISCORD_TOKEN_FILE": str(file)})
        with pytest.raises(TokenFileUnreadable) as unreadable:
            settings.discord.read_token()
        assert unreadable.value.path == file


def test_weights_are_given_by_id(empty_folder: Path) -> None:
    write(empty_folder / "reelroom.toml", "[fairness.user_weights]\n900000000000000002 = 0.5\n")
    settings = Settings.load(
        {"REELROOM_FAIRNESS__GUILD_WEIGHTS": '{"900000000000000001": 2}'},
    )
    assert settings.fairness.guild_weights == {900000000000000001: 2.0}
    assert settings.fairness.user_weights == {900000000000000002: 0.5}


@pytest.mark.parametrize("weights", ['{"1": 0}', '{"1": -1}', '{"here": 1}'])
def test_an_impossible_weight_is_named(weights: str) -> None:
    (problem,) = problems_of({"REELROOM_FAIRNESS__GUILD_WEIGHTS": weights})
    assert "guild_weights" in problem.lower()
