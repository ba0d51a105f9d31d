"""The bot's conversation with a member in the page: opened by its first message, for them alone."""

import discord
import pytest
from playwright.async_api import expect

from tests.bot.playground.page.conftest import OpenPage, Stage
from tests.bot.playground.page.page_bot import CardView

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADA = 1100000000000000011


async def test_a_direct_message_is_read_and_pressed_by_whom_it_is_for(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page(as_user="Ada")
    direct = page.get_by_role("navigation", name="Channels").get_by_role("button", name="Reelroom")
    await expect(page.get_by_role("button", name="studio").first).to_be_visible()
    await expect(direct).to_have_count(0)
    channel = await stage.bot.create_dm(discord.Object(ADA))
    await channel.send("Your clip is back", view=CardView(stage.bot))
    await expect(direct).to_contain_text("new messages")

    await direct.click()
    message = page.get_by_role("article").last
    await expect(message).to_contain_text("Your clip is back")
    await expect(page.locator("#room-header")).to_contain_text("Direct messages")
    await message.get_by_role("button", name="Reroll").click()
    await expect(message.get_by_role("button", name="Reroll (1)")).to_be_visible()
    await message.get_by_role("button", name="Remix").click()
    modal = page.get_by_role("dialog")
    await modal.get_by_role("combobox", name="Camera").click()
    await page.get_by_role("option", name="Pan left").click()
    await modal.get_by_role("button", name="Submit").click()
    await expect(page.get_by_role("article").last).to_contain_text("Remix: a red circle")

    await page.reload()
    await expect(page.get_by_role("article").first).to_contain_text("Your clip is back")
    await page.get_by_role("radio", name="Lin").check()
    await expect(page.get_by_role("heading", level=1)).to_have_text("studio")
    await expect(direct).to_have_count(0)
