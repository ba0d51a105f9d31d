"""What the playground registers as a command, and what it refuses."""

from typing import Any

import pytest

from bot.playground.server import Playground
from tests.bot.playground.conftest import Enter
from tests.bot.playground.raw_bot import Json, RawBot

APPLICATION = "/applications/1100000000000000001"
STUDY_HALL = "1100000000000001000"


def command(name: str = "x", **more: Any) -> Json:
    return {"name": name, "description": "x"} | more


def option(name: str = "o", **more: Any) -> Json:
    return {"type": 3, "name": name, "description": "x"} | more


def choices(count: int) -> list[Json]:
    return [{"name": str(n), "value": str(n)} for n in range(count)]


REFUSED: list[tuple[str, list[Json], tuple[str | int, ...], str]] = [
    ("capitals", [command("Video")], (0, "name"), "APPLICATION_COMMAND_INVALID_NAME"),
    ("a space", [command("my video")], (0, "name"), "APPLICATION_COMMAND_INVALID_NAME"),
    ("33 characters", [command("x" * 33)], (0, "name"), "BASE_TYPE_MAX_LENGTH"),
    ("no description", [{"name": "x"}], (0, "description"), "BASE_TYPE_REQUIRED"),
    ("no name", [{"description": "x"}], (0, "name"), "BASE_TYPE_REQUIRED"),
    ("an unknown key", [command(nsfv=True)], (0, "nsfv"), "UNKNOWN_KEY"),
    (
        "an unknown key of an option",
        [command(options=[option(min=3)])],
        (0, "options", 0, "min"),
        "UNKNOWN_KEY",
    ),
    (
        "required after optional",
        [command(options=[option("a"), option("b", required=True)])],
        (0, "options", 1),
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
    ),
    (
        "an option twice",
        [command(options=[option("a"), option("a")])],
        (0, "options", 1, "name"),
        "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE",
    ),
    (
        "choices and autocomplete",
        [command(options=[option(choices=choices(1), autocomplete=True)])],
        (0, "options", 0, "autocomplete"),
        "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
    ),
    (
        "26 choices",
        [command(options=[option(choices=choices(26))])],
        (0, "options", 0, "choices"),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "a text as a number's choice",
        [command(options=[option(type=4, choices=choices(1))])],
        (0, "options", 0, "choices", 0, "value"),
        "BASE_TYPE_CONVERT",
    ),
    (
        "26 options",
        [command(options=[option(f"o{n}") for n in range(26)])],
        (0, "options"),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "a subcommand beside an option",
        [command(options=[option("a"), option("b", type=1)])],
        (0, "options"),
        "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
    ),
    (
        "an empty range",
        [command(options=[option(type=4, min_value=5, max_value=4)])],
        (0, "options", 0, "min_value"),
        "APPLICATION_COMMAND_OPTION_RANGE_INVALID",
    ),
    ("a name twice", [command(), command()], (1, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME"),
    (
        "8001 characters",
        [
            command(
                options=[
                    option("o", choices=[{"name": str(n), "value": "x" * 400} for n in range(20)])
                ]
            )
        ],
        (0,),
        "APPLICATION_COMMAND_TOO_LARGE",
    ),
]


@pytest.mark.parametrize(
    ("commands", "path", "word"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
async def test_a_command_that_breaks_a_rule_is_refused_where_it_breaks_it(
    bot: RawBot, commands: list[Json], path: tuple[str | int, ...], word: str
) -> None:
    answer = await bot.register(*commands)
    assert (answer.status, answer.code) == (400, 50035), answer.body
    assert answer.error_at(*path) == word


async def test_at_most_100_commands(bot: RawBot) -> None:
    assert (await bot.register(*(command(f"c{n}") for n in range(101)))).code == 30032
    assert (await bot.register(*(command(f"c{n}") for n in range(100)))).status == 200


async def test_at_most_200_new_commands_a_day(bot: RawBot) -> None:
    for start in (0, 100):
        answer = await bot.register(*(command(f"c{n}") for n in range(start, start + 100)))
        assert answer.status == 200
    assert (await bot.register(command("one-more"))).code == 30034


@pytest.mark.parametrize("name", ["imagine-video", "日本語", "बजाओ", "ภาพยนตร์", "it's_1"])
async def test_names_in_all_scripts_are_fine(bot: RawBot, name: str) -> None:
    assert (await bot.register(command(name))).status == 200


async def test_commands_are_kept_by_scope_and_keep_their_ids(bot: RawBot) -> None:
    first = (await bot.register(command("a"), command("b"))).body
    second = (await bot.register(command("b", options=[option()]))).body
    assert second[0]["id"] == first[1]["id"]
    assert second[0]["version"] != first[1]["version"]
    mine = await bot.register(command("c"), guild_id=STUDY_HALL)
    assert mine.body[0]["guild_id"] == STUDY_HALL
    listed = await bot.request("GET", f"{APPLICATION}/commands")
    assert [one["name"] for one in listed.body] == ["b"]


async def test_one_command_can_be_made_changed_and_deleted(bot: RawBot) -> None:
    path = f"{APPLICATION}/commands"
    made = await bot.request("POST", path, command("a"))
    assert made.status == 201
    again = await bot.request("POST", path, command("a", nsfw=True))
    assert (again.status, again.body["id"]) == (200, made.body["id"])
    one = f"{path}/{made.body['id']}"
    changed = await bot.request("PATCH", one, {"description": "y"})
    assert (changed.body["description"], changed.body["nsfw"]) == ("y", True)
    assert (await bot.request("GET", one)).body["description"] == "y"
    assert (await bot.request("DELETE", one)).status == 204
    assert (await bot.request("GET", one)).code == 10063


async def test_members_see_the_commands_of_their_guild(bot: RawBot, enter: Enter) -> None:
    await bot.register(command("shared"), command("both"))
    needs = str(1 << 5)
    await bot.register(command("both", default_member_permissions=needs), guild_id=STUDY_HALL)
    here, elsewhere = await enter("Ada"), await enter("Ada", guild="Film Club")
    assert [(c["name"], c["permitted"]) for c in await here.commands()] == [
        ("shared", True),
        ("both", False),
    ]
    assert [c["name"] for c in await elsewhere.commands()] == ["shared", "both"]


async def test_another_applications_commands_are_out_of_reach(
    bot: RawBot, playground: Playground
) -> None:
    answer = await bot.request("PUT", "/applications/123/commands", [])
    assert (answer.status, answer.code) == (403, 20012)
    nowhere = await bot.request("PUT", f"{APPLICATION}/guilds/123/commands", [])
    assert (nowhere.status, nowhere.code) == (404, 10004)
