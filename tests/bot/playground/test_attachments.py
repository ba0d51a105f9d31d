"""Uploads: limits, names, descriptions, and how they are served back."""

import io
from pathlib import Path

import aiohttp
import pytest
from PIL import Image

from bot.playground.attachments import content_type_of, safe_filename
from bot.playground.server import Playground
from tests.bot.playground.conftest import Enter
from tests.bot.playground.raw_bot import Json, RawBot

STUDIO = "/channels/1100000000000001010/messages"


def picture(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


async def _post(bot: RawBot, name: str, content: bytes) -> Json:
    answer = await bot.request("POST", STUDIO, {"content": "x"}, files={name: content})
    assert answer.status == 200, answer.body
    return answer.body["attachments"][0]


async def test_the_limit_is_the_last_size_that_fits() -> None:
    async with Playground(attachment_limit_bytes=1000) as playground, RawBot(playground) as bot:
        fits = await bot.request("POST", STUDIO, {}, files={"a": b"x" * 1000})
        assert fits.status == 200
        refused = await bot.request("POST", STUDIO, {}, files={"a": b"x" * 1001})
        assert (refused.status, refused.code) == (413, 40005)


async def test_a_request_of_more_than_25_mib_is_refused(bot: RawBot) -> None:
    files = {str(n): b"x" * (9 * 2**20) for n in range(3)}
    refused = await bot.request("POST", STUDIO, {}, files=files)
    assert (refused.status, refused.code) == (413, 40005)


async def test_eleven_files_are_too_many(bot: RawBot) -> None:
    refused = await bot.request("POST", STUDIO, {}, files={str(n): b"x" for n in range(11)})
    assert refused.error_at("files") == "BASE_TYPE_MAX_LENGTH"


async def test_a_multipart_body_that_is_not_json_is_refused(
    bot: RawBot, playground: Playground
) -> None:
    form = aiohttp.FormData()
    form.add_field("payload_json", "{")
    headers = {"Authorization": f"Bot {bot.token}"}
    async with bot.http.post(
        f"{playground.url}/api/v10{STUDIO}", data=form, headers=headers
    ) as response:
        assert (await response.json())["code"] == 50109


async def test_descriptions_and_pixel_sizes_are_told(bot: RawBot) -> None:
    listed = [{"id": 0, "filename": "b.png", "description": "a picture"}]
    body = {"attachments": listed}
    files = {"a.png": picture(30, 20)}
    attachment = (await bot.request("POST", STUDIO, body, files=files)).body["attachments"][0]
    assert (attachment["filename"], attachment["description"]) == ("b.png", "a picture")
    assert (attachment["width"], attachment["height"]) == (30, 20)


async def test_a_bomb_and_a_broken_picture_do_no_harm(bot: RawBot) -> None:
    bomb = await _post(bot, "bomb.png", picture(13300, 13300))
    assert (bomb["width"], bomb["height"]) == (13300, 13300)
    for name in ("empty.png", "empty.mp4"):
        assert "width" not in await _post(bot, name, b"")


async def test_a_part_of_a_file_can_be_asked_for(bot: RawBot) -> None:
    attachment = await _post(bot, "clip.mp4", b"0123456789")
    headers = {"Range": "bytes=3-5"}
    async with bot.http.get(attachment["url"], headers=headers) as response:
        assert (response.status, response.content_type) == (206, "video/mp4")
        assert response.headers["Content-Range"] == "bytes 3-5/10"
        assert await response.read() == b"345"


async def test_documents_are_never_opened_in_the_pages_place(bot: RawBot) -> None:
    attachment = await _post(bot, "evil.html", b"<script>alert(1)</script>")
    async with bot.http.get(attachment["url"]) as response:
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "sandbox"


@pytest.mark.parametrize(
    "path", ["1/2/x.txt", "1100000000000001010/..%2f..%2f/passwd", "x/y/z", "..%2f/1/hosts"]
)
async def test_what_was_not_uploaded_is_not_served(
    bot: RawBot, playground: Playground, path: str
) -> None:
    async with bot.http.get(f"{playground.url}/attachments/{path}") as response:
        assert response.status == 404


async def test_a_member_may_upload_more_than_the_bot_may_post(
    bot: RawBot, enter: Enter, tmp_path: Path
) -> None:
    option = {"type": 11, "name": "image", "description": "x"}
    await bot.register({"name": "make", "description": "x", "options": [option]})
    await bot.connect()
    big = tmp_path / "big.bin"
    big.write_bytes(b"\0" * (12 * 2**20))
    ada = await enter()
    await ada.type(f"/make image:@{big}")
    resolved = (await bot.next_interaction())["data"]["resolved"]["attachments"]
    assert next(iter(resolved.values()))["size"] == 12 * 2**20


async def test_uploads_are_gone_when_the_playground_is(tmp_path: Path) -> None:
    async with Playground() as playground, RawBot(playground) as bot:
        url = (await _post(bot, "a.txt", b"x"))["url"]
        async with bot.http.get(url) as response:
            assert await response.read() == b"x"
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get(url)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("my clip.mp4", "my_clip.mp4"),
        ("../../etc/passwd", "passwd"),
        (".hidden", "hidden"),
        ("naïve*?.png", "nave.png"),
        ("", "unknown"),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    assert safe_filename(given) == kept


def test_the_ending_decides_the_type() -> None:
    assert content_type_of("a.mp4", "text/html") == "video/mp4"
    assert content_type_of("a", "text/x-own") == "text/x-own"
    assert content_type_of("a", "") == "application/octet-stream"
