"""`python -m bot.playground`: the server alone, for a bot that is started elsewhere."""

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import sys

from bot.playground.server import ATTACHMENT_LIMIT_BYTES, Playground


def main() -> int:
    """Parse the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m bot.playground", description=__doc__)
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one (8765)")
    parser.add_argument(
        "--attachment-limit-bytes",
        type=int,
        default=ATTACHMENT_LIMIT_BYTES,
        help="the largest file that the bot may post (10 MiB)",
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    try:
        asyncio.run(_serve(arguments.port, arguments.attachment_limit_bytes))
    except OSError as error:
        print(f"Cannot listen on port {arguments.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


async def _serve(port: int, attachment_limit_bytes: int) -> None:
    stopped = asyncio.Event()
    for name in ("SIGINT", "SIGTERM"):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), stopped.set)
    async with Playground(port=port, attachment_limit_bytes=attachment_limit_bytes) as playground:
        about = {
            "page": playground.page_url,
            "url": playground.url,
            "gateway_url": playground.gateway_url,
            "bot_token": playground.bot_token,
        }
        print(json.dumps(about), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    raise SystemExit(main())
