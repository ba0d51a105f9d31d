"""An unmodified discord.py as the bot: everything that a bot of slash commands does."""

import asyncio
import io

import discord
import pytest
from discord import app_commands

from bot.playground.member import Member
from bot.playground.member_errors import Refused
from bot.playground.seed import ADA
from bot.playground.server import Playground
from tests.bot.playground.conftest import Enter, StartBot
from tests.bot.playground.practice_bot import PracticeBot

Interaction = discord.Interaction[PracticeBot]


async def test_a_slash_command_is_answered_in_the_channel(
    start_bot: StartBot, enter: Enter
) -> None:
    bot = PracticeBot()

    @bot.tree.command(description="Greet")
    async def greet(interaction: Interaction, name: str, times: int = 1) -> None:
        await interaction.response.send_message(f"{name} " * times)

    _ = greet
    await start_bot(bot)
    ada = await enter()
    sent = await ada.type("/greet name:dear world times:2")
    reply = await sent.reply()
    assert reply.content == "dear world dear world"
    assert reply.body["interaction_metadata"]["user"]["global_name"] == "Ada"
    assert reply.body["interaction"]["name"] == "greet"
    assert reply.body["author"]["bot"]


async def test_a_deferred_answer_thinks_and_then_takes_the_placeholders_place(
    start_bot: StartBot, enter: Enter
) -> None:
    bot, go_on = PracticeBot(), asyncio.Event()

    @bot.tree.command(description="Think")
    async def think(interaction: Interaction) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        await go_on.wait()
        await interaction.followup.send("thought")
        await interaction.followup.send("and more", ephemeral=True)

    _ = think
    await start_bot(bot)
    ada, grace = await enter("Ada"), await enter("Grace")
    sent = await ada.type("/think")
    placeholder = await sent.thinking()
    assert placeholder.ephemeral
    go_on.set()
    reply = await sent.reply()
    assert (reply.id, reply.content, reply.loading) == (placeholder.id, "thought", False)
    more = await ada.wait_for_message(lambda m: m.content == "and more")
    assert more.body["message_reference"]["message_id"] == reply.id
    assert grace.messages == []


async def test_progress_is_edited_and_the_clip_attached(start_bot: StartBot, enter: Enter) -> None:
    bot = PracticeBot()

    @bot.tree.command(description="Make")
    async def make(interaction: Interaction, image: discord.Attachment) -> None:
        await interaction.response.defer(ephemeral=True)
        assert isinstance(interaction.channel, discord.TextChannel)
        content = await image.read()
        card = await interaction.channel.send("0 %")
        await card.edit(content="50 %")
        file = discord.File(io.BytesIO(content * 2), "my clip.mp4", description="a clip")
        await card.edit(content="done", attachments=[file])
        await card.edit(content="settled")
        await interaction.delete_original_response()

    _ = make
    await start_bot(bot)
    ada, grace = await enter("Ada"), await enter("Grace")
    path = "pyproject.toml"
    await ada.type(f"/make image:@{path}")
    card = await grace.wait_for_message(lambda m: m.content == "settled")
    assert card.attachments[0]["filename"] == "my_clip.mp4"
    assert card.attachments[0]["content_type"] == "video/mp4"
    with open(path, "rb") as file:  # noqa: PTH123
        assert await grace.download(card.attachments[0]) == file.read() * 2
    assert bot.errors == []


class _Rename(discord.ui.Modal, title="Rename"):
    name: discord.ui.TextInput["_Rename"] = discord.ui.TextInput(
        label="New name", default="old", min_length=2, max_length=10
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=f"renamed to {self.name.value}")


class _Card(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Count", custom_id="card:count")
    async def count(
        self, interaction: discord.Interaction, button: discord.ui.Button["_Card"]
    ) -> None:
        await interaction.response.edit_message(content="counted")

    @discord.ui.button(label="Slow", custom_id="card:slow")
    async def slow(
        self, interaction: discord.Interaction, button: discord.ui.Button["_Card"]
    ) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="slowly")
        await interaction.followup.send("psst", ephemeral=True)

    @discord.ui.button(label="Rename", custom_id="card:rename")
    async def rename(
        self, interaction: discord.Interaction, button: discord.ui.Button["_Card"]
    ) -> None:
        await interaction.response.send_modal(_Rename())

    @discord.ui.select(
        custom_id="card:pick",
        options=[discord.SelectOption(label="One"), discord.SelectOption(label="Two")],
    )
    async def pick(
        self, interaction: discord.Interaction, select: discord.ui.Select["_Card"]
    ) -> None:
        await interaction.response.send_message(f"picked {select.values[0]}", ephemeral=True)


