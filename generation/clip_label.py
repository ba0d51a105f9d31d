"""What a clip says about itself inside its file: whether it is AI-generated, and from what."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass

TITLE_MAX_CHARACTERS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipLabel:
    """The settings that make the same clip again. `generated`: a model had a part in it; not where
    somebody's upload was merely made larger or smoother."""

    prompt: str
    negative_prompt: str
    model: str
    model_revision: str
    seed: int
    steps: int
    guidance: float
    command: str
    generated: bool = True

    def to_tags(self) -> dict[str, str]:
        """MP4 tags: `comment` for people, `description` (JSON) for `from_tags`."""
        fields = dataclasses.asdict(self)
        origin = {"ai_generated": fields.pop("generated")}
        if self.generated:
            comment = f"AI-generated. Model {self.model}, seed {self.seed}."
        else:
            comment = f"An uploaded video, worked on by {self.model}."
        return {
            "title": self.prompt[:TITLE_MAX_CHARACTERS],
            "comment": comment,
            "description": json.dumps(origin | fields),
        }

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> ClipLabel | None:
        """None where the tags are not ours."""
        try:
            fields = json.loads(tags["description"])
            generated = fields.pop("ai_generated")
            return cls(**fields, generated=generated) if isinstance(generated, bool) else None
        except (KeyError, ValueError, TypeError, AttributeError):
            return None
