"""The job card: the one message that shows a job from its price to its clip. Pure rendering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import discord

from bot.failures import failure_sentence
from bot.text import credit_count, duration, mention, quoted
from bot.views.job_buttons import JobAction, job_view
from generation.clip import ClipFacts, LoopMethod
from generation.job import JobState, Progress, Stage
from generation.models.catalogue import Catalogue
from generation.pocket.vocabulary import thing_names
from generation.request import Command, GenerationRequest, SourceClip
from storage.jobs import JobRecord
from storage.posting import pot_id

TITLES = {
    Command.IMAGINE_VIDEO: "Imagine video",
    Command.ANIMATE: "Animate",
    Command.LOOP: "Loop",
    Command.NARRATE: "Narrate",
    Command.EXTEND: "Extend",
    Command.UPSCALE: "Upscale",
    Command.SMOOTH: "Smooth",
    Command.RESTYLE: "Restyle",
    Command.KEYFRAMES: "Keyframes",
    Command.STORYBOARD_IMAGE: "Storyboard image",
}
COLOURS = {
    JobState.WAITING: discord.Colour(0x8A8F98),
    JobState.RUNNING: discord.Colour(0x3B82F6),
    JobState.SUCCEEDED: discord.Colour(0x22A06B),
    JobState.FAILED: discord.Colour(0xD9472B),
    JobState.CANCELLED: discord.Colour(0x8A8F98),
    JobState.DEAD: discord.Colour(0xD9472B),
}
AGAIN = (JobAction.REROLL, JobAction.VARY, JobAction.REMIX, JobAction.EDIT, JobAction.MODEL)
BAR_CELLS = 12
PROMPT_SHOWN_CHARACTERS = 900


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A waiting job's place (1 = next) and the seconds until its clip, where known.

    `paused`: moderators keep the guild's jobs from starting.
    """

    place: int
    seconds_left: float | None
    paused: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """A job card as it is sent: all but the clip itself."""

    embed: discord.Embed
    view: discord.ui.View


def draw_card(
    record: JobRecord,
    catalogue: Catalogue,
    *,
    standing: Standing | None = None,
    progress: Progress | None = None,
    shared: bool = False,
    likes: int = 0,
) -> Card:
    """The card for this state of the job; `shared`: its clip is in the gallery."""
    if record.takedown_reason is not None:
        return _taken_down(record, record.takedown_reason)
    card = _CardState(
        record=record,
        model_title=catalogue.title(record.model),
        standing=standing,
        progress=progress,
        shared=shared,
        likes=likes,
    )
    return Card(embed=_embed(card), view=_view(card))


@dataclass(frozen=True, kw_only=True, slots=True)
class _CardState:
    record: JobRecord
    model_title: str
    standing: Standing | None
    progress: Progress | None
    shared: bool
    likes: int


def _embed(card: _CardState) -> discord.Embed:
    record = card.record
    request = GenerationRequest.from_json(record.request_json)
    state = JobState(record.state)
    embed = discord.Embed(title=TITLES[request.command], colour=COLOURS[state])
    lines = [f"<@{record.user_id}> asked for{_lineage(record)}"]
    if request.prompt:
        lines.append(quoted(request.prompt, PROMPT_SHOWN_CHARACTERS))
    elif request.image_sha256 is not None:
        lines.append("> *the given picture, moving*")
    if request.source is not None:
        lines.append(f"> *{_worked_on(request, request.source)}*")
    if request.last_image_sha256:
        lines.append("> *which ends with the second picture*")
    if request.keyframes:
        times = ", ".join(f"{keyframe.seconds:.3g}" for keyframe in request.keyframes)
        lines.append(f"> *through {len(request.keyframes)} pictures, at {times} s*")
    lines.append(_status(card, state))
    embed.description = "\n".join(lines)
    embed.add_field(name="Settings", value=settings_line(request, card.model_title), inline=False)
    if record.clip_json and state is JobState.SUCCEEDED:
        _add_clip(embed, ClipFacts.from_json(record.clip_json))
    if card.likes:
        embed.add_field(name="Liked by", value=f"❤️ {card.likes}", inline=False)
    origin = "AI-generated · " if request.generated else ""
    embed.set_footer(text=f"{origin}job {record.id}")
    return embed


