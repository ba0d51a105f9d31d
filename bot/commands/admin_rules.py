"""/admin rules: words that no prompt may say here, and a way to try them first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.rule_pages import RulePages
from bot.wording.word_rules import check_rule, first_breach
from storage import word_rules
from storage.database import Database
from storage.word_rules import WordRule


class WordRuleCommands(commands.Cog):
    """Part of `AdminCog`, which checks who asks."""

    database: Database
    rule_pages: RulePages

    rules = app_commands.Group(name="rules", description="Words that no prompt may say")

    @rules.command(name="add", description="Refuse prompts that say these words, also disguised")
    @app_commands.describe(words="Whole words; * stands for any letters within one")
    async def add_rule(
        self, interaction: discord.Interaction[Any], words: Range[str, 1, 60]
    ) -> None:
        words = " ".join(words.split())
        check_rule(words)
        await interaction.response.defer(ephemeral=True, thinking=True)
        added = await self.database.write(
            lambda connection: word_rules.add(
                connection,
                guild_id=interaction.guild_id or 0,
                rule_id=str(interaction.id),
                words=words,
                set_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        shown = discord.utils.escape_markdown(words)
        await interaction.followup.send(
            f"From now on, prompts that say “{shown}” are refused."
            if added
            else f"There is a rule “{shown}” already.",
            ephemeral=True,
        )

    @rules.command(name="remove", description="Allow words again")
    @app_commands.describe(words="As /admin rules list shows them")
    async def remove_rule(
        self, interaction: discord.Interaction[Any], words: Range[str, 1, 60]
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        words = " ".join(words.split())
        await self.database.write(
            lambda connection: word_rules.remove(
                connection,
                guild_id=interaction.guild_id or 0,
                words=words,
                removed_by=interaction.user.id,
                now=datetime.now(UTC),
            )
        )
        await interaction.followup.send(
            f"The rule “{discord.utils.escape_markdown(words)}” is removed.", ephemeral=True
        )

    @rules.command(name="list", description="The words that no prompt may say here")
    async def list_rules(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await self.rule_pages.page(interaction.guild_id or 0, 0)
        await interaction.followup.send(embed=page.embed, view=page.view, ephemeral=True)

    @rules.command(name="test", description="Whether a prompt would be refused; nothing is made")
    @app_commands.describe(
        prompt="What a member might type", words="Try these words instead of the rules there are"
    )
    async def test_rules(
        self,
        interaction: discord.Interaction[Any],
        prompt: Range[str, 1, 1500],
        words: Range[str, 1, 60] | None = None,
    ) -> None:
        if words is not None:
            words = " ".join(words.split())
            check_rule(words)
        await interaction.response.defer(ephemeral=True, thinking=True)
        if words is None:
            tried = await self._rules(interaction)
        else:
            now = datetime.now(UTC)
            tried = (WordRule(id="", words=words, set_by=interaction.user.id, set_at=now),)
        breach = first_breach(prompt, tried)
        if breach is None:
            said = "That prompt would be let through."
        else:
            rule = discord.utils.escape_markdown(breach.rule.words)
            read = discord.utils.escape_markdown(breach.words)
            said = f"That prompt would be refused by the rule “{rule}”: it reads “{read}”."
        await interaction.followup.send(said, ephemeral=True)

    async def _rules(self, interaction: discord.Interaction[Any]) -> tuple[WordRule, ...]:
        return await self.database.read(
            lambda connection: word_rules.rules(connection, guild_id=interaction.guild_id or 0)
        )
