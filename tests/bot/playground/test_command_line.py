"""`/command name:value ...` as people type it."""

from pathlib import Path
from typing import Any

import pytest

from bot.playground.command_line import Names, parse_command_line
from bot.playground.member_errors import CommandLineError

Json = dict[str, Any]


def option(kind: int, name: str, **more: Any) -> Json:
    return {"type": kind, "name": name, "description": name} | more


COMMANDS: list[Json] = [
    {
        "id": "1",
        "name": "imagine-video",
        "options": [
            option(3, "prompt", required=True),
            option(4, "seed"),
            option(10, "guidance"),
            option(5, "private"),
            option(11, "image"),
            option(3, "camera", choices=[{"name": "Zoom in", "value": "zoom_in"}]),
            option(6, "author"),
            option(7, "where"),
        ],
    },
    {
        "id": "2",
        "name": "quota",
        "options": [
            option(1, "show"),
            option(1, "grant", options=[option(6, "user"), option(4, "credits")]),
            option(2, "plan", options=[option(1, "set", options=[option(3, "name")])]),
        ],
    },
    {"id": "3", "name": "help"},
]
NAMES = Names(people={"ada": "11"}, channels={"studio": "22"})


def chosen(line: str) -> dict[str, Any]:
    data = parse_command_line(line, COMMANDS, names=NAMES).data
    return {one["name"]: one["value"] for one in data.get("options", [])}


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (
            "/imagine-video prompt:a red circle moving right seed:7",
            {"prompt": "a red circle moving right", "seed": 7},
        ),
        ("/imagine-video seed:-3 prompt:x", {"seed": -3, "prompt": "x"}),
        (
            '/imagine-video prompt:"with seed:7 inside" seed:8',
            {"prompt": "with seed:7 inside", "seed": 8},
        ),
        ('/imagine-video prompt:"she said \\"hi\\""', {"prompt": 'she said "hi"'}),
        ('/imagine-video prompt:"one" and "two"', {"prompt": '"one" and "two"'}),
        ("/imagine-video prompt:time 12:30, ratio 3:2", {"prompt": "time 12:30, ratio 3:2"}),
        ("/imagine-video prompt:http://x.y/z?seed:4", {"prompt": "http://x.y/z?seed:4"}),
        ("  /imagine-video   prompt:  padded  ", {"prompt": "padded"}),
        ("/imagine-video prompt:", {"prompt": ""}),
        ("/imagine-video prompt:línea\nsegunda", {"prompt": "línea\nsegunda"}),
        ("/imagine-video guidance:2.5 private:yes", {"guidance": 2.5, "private": True}),
        ("/imagine-video camera:zoom in", {"camera": "zoom_in"}),
        ("/imagine-video author:@Ada where:#studio", {"author": "11", "where": "22"}),
        ("/imagine-video author:<@99>", {"author": "99"}),
        ("/help", {}),
    ],
)
def test_values_run_until_the_next_known_option(line: str, values: dict[str, Any]) -> None:
    assert chosen(line) == values


def test_subcommands_are_nested() -> None:
    assert parse_command_line("/quota show", COMMANDS).data["options"] == [
        {"name": "show", "type": 1, "options": []}
    ]
    granted = parse_command_line("/quota grant user:@ada credits:5", COMMANDS, names=NAMES).data
    assert granted["options"][0]["options"][1] == {"name": "credits", "type": 4, "value": 5}
    planned = parse_command_line("/quota plan set name:big", COMMANDS).data["options"][0]
    assert (planned["type"], planned["options"][0]["name"]) == (2, "set")


def test_a_file_becomes_an_upload(tmp_path: Path) -> None:
    picture = tmp_path / "a picture.png"
    picture.write_bytes(b"x")
    parsed = parse_command_line(f"/imagine-video image:@{picture} prompt:x", COMMANDS)
    assert parsed.uploads == (picture,)
    assert parsed.data["options"][0] == {"name": "image", "type": 11, "value": "0"}


def test_the_focused_option_may_be_incomplete() -> None:
    parsed = parse_command_line("/imagine-video prompt:x seed:1", COMMANDS, focused="seed")
    focused = {"name": "seed", "type": 4, "value": "1", "focused": True}
    assert parsed.data["options"][1] == focused
    absent = parse_command_line("/imagine-video prompt:x", COMMANDS, focused="seed")
    assert absent.data["options"][1] == focused | {"value": ""}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hello", "starts with a slash"),
        ("/imagine", "There is no command /imagine. There are: /help, /imagine-video, /quota"),
        ("/imagine-video a red circle", "does not understand “a red circle”. Its options: prompt:"),
        ("/imagine-video seed:seven", "seed: must be a whole number, not “seven”"),
        ("/imagine-video guidance:much", "guidance: must be a number"),
        ("/imagine-video private:maybe", "private: must be true or false"),
        ("/imagine-video image:cat.png", "written as image:@path/to/file"),
        ("/imagine-video image:@/nowhere/cat.png", "there is no file"),
        ("/imagine-video seed:1 seed:2", "given twice"),
        ("/quota", "/quota needs one of: show, grant, plan"),
        ("/quota plan", "/quota plan needs one of: set"),
        ("/quota shew", "/quota needs one of"),
        ("/help me", "/help takes no options"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(line: str, said: str) -> None:
    with pytest.raises(CommandLineError) as error:
        parse_command_line(line, COMMANDS)
    assert said in str(error.value)


def test_without_commands_it_says_that_the_bot_has_none() -> None:
    with pytest.raises(CommandLineError, match="has not registered any command"):
        parse_command_line("/help", [])