async def _with_card(start_bot: StartBot, enter: Enter) -> Member:
    bot = PracticeBot()

    @bot.tree.command(description="Show a card")
    async def card(interaction: Interaction) -> None:
        await interaction.response.send_message("card", view=_Card())

    _ = card
    bot.add_view(_Card())
    await start_bot(bot)
    ada = await enter()
    await (await ada.type("/card")).reply()
    return ada


async def test_buttons_update_their_message_at_once_or_later(
    start_bot: StartBot, enter: Enter
) -> None:
    ada = await _with_card(start_bot, enter)
    card = ada.messages[0]
    await ada.press(card, label="Count")
    await ada.wait_for_message(lambda m: m.id == card.id and m.content == "counted")
    await ada.press(card, custom_id="card:slow")
    await ada.wait_for_message(lambda m: m.id == card.id and m.content == "slowly")
    whisper = await ada.wait_for_message(lambda m: m.content == "psst")
    assert whisper.ephemeral
    assert whisper.body["message_reference"]["message_id"] == card.id


async def test_a_select_is_answered_privately(start_bot: StartBot, enter: Enter) -> None:
    ada = await _with_card(start_bot, enter)
    reply = await (await ada.select(ada.messages[0], ["Two"])).reply()
    assert (reply.content, reply.ephemeral) == ("picked Two", True)
    with pytest.raises(Refused, match="no such choice"):
        await ada.select(ada.messages[0], ["Three"])


async def test_a_modal_is_opened_checked_and_submitted(start_bot: StartBot, enter: Enter) -> None:
    ada = await _with_card(start_bot, enter)
    card = ada.messages[0]
    modal = await (await ada.press(card, label="Rename")).modal()
    assert (modal.title, modal.fields[0]["value"]) == ("Rename", "old")
    custom_id = modal.fields[0]["custom_id"]
    with pytest.raises(Refused, match="between 2 and 10"):
        await ada.submit_modal(modal, {custom_id: "x"})
    await ada.submit_modal(modal, {custom_id: "new"})
    await ada.wait_for_message(lambda m: m.id == card.id and m.content == "renamed to new")


async def test_buttons_of_before_a_restart_still_work(
    start_bot: StartBot, enter: Enter, playground: Playground
) -> None:
    first = PracticeBot()

    @first.tree.command(description="Show a card")
    async def card(interaction: Interaction) -> None:
        await interaction.response.send_message("card", view=_Card())

    _ = card
    ada = await enter()
    async with first.running_on(playground):
        shown = await (await ada.type("/card")).reply()
    second = PracticeBot()
    second.add_view(_Card())
    await start_bot(second)
    await ada.press(shown, label="Count")
    await ada.wait_for_message(lambda m: m.content == "counted")


