"""Nobody reads an error class's name: every error that can reach a person has its sentence."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest

from bot import channel_messages
from bot import errors as bot_errors
from bot.error_codes import error_code
from bot.failures import FAILURES
from bot.replies import SENTENCES
from generation import errors as generation_errors
from storage import errors as storage_errors
from storage import moderation_errors, theme_errors

# Said in one line on the terminal, since the bot does not start (see tests/bot/test_start.py).
SAID_AT_THE_START = {
    storage_errors.DatabaseError,
    generation_errors.InvalidCatalogue,
    generation_errors.LicenceNotAccepted,
}

# Met by listeners and the delivery, which log them; no member waits for an answer there.
NEVER_ANSWERS_A_MEMBER = {
    channel_messages.TooLarge,
    channel_messages.Undeliverable,
    generation_errors.UnreadableMedia,
    storage_errors.TransferConflict,
    storage_errors.UnknownReservation,
    storage_errors.AlreadyResolved,
    storage_errors.StaleAttempt,
    storage_errors.IllegalMove,
    storage_errors.InvalidMediaName,
}


def leaves(module: ModuleType) -> list[type[Exception]]:
    """The errors of a module that are raised: those without a subclass of their own."""
    classes = [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Exception) and each.__module__ == module.__name__
    ]
    return [each for each in classes if not each.__subclasses__()]


ERRORS = [
    *leaves(generation_errors),
    *leaves(storage_errors),
    *leaves(moderation_errors),
    *leaves(theme_errors),
    *leaves(bot_errors),
    *leaves(channel_messages),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_a_reply(error: type[Exception]) -> None:
    if issubclass(error, generation_errors.ExecutionError):
        assert error_code(error.__new__(error)) in FAILURES, "the card must say why"
    elif error not in NEVER_ANSWERS_A_MEMBER:
        listed = set(SENTENCES) | SAID_AT_THE_START
        assert listed & set(error.__mro__), f"{error.__name__} needs its sentence"


def test_every_failure_on_a_card_is_one_that_can_happen() -> None:
    """A sentence for an error that was renamed would never be read again."""
    codes = {error_code(error.__new__(error)) for error in ERRORS}
    assert set(FAILURES) - codes <= {"card_not_posted"}
