"""What the playground registers as a command, and what it refuses."""

from typing import Any

import aiohttp
import pytest

from bot.playground.member import Member
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


def wordy(count: int) -> list[Json]:
    """Choices of 170 characters each, in the longest of three languages."""
    names = {"de": "ä" * 100, "fr": "ê" * 90}
    return [
        {"name": str(n), "value": f"{n:070}", "name_localizations": names} for n in range(count)
    ]


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
    (
        "a language that Discord does not have",
        [command(description_localizations={"tlh": "x"})],
        (0, "description_localizations", "tlh"),
        "BASE_TYPE_CHOICES",
    ),
    (
        "a translation of 101 characters",
        [command(options=[option(description_localizations={"de": "x" * 101})])],
        (0, "options", 0, "description_localizations", "de"),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "an empty translation",
        [command(description_localizations={"de": ""})],
        (0, "description_localizations", "de"),
        "BASE_TYPE_REQUIRED",
    ),
    (
        "a translated name with a capital",
        [command(name_localizations={"de": "Bild"})],
        (0, "name_localizations", "de"),
        "APPLICATION_COMMAND_INVALID_NAME",
    ),
    (
        "translations that are no dictionary",
        [command(options=[option(choices=[{"name": "a", "value": "a", "name_localizations": 1}])])],
        (0, "options", 0, "choices", 0, "name_localizations"),
        "DICT_TYPE_CONVERT",
    ),
    (
        "8001 characters with the longest translation of each text",
        [command(options=[option("o", choices=wordy(25)), option("p", choices=wordy(25))])],
        (0,),
        "APPLICATION_COMMAND_TOO_LARGE",
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


def translated() -> Json:
    choice = {"name": "big", "value": "b", "name_localizations": {"de": "groß"}}
    size = option("size", choices=[choice], description_localizations={"de": "Wie groß"})
    return command("clip", options=[size], description_localizations={"de": "Ein Clip"})


async def test_of_a_text_and_its_translations_only_the_longest_counts(bot: RawBot) -> None:
    many = dict.fromkeys(("de", "fr", "nl", "it", "fi", "cs"), "x" * 100)
    options = [option(f"o{n}", description_localizations=many) for n in range(25)]
    assert (await bot.register(command("x", options=options))).status == 200


async def test_translations_are_listed_when_they_are_asked_for(bot: RawBot) -> None:
    registered = await bot.register(translated())
    assert registered.body[0]["description_localizations"] == {"de": "Ein Clip"}
    plain = await bot.request("GET", f"{APPLICATION}/commands")
    assert "description_localizations" not in plain.body[0]
    full = await bot.request("GET", f"{APPLICATION}/commands?with_localizations=true")
    assert full.body[0]["options"][0]["description_localizations"] == {"de": "Wie groß"}


async def test_a_member_reads_commands_in_the_language_of_their_client(
    bot: RawBot, playground: Playground
) -> None:
    await bot.register(translated())
    async with await Member.connect(playground.url, locale="de") as german:
        (seen,) = await german.commands()
    assert seen["description_localized"] == "Ein Clip"
    assert seen["options"][0]["description_localized"] == "Wie groß"
    assert seen["options"][0]["choices"][0]["name_localized"] == "groß"
    assert seen["name"] == "clip"
    async with await Member.connect(playground.url, locale="fr") as french:
        (seen,) = await french.commands()
    assert "description_localized" not in seen


async def test_an_interaction_tells_the_languages_of_member_and_server(
    bot: RawBot, playground: Playground
) -> None:
    gateway = await bot.connect()
    await bot.register(command())
    playground.prefer_locale("Study Hall", "de")
    changed = (await gateway.event("GUILD_UPDATE"))["d"]
    assert (changed["id"], changed["preferred_locale"]) == (STUDY_HALL, "de")
    async with await Member.connect(playground.url, locale="pt-BR") as member:
        await member.type("/x")
        sent = await bot.next_interaction()
    assert (sent["locale"], sent["guild_locale"]) == ("pt-BR", "de")
    assert (await bot.request("GET", f"/guilds/{STUDY_HALL}")).body["preferred_locale"] == "de"


async def test_only_moderators_choose_the_language_of_a_server(playground: Playground) -> None:
    async with aiohttp.ClientSession() as http:
        path = f"{playground.url}/playground/guilds/{STUDY_HALL}"
        for name, locale, status in (("Ada", "de", 403), ("Lin", "xx", 400), ("Lin", "de", 200)):
            user = next(one.id for one in playground.world.members if one.global_name == name)
            body = {"preferred_locale": locale}
            async with http.patch(path, params={"user": user}, json=body) as answer:
                assert answer.status == status
    assert playground.world.guilds[0].preferred_locale == "de"


async def test_another_applications_commands_are_out_of_reach(
    bot: RawBot, playground: Playground
) -> None:
    answer = await bot.request("PUT", "/applications/123/commands", [])
    assert (answer.status, answer.code) == (403, 20012)
    nowhere = await bot.request("PUT", f"{APPLICATION}/guilds/123/commands", [])
    assert (nowhere.status, nowhere.code) == (404, 10004)