async def test_autocomplete_asks_the_bot_with_what_was_typed(
    start_bot: StartBot, enter: Enter
) -> None:
    bot = PracticeBot()

    @bot.tree.command(description="Pick a model")
    async def model(interaction: Interaction, prompt: str, name: str) -> None:
        await interaction.response.send_message(f"{prompt} {name}")

    @model.autocomplete("name")
    async def names(
        interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        words = [f"{interaction.namespace.prompt}-{current}-{number}" for number in range(3)]
        return [app_commands.Choice(name=word, value=word) for word in words]

    _ = names
    await start_bot(bot)
    ada = await enter()
    choices = await ada.autocomplete("/model prompt:red name:po", "name")
    assert [choice["value"] for choice in choices] == ["red-po-0", "red-po-1", "red-po-2"]
    with pytest.raises(Refused, match="no suggestions"):
        await ada.autocomplete("/model prompt:red", "prompt")


async def test_a_moderators_command_is_refused_to_a_student_unless_an_admin_permits_it(
    start_bot: StartBot, enter: Enter, playground: Playground
) -> None:
    bot = PracticeBot()

    @bot.tree.command(description="Moderate")
    @app_commands.default_permissions(manage_guild=True)
    async def moderate(interaction: Interaction) -> None:
        may = interaction.permissions.manage_guild
        await interaction.response.send_message(f"may: {may}", ephemeral=True)

    _ = moderate
    await start_bot(bot)
    ada, lin = await enter("Ada"), await enter("Lin")
    with pytest.raises(Refused, match="do not have permission") as refusal:
        await ada.type("/moderate")
    assert refusal.value.status == 403
    assert (await (await lin.type("/moderate")).reply()).content == "may: True"
    playground.permit("moderate", ADA.id)
    assert (await (await ada.type("/moderate")).reply()).content == "may: False"


async def test_the_bot_may_not_post_in_the_read_only_channel(
    start_bot: StartBot, enter: Enter
) -> None:
    bot, caught = PracticeBot(), asyncio.Queue[discord.Forbidden]()

    @bot.tree.command(description="Post")
    async def post(interaction: Interaction) -> None:
        assert isinstance(interaction.channel, discord.TextChannel)
        assert not interaction.app_permissions.send_messages
        try:
            await interaction.channel.send("no")
        except discord.Forbidden as error:
            caught.put_nowait(error)
        await interaction.response.send_message("I may not post here.", ephemeral=True)

    _ = post
    await start_bot(bot)
    ada = await enter(channel="read-only")
    reply = await (await ada.type("/post")).reply()
    assert (reply.content, reply.ephemeral) == ("I may not post here.", True)
    assert (await caught.get()).code == 50013


async def test_the_bot_writes_to_a_member_directly(start_bot: StartBot, enter: Enter) -> None:
    bot = PracticeBot()

    @bot.tree.command(description="Whisper")
    async def whisper(interaction: Interaction) -> None:
        await interaction.user.send("only you")
        await interaction.response.send_message("sent", ephemeral=True)

    _ = whisper
    await start_bot(bot)
    ada, grace = await enter("Ada"), await enter("Grace")
    await (await ada.type("/whisper")).reply()
    assert [m.content for m in ada.messages if not m.ephemeral] == ["only you"]
    assert grace.messages == []


async def test_after_a_lost_connection_the_session_is_resumed_and_nothing_is_missed(
    start_bot: StartBot, enter: Enter, playground: Playground
) -> None:
    bot = PracticeBot()

    @bot.tree.command(description="Echo")
    async def echo(interaction: Interaction, text: str) -> None:
        await interaction.response.send_message(text)

    _ = echo
    await start_bot(bot)
    ada = await enter()
    playground.gateway.disconnect(4000)
    sent = await ada.type("/echo text:while you were away")
    assert (await sent.reply()).content == "while you were away"
    await ada.wait_until(lambda: bot.resumes or None, "a resume", 30)


async def test_a_wrong_token_is_refused_at_login(playground: Playground) -> None:
    bot = PracticeBot()
    playground.bot_token = "wrong.token.here"
    with pytest.raises(discord.LoginFailure):
        async with bot.running_on(playground):
            pass


async def test_a_rate_limit_and_a_server_error_are_only_delays(
    start_bot: StartBot, enter: Enter, playground: Playground
) -> None:
    bot = PracticeBot()

    @bot.tree.command(description="Post")
    async def post(interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        assert isinstance(interaction.channel, discord.TextChannel)
        await interaction.channel.send("posted")

    _ = post
    await start_bot(bot)
    ada = await enter()
    route = "/channels/{channel_id}/messages"
    playground.faults.rate_limit("POST", route, retry_after_seconds=0.05)
    playground.faults.fail("POST", route, status=502)
    await ada.type("/post")
    await ada.wait_for_message(lambda m: m.content == "posted")
    assert len([m for m in ada.messages if m.content == "posted"]) == 1


async def test_a_second_answer_is_told_that_there_was_a_first(
    start_bot: StartBot, enter: Enter, playground: Playground
) -> None:
    bot, codes = PracticeBot(), asyncio.Queue[int]()

    @bot.tree.command(description="Answer")
    async def answer(interaction: Interaction) -> None:
        try:
            await interaction.response.send_message("once")
        except discord.HTTPException as error:
            codes.put_nowait(error.code)

    _ = answer
    await start_bot(bot)
    ada = await enter()
    # The answer got through, its receipt did not: discord.py tries again.
    route = "/interactions/{interaction_id}/{interaction_token}/callback"
    playground.faults.fail("POST", route, status=500, after_effect=True)
    sent = await ada.type("/answer")
    assert await codes.get() == 40060
    assert [m.content for m in sent.replies] == ["once"]
