"""The times at which the pocket model takes its sampling steps. Free of torch."""

SHIFT = 3.0
"""How far the times lean towards noise, as in Stable Diffusion 3 (Esser et al., 2024, eq. 23)."""


def sampling_timesteps(steps: int) -> list[float]:
    """Times of 1000 from pure noise on, one a step; evenly spaced ones, shifted."""
    even = [1 - step / steps for step in range(steps)]
    return [1000 * SHIFT * time / (1 + (SHIFT - 1) * time) for time in even]