def _view(card: _CardState) -> discord.ui.View:
    """The buttons for this state of the job."""
    record = card.record
    state = JobState(record.state)
    if not state.terminal:
        return job_view(record.id, (JobAction.CANCEL,))
    made = state is JobState.SUCCEEDED
    command = Command(record.command)
    again: tuple[JobAction, ...] = ()
    further: tuple[JobAction, ...] = ()
    # Where nothing depends on a seed it would only be the same clip again.
    if command.imagines:
        again = AGAIN
        further = (JobAction.LOOP, JobAction.ANIMATE)
    further = (*further, JobAction.EXTEND, JobAction.RESTYLE)
    if not made or command.makes_still:
        further = ()
    kept: tuple[JobAction, ...] = ()
    if made and not record.private:
        kept = (JobAction.UNSHARE, JobAction.LIKE) if card.shared else (JobAction.SHARE,)
    kept += (JobAction.SEND, JobAction.REPORT) if made else ()
    return job_view(record.id, again, further, (*kept, JobAction.DELETE))


def _taken_down(record: JobRecord, reason: str) -> Card:
    """Neither clip nor words, but why, and what its author can do about it."""
    lines = [
        f"A clip of <@{record.user_id}> was here. 🛑 Moderators took it down: "
        f"{discord.utils.escape_markdown(reason)}",
        appeal_words(record),
    ]
    embed = discord.Embed(
        title="Taken down", colour=COLOURS[JobState.FAILED], description="\n".join(lines)
    )
    embed.set_footer(text=f"job {record.id}")
    actions = (JobAction.APPEAL,) if record.review_state == "down" else ()
    return Card(embed=embed, view=job_view(record.id, actions))


def appeal_words(record: JobRecord) -> str:
    """Where the author of a clip that is down stands."""
    match record.review_state:
        case "appealed":
            return "Its author has appealed; moderators decide."
        case "upheld":
            refusal = discord.utils.escape_markdown(record.appeal_refusal or "")
            return f"Its author appealed, and moderators left it so: {refusal}"
        case _:
            return "Its author may appeal, once, with the button below."


def _lineage(record: JobRecord) -> str:
    if record.parent_job_id is None:
        return ""
    author = f" by {mention(record.parent_user_id)}" if record.parent_user_id else ""
    return f" a remix of {record.parent_job_id}{author}"


def clip_filename(record: JobRecord) -> str:
    """The attachment's name in chat."""
    return f"reelroom-{record.command}-{record.id}{Command(record.command).suffix}"


def _status(card: _CardState, state: JobState) -> str:
    record = card.record
    price = price_words(record)
    held, given_back = _credits_words(record, price)
    match state:
        case JobState.WAITING:
            if card.standing is None:
                return f"⏳ Waiting · {held}"
            if card.standing.paused:
                return f"⏸️ Waiting, since moderators have paused the queue · {held}"
            left = card.standing.seconds_left
            eta = "no estimate yet" if left is None else f"about {duration(left)} left"
            place = "next" if card.standing.place == 1 else f"place {card.standing.place}"
            return f"⏳ {place.capitalize()} in the queue · {eta} · {held}"
        case JobState.RUNNING:
            return _progress_line(card.progress, price if record.relaxed else held)
        case JobState.SUCCEEDED:
            return f"✅ Done · {price}"
        case JobState.FAILED | JobState.DEAD:
            return f"❌ {failure_sentence(record.error_code, record.error_text)} {given_back}"
        case JobState.CANCELLED:
            return f"🚫 Cancelled. {given_back}"


def _credits_words(record: JobRecord, price: str) -> tuple[str, str]:
    """What is held for a job, and what is said when it came back."""
    if record.relaxed:
        return "relaxed: free, and after everybody who pays", "It cost nothing."
    if record.paying_pot is not None:
        whose = "server's" if record.paying_pot == pot_id(record.guild_id) else "theme's"
        return (
            f"{price} held, of the {whose} pot",
            f"The {price} went back into the {whose} pot, which had paid for it.",
        )
    return f"{price} held", f"Your {price} came back."


def price_words(record: JobRecord) -> str:
    """`2 credits`, or that it costs none."""
    return "relaxed, no credits" if record.relaxed else credit_count(record.price_credits)


def _progress_line(progress: Progress | None, price: str) -> str:
    if progress is None:
        return f"⚙️ Starting · {price}"
    if progress.stage is not Stage.GENERATING or progress.steps < 1:
        return f"⚙️ {progress.stage.value.capitalize()} · {price}"
    filled = round(BAR_CELLS * progress.step / progress.steps)
    bar = "▰" * filled + "▱" * (BAR_CELLS - filled)
    return f"⚙️ `{bar}` step {progress.step} of {progress.steps} · {price}"


