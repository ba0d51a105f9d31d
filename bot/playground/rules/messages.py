"""What a message may contain: content, embeds, attachments, flags, components."""

from collections.abc import Collection
from typing import Any, Literal, cast

from bot.playground.errors import FormErrors, Path
from bot.playground.json_types import JsonObject
from bot.playground.rules.components import check_components
from bot.playground.rules.fields import (
    check_known_keys,
    check_text,
    check_url,
    check_whole_number,
    objects,
    words,
)

MessageKind = Literal["channel", "channel_edit", "interaction", "interaction_edit"]

COMPONENTS_V2 = 1 << 15
# `tts` means nothing in an edit, but discord.py always sends it.
_SHARED = {"content", "embeds", "allowed_mentions", "components", "attachments", "flags", "tts"}
KNOWN_KEYS: dict[MessageKind, frozenset[str]] = {
    "channel": frozenset(
        _SHARED | {"nonce", "enforce_nonce", "message_reference", "sticker_ids", "poll"}
    ),
    "channel_edit": frozenset(_SHARED | {"sticker_ids"}),
    "interaction": frozenset(
        _SHARED | {"poll", "username", "avatar_url", "thread_name", "applied_tags"}
    ),
    "interaction_edit": frozenset(_SHARED | {"poll"}),
}
ALLOWED_FLAGS: dict[MessageKind, int] = {
    "channel": 1 << 2 | 1 << 12 | COMPONENTS_V2,
    "channel_edit": 1 << 2 | COMPONENTS_V2,
    "interaction": 1 << 2 | 1 << 6 | 1 << 12 | COMPONENTS_V2,
    "interaction_edit": 1 << 2 | COMPONENTS_V2,
}
EMBED_KEYS = words(
    "type url title color timestamp description author image thumbnail footer fields "
    "provider video flags"
)
# The whole attachment object is accepted: an edit may send back what it has received.
ATTACHMENT_KEYS = words(
    "id filename description duration_secs waveform title is_spoiler is_remix size url "
    "proxy_url content_type width height ephemeral flags"
)


def check_message(
    body: JsonObject, kind: MessageKind, *, file_indexes: Collection[int], was_v2: bool = False
) -> None:
    """Raise ApiError 50035 unless Discord would take this body.

    `file_indexes` are the n of the `files[n]` parts; `was_v2` tells that the message to edit
    already consists of v2 components.
    """
    errors = FormErrors()
    check_known_keys(errors, (), body, KNOWN_KEYS[kind])
    check_text(errors, (), body, "content", at_most=2000)
    if isinstance(body.get("nonce"), str):
        check_text(errors, (), body, "nonce", at_most=25)
    _check_embeds(errors, body)
    _check_attachments(errors, body, file_indexes)
    _check_flags(errors, body, kind)
    flags = body.get("flags")
    v2 = was_v2 or (isinstance(flags, int) and bool(flags & COMPONENTS_V2))
    if v2:
        _check_no_legacy_fields(errors, body)
    if body.get("poll") is not None or body.get("sticker_ids"):
        key = "poll" if body.get("poll") is not None else "sticker_ids"
        errors.add((key,), "NOT_IN_PLAYGROUND", "The playground has no polls and no stickers")
    check_components(errors, (), body, v2=v2)
    errors.raise_if_any()


def _check_flags(errors: FormErrors, body: JsonObject, kind: MessageKind) -> None:
    flags: Any = body.get("flags")
    if flags is None:
        return
    check_whole_number(errors, (), body, "flags", at_least=0, at_most=(1 << 31) - 1)
    if isinstance(flags, int) and flags & ~ALLOWED_FLAGS[kind]:
        errors.add(
            ("flags",), "MESSAGE_FLAGS_INVALID", "These flags may not be set on this message"
        )


def _check_no_legacy_fields(errors: FormErrors, body: JsonObject) -> None:
    for key in ("content", "embeds", "sticker_ids", "poll"):
        if body.get(key):
            errors.add(
                (key,),
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )


def _check_attachments(errors: FormErrors, body: JsonObject, file_indexes: Collection[int]) -> None:
    listed = objects(errors, (), body, "attachments", at_most=10)
    if len(file_indexes) > 10:
        errors.add(("files",), "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    for path, attachment in listed:
        check_known_keys(errors, path, attachment, ATTACHMENT_KEYS)
        check_text(errors, path, attachment, "filename", at_most=1024)
        check_text(errors, path, attachment, "description", at_most=1024)
        if not str(attachment.get("id", "")).isdigit():
            errors.add((*path, "id"), "NUMBER_TYPE_COERCE", "Value is not snowflake.")


def _check_embeds(errors: FormErrors, body: JsonObject) -> None:
    characters = 0
    for path, embed in objects(errors, (), body, "embeds", at_most=10):
        characters += _check_embed(errors, path, embed)
    if characters > 6000:
        errors.add(
            ("embeds",),
            "MAX_EMBED_SIZE_EXCEEDED",
            "Embed size exceeds maximum size of 6000",
        )


def _check_embed(errors: FormErrors, path: Path, embed: JsonObject) -> int:
    """Note an embed's mistakes and return how many characters it counts."""
    check_known_keys(errors, path, embed, EMBED_KEYS)
    check_text(errors, path, embed, "title", at_most=256)
    check_text(errors, path, embed, "description", at_most=4096)
    check_whole_number(errors, path, embed, "color", at_least=0, at_most=0xFFFFFF)
    if embed.get("url"):
        check_url(errors, (*path, "url"), embed["url"])
    for key in ("image", "thumbnail"):
        picture = embed.get(key)
        if picture:
            url = picture.get("url")
            check_url(errors, (*path, key, "url"), url, attachment=True)
    counted = [embed.get("title"), embed.get("description")]
    for key, inner, at_most in (("author", "name", 256), ("footer", "text", 2048)):
        part = embed.get(key)
        if isinstance(part, dict):
            part = cast(JsonObject, part)
            check_text(errors, (*path, key), part, inner, at_most=at_most, required=True)
            counted.append(part.get(inner))
    for field_path, entry in objects(errors, path, embed, "fields", at_most=25):
        check_known_keys(errors, field_path, entry, frozenset(("name", "value", "inline")))
        check_text(errors, field_path, entry, "name", at_most=256, required=True)
        check_text(errors, field_path, entry, "value", at_most=1024, required=True)
        counted += [entry.get("name"), entry.get("value")]
    if not any(embed.get(key) for key in EMBED_KEYS - {"type", "color", "timestamp", "flags"}):
        errors.required((*path, "description"))
    return sum(len(text) for text in counted if isinstance(text, str))
