"""Logs to standard error: a sentence-like event name and its facts, for people or as JSON.

Tokens are never logged, and of a prompt only a hash, which tells whether two are the same. The
lines of a job carry its id and attempt, bound to the context that works on it. Libraries that use
`logging` come out in the same form.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from typing import Any

import structlog

QUIETER = {
    "discord.client": logging.ERROR,  # warns that voice, which nothing here uses, is missing
    "discord.gateway": logging.WARNING,
    "alembic": logging.WARNING,
}


def configure(*, level: str, as_json: bool) -> None:
    """Call once, before anything is logged."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    if as_json:
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in QUIETER.items():
        logging.getLogger(name).setLevel(least)


def hashed(text: str) -> str:
    """What stands for a member's words in the log: 12 hex digits of their SHA-256."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
