"""Why a job made no clip, in the sentence that its card says."""

FAILURES: dict[str, str] = {
    "worker_crashed": "The generator crashed while making this clip, more than once.",
    "worker_hung": "The generator stopped making progress.",
    "worker_lost": "The generator ended for another job's sake while it made this clip.",
    "device_failed": "The machine's graphics device reported an error, more than once.",
    "out_of_memory": "The clip needs more memory than this machine has; ask for a shorter one.",
    "too_large_to_deliver": "The clip is too large for Discord; ask for a shorter one.",
    "disk_full": "The bot's disk is full, so the clip could not be kept.",
    "card_not_posted": "The card could not be posted.",
}


def failure_sentence(code: str | None, text: str | None) -> str:
    """Why a job made no clip, for its card."""
    if code in FAILURES:
        return FAILURES[code]
    if code == "generation_failed" and text:
        return f"The model could not make this clip: {text[:200].rstrip('.')}."
    return "This clip could not be made."
