"""Every error -> the sentence that a user reads. The only place that owns such sentences.

An error that is not listed becomes an incident number for the user and a logged trace.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import discord
import structlog
from discord import app_commands

from bot import errors as bot_errors
from bot.text import duration
from generation import errors as generation_errors
from storage import arena_errors, moderation_errors, theme_errors
from storage import errors as storage_errors

log = structlog.get_logger(__name__)

Sentence = Callable[[Any], str]

SENTENCES: dict[type[BaseException], Sentence] = {
    generation_errors.UnknownModel: lambda e: (
        f"There is no model called “{e.model}” here. You can choose {_listed(e.enabled)}; "
        "see /models."
    ),
    generation_errors.UnsupportedOption: lambda e: (
        f"The {e.field} does not fit: {e.model} {e.said}."
        + (f" These can: {_listed(e.able)}." if e.able else "")
    ),
    generation_errors.UnusableImage: lambda e: f"I cannot use that picture: {e.reason}.",
    generation_errors.UnusableVideo: lambda e: f"I cannot use that video: {e.reason}.",
    generation_errors.InvalidRequest: lambda e: f"The {e.field} {e.reason}.",
    generation_errors.QueueFull: lambda e: (
        f"You already have {e.limit} jobs waiting or running; let one finish, or cancel one "
        "with /jobs."
        if e.scope == "user"
        else f"This server's queue is full ({e.limit} jobs). Try again in a little while."
    ),
    generation_errors.UnreadableMedia: lambda _: "I cannot read that video.",
    generation_errors.UnknownJob: lambda e: f"Job {e.job_id} is not in the queue.",
    storage_errors.InsufficientCredits: lambda e: (
        f"That costs {e.needed_credits} credits and you have {e.available_credits}. "
        "Credits come back every day; /credits shows when."
    ),
    storage_errors.PotLimitReached: lambda e: (
        f"That costs {e.needed_credits} credits and you have {e.available_credits}. The server's "
        f"pot pays at most {e.limit_credits} a day for a member, and has paid {e.used_credits} for "
        "you today. Credits come back every day; /credits shows when."
    ),
    storage_errors.JobExists: lambda e: (
        f"That is already job {e.job_id}; nothing more was charged."
    ),
    storage_errors.UnknownJob: lambda e: f"Job {e.job_id} does not exist any more.",
    storage_errors.NotShareable: lambda _: "Only a finished clip can be shared.",
    storage_errors.ShareRefused: lambda _: "Only its author can share a private clip.",
    storage_errors.NotInGallery: lambda _: "That clip is not in the gallery any more.",
    storage_errors.OwnClip: lambda _: "It is your own clip: likes are for others to give.",
    storage_errors.OfferExpired: lambda _: (
        "That offer is too old, or the price has changed. Nothing was charged; ask again."
    ),
    storage_errors.ErasureUnderWay: lambda _: (
        "Everything about you is being deleted; when that is done you can begin anew."
    ),
    storage_errors.ExportUnderWay: lambda _: (
        "Your last export is still on its way; one at a time. It comes here, or as direct messages."
    ),
    storage_errors.TooManyExports: lambda e: (
        f"You had {e.most} exports in a day; the next one is possible "
        f"{discord.utils.format_dt(e.again_at, 'R')}."
    ),
    arena_errors.UnknownComparison: lambda _: "That comparison does not exist any more.",
    arena_errors.ComparisonClosed: lambda e: _CLOSED[e.state],
    arena_errors.VoteIsFinal: lambda _: (
        "You know which model is which, so your vote stays as it is."
    ),
    arena_errors.NotVoted: lambda _: "Vote first: then I tell you which model made which clip.",
    storage_errors.InvalidCursor: lambda _: "That gallery page is gone; open /gallery again.",
    storage_errors.InvalidAmount: lambda _: "Give a positive whole number of credits.",
    storage_errors.InvalidAllowance: lambda _: "A daily allowance is zero or more credits.",
    moderation_errors.QueueDraining: lambda _: (
        "Moderators let no new jobs in for now; what waits is still made. Nothing was charged."
    ),
    moderation_errors.MemberBlocked: lambda e: (
        "Moderators do not let you make clips here"
        + (f" until {discord.utils.format_dt(e.until)}" if e.until else "")
        + f": {discord.utils.escape_markdown(e.reason)}. Nothing was charged."
    ),
    moderation_errors.ChannelNotAllowed: lambda e: (
        "Moderators allow clips in other channels only: "
        + ", ".join(f"<#{channel_id}>" for channel_id in e.channel_ids)
        + ". Nothing was charged."
    ),
    moderation_errors.ModelNotAllowed: lambda e: (
        f"Moderators do not allow {e.model} on this server. You can choose {_listed(e.models)}."
    ),
    moderation_errors.ClipTooLong: lambda e: (
        f"Moderators allow clips of at most {e.most_seconds:g} seconds; that is {e.seconds:g}."
    ),
    moderation_errors.ClipTooDear: lambda e: (
        f"Moderators allow clips for at most {e.most_credits} credits; that costs "
        f"{e.price_credits}."
    ),
    moderation_errors.ClipTakenDown: lambda e: (
        f"Moderators took that clip down: {discord.utils.escape_markdown(e.reason)}"
    ),
    moderation_errors.AlreadyReviewed: lambda e: _already_reviewed(e.state, e.changed_by),
    moderation_errors.InvalidBoost: lambda e: f"That is no boost: {e.reason}.",
    moderation_errors.UnknownBoost: lambda _: (
        "That boost is over, or was ended; see /quota boosts."
    ),
    moderation_errors.TooManyRules: lambda e: (
        f"A server has at most {e.most} word rules; remove one first."
    ),
    moderation_errors.UnknownWordRule: lambda e: (
        f"There is no rule “{discord.utils.escape_markdown(e.words)}”; see /admin rules list."
    ),
    storage_errors.UnknownOptionSet: lambda e: (
        f"You have no option set “{discord.utils.escape_markdown(e.name)}”; see /options list."
    ),
    storage_errors.TooManyOptionSets: lambda e: (
        f"You have {e.most} option sets, as many as there may be; /options delete makes room."
    ),
    theme_errors.UnknownTheme: lambda _: "There is no such theme here; see /theme show.",
    theme_errors.WrongPhase: lambda e: (
        f"“{discord.utils.escape_markdown(e.title)}” {_PHASES[e.phase]}; see /theme show."
    ),
    theme_errors.NotEnterable: lambda e: _NOT_ENTERABLE[e.reason].format(e.job_id),
    theme_errors.PrivateClip: lambda e: (
        f"Job {e.job_id} is private, and entering it would show it. Enter it with the button and "
        "say that this is fine."
    ),
    theme_errors.NotEntered: lambda _: "You have no entry in this theme.",
    theme_errors.UnknownEntry: lambda e: f"Entry {e.number} takes part no more.",
    theme_errors.OwnEntry: lambda e: (
        f"Entry {e.number} is your own: your votes are for those of others."
    ),
    storage_errors.MediaFileMissing: lambda _: "That clip's file is no longer kept here.",
    storage_errors.MediaFileCorrupt: lambda _: "That clip's file is damaged on disk.",
    storage_errors.DiskFull: lambda _: (
        "The bot's disk is full, so the clip could not be kept. Please tell whoever runs it."
    ),
    storage_errors.DatabaseFull: lambda _: (
        "The bot's disk is full, so nothing was started. Please tell whoever runs it."
    ),
    storage_errors.DatabaseReadOnly: lambda _: (
        "The bot's database takes nothing now, so nothing was started. Please tell whoever runs it."
    ),
    storage_errors.DatabaseUnreachable: lambda _: (
        "The bot's database does not answer, so nothing was started. Try again in a while."
    ),
    storage_errors.DatabaseBusy: lambda _: "The bot is busy; nothing was started. Try again.",
    bot_errors.NotAllowed: lambda e: f"Only the author or a moderator can {e.action} this.",
    bot_errors.OnlyTheAuthor: lambda e: f"Only its author can {e.action} here.",
    bot_errors.ModeratorsOnly: lambda e: (
        f"That command is for moderators: it needs the permission “{e.permission}”."
    ),
    bot_errors.ChannelForbidden: lambda e: (
        f"I may not post in this channel (missing: {_listed(e.missing)}). Nothing was charged; "
        "try another channel or ask a moderator."
    ),
    bot_errors.JobUnavailable: lambda e: f"Job {e.job_id} does not exist any more.",
    bot_errors.NoCardThere: lambda _: "The linked message is no card of mine on this server.",
    bot_errors.TwoClipsThere: lambda e: (
        f"The linked message shows two clips: A is job `{e.job_ids[0]}`, B is job "
        f"`{e.job_ids[1]}`. Name the one that you mean."
    ),
    bot_errors.NoFinishedClip: lambda e: f"Job {e.job_id} has no finished clip.",
    bot_errors.NotCancellable: lambda e: f"That job has already {_ended(e.state)}.",
    bot_errors.NotRequeueable: lambda e: (
        f"Job {e.job_id} is not on the list of dead jobs any more; see /admin dead."
    ),
    bot_errors.AuthorCannotPay: lambda e: (
        f"That costs {e.needed_credits} credits and <@{e.user_id}> has {e.available_credits}. "
        "Grant them some with /quota grant, or let them wait for tomorrow's. Nothing was changed."
    ),
    bot_errors.WordsNotAllowed: lambda e: (
        f"Moderators do not allow “{discord.utils.escape_markdown(e.words)}” in a prompt here. "
        "Nothing was charged; use other words."
    ),
    bot_errors.UnknownActKind: lambda e: (
        f"There is no kind of act “{discord.utils.escape_markdown(e.typed)}”; choose one of those "
        "that are offered while you type."
    ),
    bot_errors.UnusableWordRule: lambda e: f"The rule {e.reason}.",
    bot_errors.OneSubjectOnly: lambda _: (
        "Name a member, a role or a channel, only one of them; or none, for everybody's default."
    ),
    bot_errors.NotADay: lambda e: (
        f"“{discord.utils.escape_markdown(e.text)}” is no day; write it as 2026-12-31."
    ),
    bot_errors.NotADeadline: lambda e: (
        f"“{discord.utils.escape_markdown(e.text)}” is no deadline that I can keep: {e.reason}. "
        "Write it as 3d, 36h, 2026-12-31 or 2026-12-31 18:00 (UTC). Nothing was opened."
    ),
    bot_errors.ThreadsForbidden: lambda e: (
        f"I may not open a theme in this channel (missing: {_listed(e.missing)}). Nothing was "
        "opened; give me these permissions here, or try another channel."
    ),
    bot_errors.NoThreadHere: lambda _: (
        "A theme gets a thread of its own: open it in a text channel, not in a thread."
    ),
    bot_errors.ThemeNotOpened: lambda _: (
        "Discord let me post no message or start no thread in this channel, so the theme is not "
        "open, and its pot went back. Check my permissions here and open it again."
    ),
    bot_errors.NoThemeHere: lambda e: (
        "Which theme? Use the command in its thread: "
        + ", ".join(f"<#{thread_id}>" for thread_id in e.thread_ids)
        + "."
        if e.thread_ids
        else "No theme is open on this server now. Moderators open one with /theme open."
    ),
    bot_errors.NothingToEnter: lambda _: (
        "You have no finished clip here yet. Make one with /imagine-video, then enter it."
    ),
    bot_errors.EmptyGallery: lambda _: (
        "Nobody has shared a clip here yet. Make one with /imagine-video and press "
        "“Share to gallery”."
    ),
    bot_errors.NothingFound: lambda _: "No shared clip here is like that.",
    bot_errors.NoOtherModel: lambda e: (
        f"No other model that is enabled here does /{e.command}; see /models."
    ),
    bot_errors.NothingToExport: lambda _: (
        "There is nothing of yours to export here: no job of yours has ended, or none before that."
    ),
    bot_errors.NoOpponent: lambda e: (
        "A comparison needs two that can make this clip here, and "
        + (f"there is only {_listed(e.able)}" if e.able else "there is none")
        + ". Nothing was charged; see /models."
    ),
    bot_errors.StillBlind: lambda e: (
        f"Job {e.job_id} is part of a comparison that is not revealed yet, so I do not tell what "
        "made it. Whoever asked for the comparison can press Reveal."
    ),
    bot_errors.NoVotesYet: lambda _: (
        "Nobody has voted yet. `/compare` makes two clips of the same words, and asks which is "
        "better."
    ),
    bot_errors.DirectMessagesClosed: lambda _: (
        "I may not write to you: allow direct messages from members of this server, and press "
        "again."
    ),
    bot_errors.UnknownHelpTopic: lambda e: (
        f"I have no help about “{discord.utils.escape_markdown(e.text)}”."
        + (f" Did you mean {_listed(e.close)}?" if e.close else " /help lists the topics.")
    ),
    bot_errors.UnknownExample: lambda _: "That example is gone; open /help again.",
    bot_errors.NothingMadeYet: lambda e: (
        f"That takes a {e.what} of yours, and you have made none here yet. Make one first."
    ),
    bot_errors.Draining: lambda _: "The bot is restarting; try again in a minute.",
    bot_errors.TokenRefused: lambda _: (
        "Discord lets me post no more until whoever runs me gives me a new token. Nothing was "
        "charged."
    ),
    app_commands.NoPrivateMessage: lambda _: "Use me in a server's channel.",
    app_commands.TransformerError: lambda e: f"“{e.value}” is not a value I can use there.",
}

_PHASES: dict[theme_errors.ThemePhase, str] = {
    "entering": "is open for entries, and the vote has not begun",
    "voting": "is being voted on, so its entries stay as they are",
    "decided": "is over",
    "cancelled": "was cancelled",
}
_NOT_ENTERABLE = {
    "another's": "Job {} is not yours: only your own clips of this server take part.",
    "unfinished": "Job {} has no finished clip yet; enter it when it is done.",
    "taken down": "The clip of job {} was taken down by the moderators; enter another one.",
    "deleted": "The clip of job {} was deleted; enter another one.",
}
_CLOSED = {
    "making": "The clips are not made yet; vote when both are here.",
    "voting": "It is being voted on.",
    "revealed": "The models are revealed, so no more votes are taken.",
    "called_off": "That comparison was called off.",
    "taken_down": "Moderators took one of the clips down, so nobody can vote before it is back. "
    "The votes that were given stay.",
}


def sentence_for(error: BaseException) -> str | None:
    """The sentence for this error, by its class or the nearest listed ancestor."""
    for ancestor in type(error).__mro__:
        if ancestor in SENTENCES:
            return SENTENCES[ancestor](error)
    return None


async def answer_error(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tells the member privately what went wrong, however far the interaction has come."""
    cause = getattr(error, "original", None)
    if isinstance(error, app_commands.CommandInvokeError) and isinstance(cause, BaseException):
        error = cause
    sentence = sentence_for(error)
    if sentence is None:
        incident = secrets.token_hex(4)
        log.error("incident", incident=incident, exc_info=error)
        sentence = f"Something went wrong on my side (incident {incident}). Nothing was lost."
    elif isinstance(error, bot_errors.ModeratorsOnly | bot_errors.NotAllowed):
        log.warning(
            "refused",
            user_id=interaction.user.id,
            guild_id=interaction.guild_id,
            what=_asked_for(interaction),
            error=repr(error),
        )
    try:
        await answer(interaction, sentence)
    except discord.HTTPException:
        log.warning("reply.undelivered", interaction_id=interaction.id)