def _worked_on(request: GenerationRequest, source: SourceClip) -> str:
    """What is done to which clip."""
    clip = "the uploaded clip" if source.job_id is None else f"the clip of job {source.job_id}"
    match request.command:
        case Command.UPSCALE:
            return f"{clip}, twice as large"
        case Command.SMOOTH:
            return f"{clip}, at {request.fps} frames a second"
        case Command.RESTYLE:
            whole = request.seconds >= source.seconds
            part = "" if whole else f"the first {request.seconds:g} s of "
            return f"made anew from {part}{clip}"
        case _:
            return f"{clip} ({source.seconds:.1f} s), and {request.seconds:g} s more"


def settings_line(request: GenerationRequest, model_title: str) -> str:
    """What was chosen, or filled in, for a request; its words apart."""
    if not request.command.imagines:
        return model_title
    parts = [model_title]
    if request.seconds:
        more = " more" if request.command is Command.EXTEND else ""
        parts.append(f"{request.seconds:g} s{more}")
    parts.append(request.aspect)
    if not request.command.makes_still:
        parts.append(f"motion {request.motion}")
    if request.strength is not None:
        parts.append(f"strength {request.strength:g}")
    if request.camera.moves:
        parts.append(f"camera {', '.join(request.camera.moves)}")
    parts += [f"{request.steps} steps", f"guidance {request.guidance:g}", f"seed `{request.seed}`"]
    if request.negative_prompt:
        parts.append("without " + quoted(request.negative_prompt, 120).removeprefix("> "))
    return " · ".join(parts)


LOOPS_MADE: Mapping[tuple[LoopMethod, ...], str] = {
    (LoopMethod.SAME_PICTURE,): "Made between twice the same picture.",
    (LoopMethod.SAME_PICTURE, LoopMethod.CROSSFADE): (
        "Made between twice the same picture; the seam showed, so the end is blended into the "
        "start."
    ),
    (LoopMethod.LATENT_ROLL,): "Made going round in time, so that no moment was its end.",
    (LoopMethod.LATENT_ROLL, LoopMethod.CROSSFADE): (
        "Made going round in time; the seam showed, so the end is blended into the start."
    ),
    (LoopMethod.CROSSFADE,): (
        "The end is blended into the start: the model has no better way to make this loop."
    ),
}


def _loop_made(facts: ClipFacts) -> str:
    words = LOOPS_MADE.get(facts.loop_methods)
    return "" if words is None else f"{words}\n"


def _seam(ratio: float, velocity_jump: float) -> str:
    """The figures of `generation/loop_seam.py` in words."""
    if ratio == velocity_jump == 0:
        return "Nothing moves in it."
    return (
        f"Seam: {ratio:.2f} of an ordinary step between frames (1 is perfect, above 1.5 shows) · "
        f"movement changes {velocity_jump:.1f} times as much as inside (above 3 jerks)"
    )


def _add_clip(embed: discord.Embed, facts: ClipFacts) -> None:
    made = f"made in {duration(facts.generation_seconds + facts.encoding_seconds)}"
    size = f"{facts.width} × {facts.height}"
    if facts.is_still:
        embed.add_field(name="Picture", value=f"{size} · {made}", inline=False)
    else:
        sound = ", with sound" if facts.has_audio else ""
        length = f"{facts.seconds:.2f} s, {size}, {facts.fps:g} fps{sound}"
        embed.add_field(name="Clip", value=f"{length} · {made}", inline=False)
    if facts.seam_ratio is not None and facts.seam_velocity_jump is not None:
        seam = _seam(facts.seam_ratio, facts.seam_velocity_jump)
        embed.add_field(name="Loop", value=f"{_loop_made(facts)}{seam}", inline=False)
    if facts.unknown_words:
        words = ", ".join(facts.unknown_words[:8])
        embed.add_field(
            name="Words this model does not know",
            value=f"{discord.utils.escape_markdown(words)}. The pocket model knows "
            f"{', '.join(thing_names()[:6])} …, not everything; see /models.",
            inline=False,
        )
    if facts.notes:
        embed.add_field(name="Notes", value="\n".join(facts.notes)[:1000], inline=False)
