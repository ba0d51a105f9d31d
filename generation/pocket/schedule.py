"""The times at which a sampler takes its steps. Free of torch."""

SHIFT = 3.0
"""How far the times lean towards noise, as in Stable Diffusion 3 (Esser et al., 2024, eq. 23)."""


def shifted_timesteps(steps: int, *, begin: float = 1.0) -> list[float]:
    """Times of 1000, one a step, from `begin` (1 is pure noise) on; evenly spaced, then shifted."""
    even = [begin * (1 - step / steps) for step in range(steps)]
    return [1000 * SHIFT * time / (1 + (SHIFT - 1) * time) for time in even]
