"""Refusals that belong to Discord: who may do what, where.

BotError
├── NotAllowed          this member may not do that to this job
│   └── OnlyTheAuthor   nor may a moderator
├── ModeratorsOnly      the command needs a moderator's permission
├── ChannelForbidden    the bot may not post where the command was typed
├── JobUnavailable      the job of a button or page is gone
├── NoCardThere         a linked message is none of the bot's cards here
├── TwoClipsThere       a linked message shows two clips of a comparison
├── NoFinishedClip      the job has no clip, or not yet
├── NotCancellable      the job has already ended
├── NotRequeueable      the job is not dead, or was tried again before
├── AuthorCannotPay     a dead job's author lacks the credits to try it again
├── WordsNotAllowed     a prompt says what moderators do not allow
├── UnknownActKind      no kind of act that the moderators' log has
├── UnusableWordRule    a rule that would hit nothing, or nearly everything
├── OneSubjectOnly      a rule for several of member, role and channel at once
├── NotADay             not a day of the calendar
├── NotADeadline        not a time to come, within reason
├── ThreadsForbidden    the bot may not open a theme's thread here
├── NoThreadHere        a theme's thread belongs to a text channel
├── ThemeNotOpened      Discord took neither its message nor its thread
├── NoThemeHere         no theme is meant, or several could be
├── NothingToEnter      the member has no finished clip here
├── EmptyGallery        nobody has shared a clip here
├── NothingFound        no shared clip is what was looked for
├── NothingToExport     the member has made nothing here
├── NoOtherModel        no other model that is enabled can make it
├── NoOpponent          there are no two models to compare
├── StillBlind          nobody is to know yet which model made the clip
├── NoVotesYet          there is nothing to rate
├── DirectMessagesClosed the member takes no direct messages from the bot
├── UnknownHelpTopic    /help was asked for what is neither a topic nor a command
├── UnknownExample      the example of a button of /help is gone
├── NothingMadeYet      an example needs a clip of the member, who has none here
├── Draining            the bot is stopping and takes no new jobs
└── TokenRefused        Discord does not accept the token
"""

from __future__ import annotations

from discord import app_commands


class BotError(Exception):
    """Root of this package's errors."""


class NotAllowed(BotError):
    """`action` is a verb for the sentence: "delete", "cancel"."""

    def __init__(self, action: str) -> None:
        super().__init__(action)
        self.action = action


class OnlyTheAuthor(NotAllowed):
    """What its author alone may do, whoever asks."""


class ModeratorsOnly(BotError, app_commands.CheckFailure):
    """`permission` is the name that Discord's role editor shows.

    A check's failure too, so that discord.py hands it to the command tree's error handler.
    """

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class ChannelForbidden(BotError):
    """`missing` lists permissions of the bot as Discord's role editor names them."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class JobUnavailable(BotError):
    """No such job any more."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class NoCardThere(BotError):
    """A message that shows no job of this server."""

    def __init__(self, link: str) -> None:
        super().__init__(link)
        self.link = link


class TwoClipsThere(BotError):
    """A message of a comparison: nobody knows which of its clips is meant."""

    def __init__(self, job_ids: tuple[str, str]) -> None:
        super().__init__(*job_ids)
        self.job_ids = job_ids


class NoFinishedClip(BotError):
    """There is nothing to work on: the job still runs, or made no clip."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class NotCancellable(BotError):
    """`state` is the terminal state that the job already has."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class NotRequeueable(BotError):
    """Only a dead job that nobody has requeued can be."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class AuthorCannotPay(BotError):
    """The member whose dead job is to be tried again has too few credits."""

    def __init__(self, *, user_id: int, needed_credits: int, available_credits: int) -> None:
        super().__init__(f"{needed_credits} needed, {available_credits} available")
        self.user_id = user_id
        self.needed_credits = needed_credits
        self.available_credits = available_credits


class WordsNotAllowed(BotError):
    """`words` are those of the prompt, as they were read."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class UnknownActKind(BotError):
    """`typed` is no kind of act of the moderators' log."""

    def __init__(self, typed: str) -> None:
        super().__init__(typed)
        self.typed = typed


class UnusableWordRule(BotError):
    """`reason` goes on after "The rule"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OneSubjectOnly(BotError):
    """A rule is for a member, a role or a channel."""


class NotADay(BotError):
    """`text` is not a day as 2026-12-31."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotADeadline(BotError):
    """`reason` goes on after what was typed."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.text = text
        self.reason = reason


class ThreadsForbidden(BotError):
    """`missing` lists permissions of the bot as Discord's role editor names them."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class NoThreadHere(BotError):
    """The command was typed in a thread, or where threads cannot be."""


class ThemeNotOpened(BotError):
    """Nothing of it is left, and its pot is where it came from."""


class NoThemeHere(BotError):
    """`thread_ids` are those of the themes that could be meant; none if there is no theme."""

    def __init__(self, thread_ids: tuple[int, ...]) -> None:
        super().__init__(str(thread_ids))
        self.thread_ids = thread_ids


class NothingToEnter(BotError):
    """No clip of the member's can take part in a theme."""


class EmptyGallery(BotError):
    """This guild's gallery has no clip."""


class NothingFound(BotError):
    """The gallery has clips, and none that fits the search."""


class NothingToExport(BotError):
    """The member has no job that has ended, or none before the one they named."""


class NoOtherModel(BotError):
    """`command` is what the others cannot do."""

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self.command = command


class NoOpponent(BotError):
    """`able` are the names of those who could be compared: one, or none."""

    def __init__(self, able: tuple[str, ...]) -> None:
        super().__init__(", ".join(able))
        self.able = able


class StillBlind(BotError):
    """The clip is part of a comparison that is not revealed."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class NoVotesYet(BotError):
    """No vote that counts in the ratings."""


class DirectMessagesClosed(BotError):
    """Discord does not let the bot write to this member."""


class UnknownHelpTopic(BotError):
    """`text` is what was typed, `close` the names that are near it."""

    def __init__(self, text: str, *, close: tuple[str, ...]) -> None:
        super().__init__(text)
        self.text = text
        self.close = close


class UnknownExample(BotError):
    """A page of /help from before an update, with an example that there is no more."""

    def __init__(self, example_id: str) -> None:
        super().__init__(example_id)
        self.example_id = example_id


class NothingMadeYet(BotError):
    """`what` is what the member has not made here: "clip" or "picture"."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Draining(BotError):
    """The bot is about to stop."""


class TokenRefused(BotError):
    """Missing, malformed or rejected by Discord."""
