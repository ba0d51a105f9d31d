"""What the programs that decode untrusted files have in common: how they are started, what limits
them, and how they refuse. Imports nothing, so they start fast.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

EXIT_REFUSED = 2
"""Exit code for a file that will not be used; one line on standard error tells why."""

PROJECT_FOLDER = str(Path(__file__).parents[1])
START = "import sys; sys.path.append(sys.argv[1]); from {} import main; main(sys.argv[2:])"

Decode = Callable[[bytes, Sequence[int]], tuple[bytes, str]]
"""From a file and the limits of its kind to the clean file and its facts. Raises Refused."""


class Refused(Exception):
    """The file will not be used; the message says why."""


def decoder_command(module: str, limits: Sequence[int]) -> list[str]:
    """How a decoder is started in an isolated interpreter (-I): neither the environment nor the
    working directory decide what is imported. Ours is found last, so it stands for nothing else.
    """
    program = ["-I", "-c", START.format(module), PROJECT_FOLDER]
    return [sys.executable, *program, *(str(limit) for limit in limits)]


def decode_standard_input(
    decode: Decode,
    arguments: Sequence[str],
    *,
    max_memory_bytes: int,
    max_processor_seconds: int,
) -> None:
    """The whole program: standard input to standard output, facts or refusal on standard error."""
    limit_resources(max_memory_bytes, max_processor_seconds)
    try:
        made, facts = decode(sys.stdin.buffer.read(), [int(argument) for argument in arguments])
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(EXIT_REFUSED)
    sys.stderr.write(facts)
    sys.stdout.buffer.write(made)


def limit_resources(max_memory_bytes: int, max_processor_seconds: int) -> None:
    """Where the system has such limits: no huge memory, no endless work, no files, no core."""
    try:
        import resource
    except ImportError:  # Windows; the caller's time-out remains
        return
    for kind, most in (
        (resource.RLIMIT_AS, max_memory_bytes),
        (resource.RLIMIT_CPU, max_processor_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # macOS refuses a limit of address space
            continue
