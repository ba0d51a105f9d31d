"""What a clip says about itself inside its file: that it is AI-generated, and from what."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass

TITLE_MAX_CHARACTERS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipLabel:
    """The settings that make the same clip again."""

    prompt: str
    negative_prompt: str
    model: str
    model_revision: str
    seed: int
    steps: int
    guidance: float
    command: str

    def to_tags(self) -> dict[str, str]:
        """MP4 tags: `comment` for people, `description` (JSON) for `from_tags`."""
        return {
            "title": self.prompt[:TITLE_MAX_CHARACTERS],
            "comment": f"AI-generated. Model {self.model}, seed {self.seed}.",
            "description": json.dumps({"ai_generated": True} | dataclasses.asdict(self)),
        }

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> ClipLabel | None:
        """None where the tags are not ours."""
        try:
            fields = json.loads(tags["description"])
            if fields.pop("ai_generated") is not True:
                return None
            return cls(**fields)
        except (KeyError, ValueError, TypeError, AttributeError):
            return None
