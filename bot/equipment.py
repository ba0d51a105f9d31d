"""What the client is equipped with: every command and every button, with the parts they act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from discord.ext import commands

from bot.arena.parts import arena_parts
from bot.arena.referee import Referee
from bot.channel_messages import ChannelMessages
from bot.choices import Choices
from bot.client import ReelroomBot
from bot.clip_actions import ClipActions
from bot.clip_works import ClipWorks
from bot.commands.admin import AdminCog
from bot.commands.arena import ArenaCog
from bot.commands.clips import ClipsCog
from bot.commands.credits import CreditsCog
from bot.commands.gallery import GalleryCog
from bot.commands.generate import GenerateCog
from bot.commands.help import HelpCog
from bot.commands.jobs import JobsCog
from bot.commands.models import ModelsCog
from bot.commands.option_sets import OptionSetsCog
from bot.commands.pictures import PicturesCog
from bot.commands.preferences import PreferencesCog
from bot.commands.price import PriceCog
from bot.commands.privacy import PrivacyCog
from bot.commands.quota import QuotaCog
from bot.commands.show import ShowCog
from bot.commands.theme import ThemeCog
from bot.dead_jobs import DeadJobs
from bot.delivery import Delivery
from bot.finish_notices import FinishNotices
from bot.finished_cards import FinishedCards
from bot.gallery_actions import GalleryActions
from bot.gallery_pages import GalleryPages
from bot.guide import content
from bot.guide.example_runs import ExampleRuns
from bot.guide.pages import HelpPages
from bot.guild_models import GuildModels
from bot.job_actions import JobActions
from bot.languages import Languages
from bot.layered_options import LayeredOptions
from bot.log_pages import LogPages
from bot.moderator_deeds import ModeratorDeeds
from bot.option_pages import OptionPages
from bot.ordering import Ordering
from bot.privacy.parts import Privacy
from bot.reviewing.desk import ReviewDesk
from bot.reviewing.news import ReviewNews
from bot.reviewing.pages import ReviewPages
from bot.rule_pages import RulePages
from bot.showcase import Showcase
from bot.source_clips import SourceClips
from bot.source_pictures import SourcePictures
from bot.submission import Submission
from bot.themes.actions import ThemeActions
from bot.themes.moderating import ThemeModeration
from bot.themes.pages import ThemePages
from bot.themes.posting import ThemePosts
from bot.themes.taking_part import TakingPart
from config.settings import Settings
from generation.dispatcher import Dispatcher
from generation.models.catalogue import Catalogue
from storage.database import Database
from storage.instance_lock import InstanceLock
from storage.media_files import MediaFiles


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What remembers, and who may use it."""

    lock: InstanceLock
    database: Database
    media_files: MediaFiles


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """What speaks to Discord."""

    client: ReelroomBot
    messages: ChannelMessages
    finish_notices: FinishNotices
    delivery: Delivery
    referee: Referee
    cards: FinishedCards


