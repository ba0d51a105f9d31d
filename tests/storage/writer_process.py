"""A process that admits and settles jobs, saying each when it is committed, until it is killed.

Run as `python -m tests.storage.writer_process <url> <first job number>`.
"""

import asyncio
import sys

from sqlalchemy import Connection

from storage.database import Database
from tests.storage.builders import admit, give, make_record, succeed


async def write_until_killed(url: str, first: int) -> None:
    """Never returns."""
    database = await Database.open(url)
    number = first

    async def one(number: int) -> None:
        def unit(connection: Connection) -> None:
            record = make_record(number, user_id=number)
            give(connection, 10, user_id=number)
            admit(connection, record)
            succeed(connection, record.id)

        await database.write(unit)
        print(f"job{number}", flush=True)

    while True:
        await asyncio.gather(*(one(number + offset) for offset in range(4)))
        number += 4


if __name__ == "__main__":
    asyncio.run(write_until_killed(sys.argv[1], int(sys.argv[2])))
