"""What the arena is put together from, for the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from bot.arena.arena import Arena
from bot.arena.comparing import Comparing
from bot.arena.comparison_messages import ComparisonMessages
from bot.arena.leaderboard import Leaderboards
from bot.arena.objections import Objections, OpenForm
from bot.arena.referee import Referee
from bot.arena.voting import Voting
from bot.channel_messages import ChannelMessages
from bot.delivery import Delivery
from bot.finish_notices import FinishNotices
from bot.submission import Submission
from config.settings import Settings
from generation.models.catalogue import Catalogue
from storage.database import Database
from storage.media_files import MediaFiles


@dataclass(frozen=True, kw_only=True, slots=True)
class ArenaParts:
    """What commands and buttons need of it."""

    arena: Arena
    comparing: Comparing
    leaderboards: Leaderboards


def open_referee(
    settings: Settings,
    *,
    database: Database,
    media_files: MediaFiles,
    catalogue: Catalogue,
    messages: ChannelMessages,
    finish_notices: FinishNotices,
    delivery: Delivery,
) -> Referee:
    """A dispatcher listener; whoever opens it starts and closes it."""
    return Referee(
        database=database,
        catalogue=catalogue,
        messages=ComparisonMessages(
            messages=messages,
            media_files=media_files,
            max_bytes=settings.delivery.attachment_bytes,
        ),
        finish_notices=finish_notices,
        delivery=delivery,
    )


def arena_parts(
    settings: Settings,
    *,
    database: Database,
    catalogue: Catalogue,
    submission: Submission,
    delivery: Delivery,
    referee: Referee,
    report: OpenForm,
    appeal: OpenForm,
) -> ArenaParts:
    comparing = Comparing(
        database=database,
        catalogue=catalogue,
        submission=submission,
        delivery=delivery,
        referee=referee,
        preview_above=settings.credits.preview_above,
    )
    voting = Voting(database=database, catalogue=catalogue, referee=referee)
    return ArenaParts(
        arena=Arena(
            comparing=comparing,
            voting=voting,
            objections=Objections(database=database, report=report, appeal=appeal),
        ),
        comparing=comparing,
        leaderboards=Leaderboards(
            database=database, catalogue=catalogue, least_votes=settings.arena.least_votes
        ),
    )
