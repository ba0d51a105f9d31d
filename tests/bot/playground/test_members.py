"""The member side: what a client and the API check before the bot hears of it."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.playground.clock import ManualClock
from bot.playground.member import Member
from bot.playground.member_errors import MemberError, Refused, WaitedInVain
from bot.playground.seed import ADA, LIN
from bot.playground.server import Playground
from tests.bot.playground.conftest import Enter
from tests.bot.playground.raw_bot import Json, RawBot


def option(kind: int, name: str, **more: Any) -> Json:
    return {"type": kind, "name": name, "description": name} | more


MAKE: Json = {
    "name": "make",
    "description": "Make",
    "options": [
        option(3, "prompt", required=True, min_length=2, max_length=10),
        option(4, "seed", min_value=0, max_value=99),
        option(10, "guidance", min_value=1.5, max_value=9.5),
        option(3, "camera", choices=[{"name": "Zoom in", "value": "zoom_in"}]),
        option(11, "image"),
        option(6, "author"),
        option(7, "where"),
        option(8, "role"),
        option(9, "anyone"),
        option(5, "private"),
    ],
}


async def test_the_session_names_people_and_places(playground: Playground) -> None:
    url = f"{playground.url}/playground/session"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        assert response.headers["Content-Type"] == "application/json"
        session = await response.json()
    people = [(user["global_name"], user["role"]) for user in session["users"]]
    assert people == [("Ada", "student"), ("Grace", "student"), ("Lin", "moderator")]
    places = {g["name"]: [c["name"] for c in g["channels"]] for g in session["guilds"]}
    channels = ["studio", "showcase", "read-only"]
    assert places == {"Study Hall": channels, "Film Club": channels}
    assert session["application"]["online"] is False


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/make", "“prompt” is required"),
        ("/make prompt:", "“prompt” is required"),
        ("/make prompt:x", "at least 2 characters"),
        ("/make prompt:xxxxxxxxxxx", "10 or fewer characters long; it has 11"),
        ("/make prompt:xx seed:-1", "“seed” must be 0 or more"),
        ("/make prompt:xx seed:100", "“seed” must be 99 or less"),
        ("/make prompt:xx guidance:1", "must be 1.5 or more"),
        ("/make prompt:xx camera:tilt", "“camera” must be one of: Zoom in"),
        ("/make prompt:xx author:@nobody", "must be a member of this server"),
        ("/make prompt:xx where:#nowhere", "must be a channel of this server"),
        ("/make prompt:xx role:@nothing", "must be a role of this server"),
    ],
)
async def test_what_the_option_does_not_allow_is_refused(
    bot: RawBot, enter: Enter, line: str, said: str
) -> None:
    await bot.register(MAKE)
    ada = await enter()
    with pytest.raises(Refused) as refusal:
        await ada.type(line)
    assert said in str(refusal.value)


async def test_all_kinds_of_options_reach_the_bot_resolved(
    bot: RawBot, enter: Enter, tmp_path: Path, playground: Playground
) -> None:
    await bot.register(MAKE)
    await bot.connect()
    ada = await enter()
    path = tmp_path / "a.txt"
    path.write_text("hello")
    role = playground.world.guilds[0].roles[1].id
    line = f"/make prompt:xx seed:7 guidance:2 camera:Zoom in image:@{path} author:@lin"
    await ada.type(f"{line} where:#showcase role:@{role} anyone:@ada private:true")
    data = (await bot.next_interaction())["data"]
    values = {one["name"]: one["value"] for one in data["options"]}
    attachment = data["resolved"]["attachments"][values["image"]]
    assert (attachment["filename"], attachment["size"], attachment["ephemeral"]) == (
        "a.txt",
        5,
        True,
    )
    assert await ada.download(attachment) == b"hello"
    assert (values["seed"], values["guidance"], values["camera"]) == (7, 2.0, "zoom_in")
    assert values["private"] is True
    assert set(data["resolved"]["users"]) == {LIN.id, ADA.id}
    assert data["resolved"]["channels"][values["where"]]["name"] == "showcase"
    assert data["resolved"]["roles"][role]["name"] == "student"


async def test_a_command_of_a_stranger_or_nowhere_is_refused(playground: Playground) -> None:
    url = f"{playground.url}/playground/interactions"
    place = {"guild_id": "1100000000000001000", "channel_id": "1100000000000001010"}
    cases: list[tuple[Json, int, str]] = [
        ({"user": "1"} | place, 401, "id of a member"),
        ({"user": ADA.id} | place | {"channel_id": "1"}, 404, "no such channel"),
        ({"user": ADA.id} | place, 400, "no data"),
        ({"user": ADA.id, "data": {}, "type": 9} | place, 400, "must be 2, 3, 4 or 5"),
        ({"user": ADA.id, "data": {}, "type": 2} | place, 404, "does not exist"),
    ]
    async with aiohttp.ClientSession() as http:
        for payload, status, said in cases:
            async with http.post(url, json=payload) as response:
                assert response.status == status
                assert said in (await response.json())["message"]


async def test_another_web_page_cannot_act(playground: Playground) -> None:
    url = f"{playground.url}/playground/interactions"
    async with aiohttp.ClientSession() as http:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            async with http.post(url, json={}, headers=headers) as response:
                assert response.status == 403
        async with http.post(url, json={}, headers={"Origin": playground.url}) as response:
            assert response.status == 401


async def test_private_conversations_stay_private(bot: RawBot, playground: Playground) -> None:
    opened = await bot.request("POST", "/users/@me/channels", {"recipient_id": ADA.id})
    path = f"{playground.url}/playground/channels/{opened.body['id']}/messages"
    await bot.request("POST", f"/channels/{opened.body['id']}/messages", {"content": "hi"})
    async with aiohttp.ClientSession() as http:
        async with http.get(path, params={"user": ADA.id}) as response:
            assert [m["content"] for m in (await response.json())["messages"]] == ["hi"]
        async with http.get(path, params={"user": LIN.id}) as response:
            assert response.status == 403


async def test_members_hear_when_the_bot_comes_and_goes(bot: RawBot, enter: Enter) -> None:
    ada = await enter()
    assert not ada.bot_online
    gateway = await bot.connect()
    await ada.wait_until(lambda: ada.bot_online or None, "the bot", 30)
    await gateway.close()
    await ada.wait_until(lambda: True if not ada.bot_online else None, "its leaving", 30)


async def test_a_member_who_comes_late_sees_what_was_said(bot: RawBot, enter: Enter) -> None:
    await bot.request("POST", "/channels/1100000000000001010/messages", {"content": "early"})
    ada = await enter()
    assert [m.text for m in ada.messages] == ["early"]


async def test_unknown_names_are_said(playground: Playground) -> None:
    with pytest.raises(MemberError, match="There is no Eve; there are: Ada, Grace, Lin"):
        await Member.connect(playground.url, name="Eve")


async def test_waiting_in_vain_says_what_was_seen(bot: RawBot, enter: Enter) -> None:
    ada = await enter()
    await bot.request("POST", "/channels/1100000000000001010/messages", {"content": "hello"})
    await ada.wait_for_message(lambda m: m.content == "hello")
    with pytest.raises(WaitedInVain, match="hello"):
        await ada.wait_for_message(lambda m: m.content == "bye", timeout_seconds=0.01)


async def test_a_bot_that_is_not_there_does_not_answer(
    bot: RawBot, enter: Enter, clock: ManualClock
) -> None:
    await bot.register({"name": "ping", "description": "Ping"})
    ada = await enter()
    sent = await ada.type("/ping")
    clock.advance(3)
    with pytest.raises(MemberError, match="did not respond"):
        await sent.acknowledged()
