"""What stands for a member who had their data erased: a negative number that Discord never gives.

It is the first 62 bits of HMAC-SHA256 (RFC 2104) of the member's id. The key is in the database, so
that whoever comes back is met as the same: blocks, quotas and windows of income that were used up
still count, and nobody is paid twice for leaving. Without the key (an export, a report, a log) a
pseudonym says nothing about whose it is.
"""

import hashlib
import hmac
import secrets

from sqlalchemy import Connection, select

from storage.schema import erasures, insert_if_absent, pseudonym_keys

_KEY_BYTES = 32
_BITS = 62
_ONLY = 1


def make_pseudonym(connection: Connection, user_id: int) -> int:
    """Always the same for the same member; makes the key if there is none yet."""
    if _key(connection) is None:
        insert_if_absent(
            connection, pseudonym_keys, id=_ONLY, key_hex=secrets.token_hex(_KEY_BYTES)
        )
    key = _key(connection)
    assert key is not None  # inserted above, by this unit or another
    return _pseudonym(key, user_id)


def former(connection: Connection, user_id: int) -> int | None:
    """The pseudonym of what is left of a member who had their data erased; None if they never
    did."""
    key = _key(connection)
    if key is None:
        return None
    pseudonym = _pseudonym(key, user_id)
    erased = select(erasures.c.id).where(
        erasures.c.pseudonym == pseudonym, erasures.c.erased_at.is_not(None)
    )
    return pseudonym if connection.execute(erased.limit(1)).first() is not None else None


def is_pseudonym(user_id: int) -> bool:
    """Whether this is what is left of a member, and no id of Discord's."""
    return user_id < 0


def _key(connection: Connection) -> bytes | None:
    found = connection.execute(select(pseudonym_keys.c.key_hex)).scalar_one_or_none()
    return None if found is None else bytes.fromhex(found)


def _pseudonym(key: bytes, user_id: int) -> int:
    digest = hmac.digest(key, str(user_id).encode(), hashlib.sha256)
    return -1 - (int.from_bytes(digest[:8], "big") >> (64 - _BITS))
