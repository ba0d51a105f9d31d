"""Job ids: derived from the interaction, so that a replayed interaction names the same job."""

from __future__ import annotations

import base64

JOB_ID_PATTERN = "[a-z2-7]{13}"


def job_id_for(interaction_id: int) -> str:
    """13 characters of lower-case base32 of the 64-bit snowflake; fits custom ids and nonces."""
    return base64.b32encode(interaction_id.to_bytes(8, "big")).decode().rstrip("=").lower()