def equip(
    settings: Settings,
    kept: Kept,
    posting: Posting,
    catalogue: Catalogue,
    dispatcher: Dispatcher,
    submission: Submission,
    pages: GalleryPages,
    showcase: Showcase,
    privacy: Privacy,
    theme_posts: ThemePosts,
    news: ReviewNews,
) -> None:
    """Gives the client its commands and buttons."""
    database, delivery = kept.database, posting.delivery
    ordering = Ordering(
        database=database,
        catalogue=catalogue,
        submission=submission,
        delivery=delivery,
        media_files=kept.media_files,
        preview_above=settings.credits.preview_above,
    )
    default_model = settings.generation.default_model
    guild_models = GuildModels(database=database, catalogue=catalogue, default_model=default_model)
    layered_options = LayeredOptions(
        database=database, catalogue=catalogue, guild_models=guild_models
    )
    option_pages = OptionPages(database=database)
    source_pictures = SourcePictures(
        database=database, media_files=kept.media_files, limits=settings.limits
    )
    source_clips = SourceClips(database=database, limits=settings.limits)
    dead_jobs = DeadJobs(database=database, submission=submission)
    moderator_deeds = ModeratorDeeds(database=database, dispatcher=dispatcher)
    log_pages = LogPages(database=database)
    languages, help_content = Languages.load(), content.load()
    help_pages = HelpPages(content=help_content, languages=languages, tree=posting.client.tree)
    theme_pages = ThemePages(database=database, media_files=kept.media_files)
    theme_moderation = ThemeModeration(database=database, posts=theme_posts)
    taking_part = TakingPart(database=database, pages=theme_pages)
    rule_pages = RulePages(database=database)
    review_desk = ReviewDesk(
        database=database,
        media_files=kept.media_files,
        pages=ReviewPages(database=database, media_files=kept.media_files, catalogue=catalogue),
        news=news,
    )
    gallery_actions = GalleryActions(
        database=database,
        cards=posting.cards,
        messages=posting.messages,
        media_files=kept.media_files,
        catalogue=catalogue,
        showcase=showcase,
        review_news=news,
    )
    arena = arena_parts(
        settings,
        database=database,
        catalogue=catalogue,
        submission=submission,
        delivery=delivery,
        referee=posting.referee,
        report=gallery_actions.ask_why,
        appeal=review_desk.ask_appeal,
    )
    job_actions = JobActions(
        database=database,
        dispatcher=dispatcher,
        messages=posting.messages,
        media_files=kept.media_files,
        clip_actions=ClipActions(
            ordering=ordering,
            media_files=kept.media_files,
            catalogue=catalogue,
            guild_models=guild_models,
        ),
        clip_works=ClipWorks(ordering=ordering, catalogue=catalogue, guild_models=guild_models),
        gallery_actions=gallery_actions,
        review_desk=review_desk,
    )

    def cogs() -> Iterable[commands.Cog]:
        return (
            GenerateCog(
                ordering=ordering,
                layered_options=layered_options,
                source_pictures=source_pictures,
            ),
            PicturesCog(
                ordering=ordering,
                layered_options=layered_options,
                source_pictures=source_pictures,
            ),
            ClipsCog(
                ordering=ordering,
                layered_options=layered_options,
                source_clips=source_clips,
                guild_models=guild_models,
            ),
            JobsCog(database=database, delivery=delivery),
            CreditsCog(settings=settings, database=database),
            GalleryCog(pages=pages),
            PriceCog(layered_options=layered_options, ordering=ordering),
            PrivacyCog(database=database, exporting=privacy.exporting),
            PreferencesCog(database=database, catalogue=catalogue, default_model=default_model),
            OptionSetsCog(
                database=database,
                catalogue=catalogue,
                default_model=default_model,
                pages=option_pages,
            ),
            ArenaCog(
                database=database,
                catalogue=catalogue,
                comparing=arena.comparing,
                leaderboards=arena.leaderboards,
            ),
            ShowCog(catalogue=catalogue, source_clips=source_clips),
            ModelsCog(settings=settings, catalogue=catalogue),
            HelpCog(pages=help_pages, languages=languages),
            ThemeCog(database=database, moderation=theme_moderation, taking_part=taking_part),
            QuotaCog(settings=settings, database=database),
            AdminCog(
                database=database,
                catalogue=catalogue,
                dead_jobs=dead_jobs,
                deeds=moderator_deeds,
                log_pages=log_pages,
                option_pages=option_pages,
                default_model=default_model,
                review_desk=review_desk,
                rule_pages=rule_pages,
            ),
        )

    posting.client.equip(
        cogs=cogs,
        job_actions=job_actions,
        gallery_pages=pages,
        dead_jobs=dead_jobs,
        moderator_deeds=moderator_deeds,
        log_pages=log_pages,
        option_pages=option_pages,
        ordering=ordering,
        choices=Choices(database=database, catalogue=catalogue, guild_models=guild_models),
        erasing=privacy.erasing,
        languages=languages,
        help_pages=help_pages,
        example_runs=ExampleRuns(content=help_content, pages=help_pages, database=database),
        theme_actions=ThemeActions(
            database=database, moderation=theme_moderation, taking_part=taking_part
        ),
        arena=arena.arena,
        review_desk=review_desk,
        rule_pages=rule_pages,
    )
