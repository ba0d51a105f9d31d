"""One line of an export's manifest for each job: what was asked, what came of it."""

from __future__ import annotations

import json
from typing import Any, Literal

from bot.card import clip_filename
from generation.clip import ClipFacts
from generation.request import GenerationRequest
from storage.jobs import JobRecord

Place = Literal["here", "beside", "too large", "no longer kept", "none was made"]
"""Where the clip's file is: in the same zip, sent as a file of its own, or nowhere."""


def manifest_line(record: JobRecord, *, shared: bool, place: Place) -> str:
    """A JSON object without line breaks."""
    request = GenerationRequest.from_json(record.request_json)
    facts = ClipFacts.from_json(record.clip_json) if record.clip_json else None
    settings: dict[str, Any] = json.loads(record.request_json)
    making = facts.making if facts else None
    entry = {
        "id": record.id,
        "time": record.created_at.isoformat(),
        "server": str(record.guild_id),
        "command": record.command,
        "prompt": settings.pop("prompt", ""),
        "settings": settings,
        "seed": str(request.seed),  # Beyond 2**53 many readers of JSON round.
        "model": record.model,
        "model_revision": facts.model_revision if facts else None,
        "versions": dict(making.versions) if making else {},
        "file": clip_filename(record) if place in ("here", "beside") else None,
        "file_is": place,
        "sha256": record.clip_sha256,
        "credits": 0 if record.relaxed or record.state != "succeeded" else record.price_credits,
        "state": record.state,
        "shared": shared,
        "remix_of": record.parent_job_id,
    }
    return json.dumps(entry, ensure_ascii=False)
