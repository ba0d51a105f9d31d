"""A small real bot for the chat page's tests; its answers wait for the test where time matters."""

import asyncio
from pathlib import Path

import discord
from discord import app_commands

INTENTS = discord.Intents(guilds=True)
MODELS = ("pocket", "pocket-large", "ltx-video")


class RemixModal(discord.ui.Modal, title="Remix this clip"):
    """A paragraph, a short text and a labelled select menu."""

    prompt: discord.ui.TextInput["RemixModal"] = discord.ui.TextInput(
        label="Prompt",
        style=discord.TextStyle.paragraph,
        default="a red circle",
        min_length=3,
        max_length=40,
    )
    seed: discord.ui.TextInput["RemixModal"] = discord.ui.TextInput(label="Seed", required=False)
    camera: discord.ui.Label["RemixModal"] = discord.ui.Label(
        text="Camera",
        description="How the camera moves",
        component=discord.ui.Select(
            options=[discord.SelectOption(label="Zoom in"), discord.SelectOption(label="Pan left")]
        ),
    )

    reference: discord.ui.Label["RemixModal"] = discord.ui.Label(
        text="Reference",
        component=discord.ui.FileUpload(required=False, min_values=0, max_values=2),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Say what was submitted."""
        assert isinstance(self.camera.component, discord.ui.Select)
        assert isinstance(self.reference.component, discord.ui.FileUpload)
        camera = self.camera.component.values[0]
        files = [attachment.filename for attachment in self.reference.component.values]
        await interaction.response.send_message(
            f"Remix: {self.prompt.value} | {self.seed.value or 'any seed'} | {camera} | {files}"
        )


class CardView(discord.ui.View):
    """Buttons of several styles and a select menu under a job card."""

    def __init__(self, bot: "PageBot") -> None:
        super().__init__(timeout=None)
        self.bot = bot
        self.add_item(discord.ui.Button(label="Docs", url="https://example.com/docs"))

    @discord.ui.button(label="Reroll", emoji="🎲", style=discord.ButtonStyle.primary)
    async def reroll(
        self, interaction: discord.Interaction, button: discord.ui.Button["CardView"]
    ) -> None:
        """Change the message in place."""
        self.bot.presses.append("reroll")
        button.label = f"Reroll ({len(self.bot.presses)})"
        await interaction.response.edit_message(view=self)

    @discord.ui.button(label="Remix")
    async def remix(
        self, interaction: discord.Interaction, _: discord.ui.Button["CardView"]
    ) -> None:
        """Open a modal."""
        await interaction.response.send_modal(RemixModal())

    @discord.ui.button(label="Silent", style=discord.ButtonStyle.danger)
    async def silent(
        self, interaction: discord.Interaction, _: discord.ui.Button["CardView"]
    ) -> None:
        """Never answer."""

    @discord.ui.button(label="Later", disabled=True, style=discord.ButtonStyle.success)
    async def later(
        self, interaction: discord.Interaction, _: discord.ui.Button["CardView"]
    ) -> None:
        """Cannot be pressed."""

    @discord.ui.select(
        placeholder="Keep which frames?",
        min_values=1,
        max_values=2,
        options=[
            discord.SelectOption(label="First", description="Where it begins"),
            discord.SelectOption(label="Middle"),
            discord.SelectOption(label="Last"),
        ],
    )
    async def frames(
        self, interaction: discord.Interaction, select: discord.ui.Select["CardView"]
    ) -> None:
        """Say what was chosen."""
        await interaction.response.send_message(f"Kept {', '.join(select.values)}")

    @discord.ui.select(cls=discord.ui.UserSelect[discord.ui.View], placeholder="Credit whom?")
    async def credit(
        self, interaction: discord.Interaction, select: discord.ui.UserSelect[discord.ui.View]
    ) -> None:
        """Say who was chosen."""
        await interaction.response.send_message(f"Credited {select.values[0].display_name}")


class PageBot(discord.Client):
    """Registers the commands of `register_commands` and remembers what it was asked."""

    def __init__(self, clip: Path) -> None:
        # The playground sends every guild at once, so there is nothing to wait for.
        super().__init__(intents=INTENTS, guild_ready_timeout=0.1)
        self.tree = app_commands.CommandTree(self)
        self.clip = clip
        self.asked: list[dict[str, object]] = []
        self.presses: list[str] = []
        self.progress: asyncio.Queue[str | None] = asyncio.Queue()
        self.slow_suggestions = asyncio.Event()
        self.asked_slowly = asyncio.Event()
        register_commands(self)

    async def setup_hook(self) -> None:
        """Register the commands before READY."""
        await self.tree.sync()

    def channel(self, name: str, guild: str = "Study Hall") -> discord.TextChannel:
        """A text channel by the names that people see."""
        for channel in self.get_all_channels():
            if channel.name == name and channel.guild.name == guild:
                assert isinstance(channel, discord.TextChannel)
                return channel
        raise LookupError(name)

    async def make_clip(self, interaction: discord.Interaction, prompt: str) -> None:
        """Defer, edit with each progress text of the test, then attach the clip."""
        await interaction.response.defer(thinking=True)
        while (step := await self.progress.get()) is not None:
            embed = discord.Embed(title=prompt, description=step, color=0x0B6B63)
            await interaction.edit_original_response(embed=embed)
        await interaction.edit_original_response(
            content=f"**{prompt}** is ready.",
            attachments=[discord.File(self.clip)],
            view=CardView(self),
        )


def register_commands(bot: PageBot) -> None:
    """One command for every kind of option and answer."""
    tree = bot.tree

    @tree.command(name="imagine-video", description="Make a clip from words")
    @app_commands.describe(prompt="What to show", model="Which model makes it")
    @app_commands.describe(aspect="Shape of the picture", motion="How much moves")
    @app_commands.describe(guidance="How closely to follow", private="Only you see it")
    @app_commands.choices(
        aspect=[
            app_commands.Choice(name="Wide (16:9)", value="16:9"),
            app_commands.Choice(name="Square (1:1)", value="1:1"),
        ]
    )
    async def imagine_video(
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 60],
        model: str | None = None,
        aspect: str | None = None,
        motion: app_commands.Range[int, 0, 4] | None = None,
        guidance: app_commands.Range[float, 1.0, 25.0] | None = None,
        seed: int | None = None,
        private: bool = False,
    ) -> None:
        bot.asked.append(
            {
                "prompt": prompt,
                "model": model,
                "aspect": aspect,
                "motion": motion,
                "guidance": guidance,
                "seed": seed,
                "private": private,
            }
        )
        await bot.make_clip(interaction, prompt)

    @imagine_video.autocomplete("model")
    async def suggest_model(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        if current == "slow":
            bot.asked_slowly.set()
            await bot.slow_suggestions.wait()
            return [app_commands.Choice(name="too late", value="late")]
        return [app_commands.Choice(name=m, value=m) for m in MODELS if current in m]

    @tree.command(name="animate", description="Bring a picture to life")
    @app_commands.describe(image="The first frame")
    async def animate(interaction: discord.Interaction, image: discord.Attachment) -> None:
        await interaction.response.send_message(
            f"{image.filename} {image.content_type} {len(await image.read())} bytes"
        )

    @tree.command(name="credits", description="Your balance")
    async def credits_left(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("You have **96** credits.", ephemeral=True)

    @tree.command(name="silent", description="Never answers")
    @app_commands.describe(word="Anything")
    async def silent(interaction: discord.Interaction, word: str) -> None:
        bot.asked.append({"word": word})

    quota = app_commands.Group(
        name="quota",
        description="Quotas of members",
        default_permissions=discord.Permissions(manage_guild=True),
    )

    @quota.command(name="show", description="What a member may use")
    @app_commands.describe(member="Whose quota")
    async def quota_show(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(f"{member.display_name} has 100 a day.")

    tree.add_command(quota)