async def answer(interaction: discord.Interaction[Any], text: str) -> None:
    """A private answer: the first response, or a follow-up to a deferred one."""
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True)
    else:
        await interaction.response.send_message(text, ephemeral=True)


def _asked_for(interaction: discord.Interaction[Any]) -> str:
    """The command's name, or the custom id of what was pressed."""
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    return str((interaction.data or {}).get("custom_id", ""))


def waiting_sentence(place: int, seconds_left: float | None, *, paused: bool = False) -> str:
    """Where a new job stands."""
    if paused:
        return "Moderators have paused the queue; it waits until they go on."
    where = "It is next" if place <= 1 else f"It is number {place} in the queue"
    return f"{where}." if seconds_left is None else f"{where}, about {duration(seconds_left)}."


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _already_reviewed(state: str, changed_by: int) -> str:
    """That somebody was quicker, or that there is nothing to decide."""
    stands = {
        "reported": "It waits for a decision.",
        "closed": "It is not taken down, and waits for nothing.",
        "down": "It is taken down.",
        "appealed": "It is taken down, and its author has appealed.",
        "upheld": "It is taken down, and the appeal was refused.",
    }[state]
    who = f" <@{changed_by}> was the last to change that." if changed_by else ""
    return f"Nothing was changed. {stands}{who}"


def _ended(state: str) -> str:
    return {"succeeded": "finished", "cancelled": "been cancelled"}.get(state, "failed")
