"""The page's pure modules, asked directly: command lines, values and Markdown."""

from typing import Any

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMMANDS = [
    {
        "id": "1",
        "name": "draw",
        "description": "Draw",
        "options": [
            {"type": 4, "name": "seed", "description": "Seed"},
            {"type": 3, "name": "prompt", "description": "Words", "required": True},
        ],
    },
    {
        "id": "2",
        "name": "quota",
        "description": "Quota",
        "options": [
            {"type": 1, "name": "show", "description": "Show"},
            {
                "type": 2,
                "name": "role",
                "description": "Roles",
                "options": [{"type": 1, "name": "set", "description": "Set"}],
            },
        ],
    },
]

READ_LINES = """async ({ registered, lines }) => {
  const { invocable, parseLine } = await import("/static/commands.js");
  const commands = invocable(registered);
  return lines.map(line => {
    const parsed = parseLine(line, commands);
    return parsed && [parsed.command.name, parsed.values, parsed.rest];
  });
}"""

WRAP = """async registered => {
  const { invocable, interactionData } = await import("/static/commands.js");
  const command = invocable(registered).find(({ name }) => name === "quota role set");
  return interactionData(command, [{ name: "x", type: 3, value: "y" }]);
}"""

RENDER = """async text => {
  const { markdown } = await import("/static/markdown.js");
  const room = { userName: () => "Ada", channelName: () => "studio",
    knowsChannel: id => id === "34", fillComposer() {} };
  const place = document.createElement("div");
  place.append(...markdown(text, room));
  return place.innerHTML;
}"""


async def test_lines_are_read_as_commands_with_values(modules_page: Page) -> None:
    cases: dict[str, Any] = {
        "/draw prompt:a cat seed:7": ["draw", [["prompt", "a cat"], ["seed", "7"]], ""],
        '/draw seed:7 prompt:"two: words"': [
            "draw",
            [["seed", "7"], ["prompt", "two: words"]],
            "",
        ],
        '/draw prompt:"a seed:9 here" seed:7': [
            "draw",
            [["prompt", "a seed:9 here"], ["seed", "7"]],
            "",
        ],
        "/draw a cat seed:1": ["draw", [["seed", "1"]], "a cat"],
        "/draw prompt:ratio 16:9": ["draw", [["prompt", "ratio 16:9"]], ""],
        "/quota show": ["quota show", [], ""],
        "/quota role set": ["quota role set", [], ""],
        "/quota": None,
        "/drawing": None,
        "draw prompt:x": None,
    }
    read = await modules_page.evaluate(READ_LINES, {"registered": COMMANDS, "lines": list(cases)})
    assert dict(zip(cases, read, strict=True)) == cases


async def test_subcommands_are_sent_nested(modules_page: Page) -> None:
    data = await modules_page.evaluate(WRAP, COMMANDS)
    assert data == {
        "id": "2",
        "name": "quota",
        "type": 1,
        "options": [
            {
                "name": "role",
                "type": 2,
                "options": [
                    {
                        "name": "set",
                        "type": 1,
                        "options": [{"name": "x", "type": 3, "value": "y"}],
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**b** *i* _i_ __u__ ~~s~~", ["<strong>b</strong>", "<em>i</em>", "<u>u</u>", "<s>s</s>"]),
        ("snake_case_name 2*3*4", ["snake_case_name"]),
        (r"\*plain\*", ["*plain*"]),
        ("`**code**`", ["<code>**code**</code>"]),
        ("```py\na < b\n```", ["<pre", "a &lt; b"]),
        ("# Title\n-# small", ["heading-1", "Title", "subtext", "small"]),
        ("- one\n- two", ["<ul><li>one</li><li>two</li></ul>"]),
        ("3. one\n4. two", ['<ol start="3"><li>one</li><li>two</li></ol>']),
        ("> said", ["<blockquote>", "said"]),
        ("<@12> in <#34>", ["@Ada", "#studio"]),
        ("<t:0:D> <t:1:R>", ["<time", "years ago"]),
        ("[x](https://a.example/b)", ['href="https://a.example/b"', 'rel="noopener noreferrer"']),
        ("https://a.example/x.", ["https://a.example/x</a>"]),
        ("https://chat.example/channels/1/34/5", ["#studio › message</button>"]),
        ("https://chat.example/channels/1/99/5", ["<a href="]),
        ("||hidden||", ["spoiler"]),
        ("`/draw prompt:x`", ["command-line"]),
        ("<b onclick=x>", ["&lt;b onclick=x&gt;"]),
    ],
)
async def test_markdown_is_drawn(modules_page: Page, text: str, expected: list[str]) -> None:
    drawn = await modules_page.evaluate(RENDER, text)
    for piece in expected:
        assert piece in drawn


async def test_unclosed_and_nested_markdown_ends_quickly(modules_page: Page) -> None:
    for text in ("*" * 4000, "_" * 4000, "`" * 4000, "||" * 2000, "**a " * 1000, "[" * 4000):
        assert await modules_page.evaluate(RENDER, text)
