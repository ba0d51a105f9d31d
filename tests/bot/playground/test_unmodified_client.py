"""discord.py with nothing patched: it believes that it talks to discord.com.

A resolver answers every name with 127.0.0.1 and the playground's port; a throw-away
authority vouches for the names.
"""

import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import discord
import discord.gateway
import discord.http
import pytest
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.playground.member import Member
from bot.playground.server import Playground
from tests.bot.playground.openapi_contract import validate_exchange
from tests.bot.playground.practice_bot import PracticeBot


class _EverythingIsHere(AbstractResolver):
    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=0,
            )
        ]

    async def close(self) -> None:
        pass


def _throw_away_certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's context, and a client's that trusts nobody but it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away")])
    names: list[x509.GeneralName] = [
        x509.DNSName("discord.com"),
        x509.DNSName("*.discord.com"),
        x509.DNSName("gateway.discord.gg"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


@pytest.fixture
def discords_own_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what other tests set: the addresses that discord.py comes with."""
    monkeypatch.setattr(discord.http.Route, "BASE", "https://discord.com/api/v10")
    gateway: Any = yarl.URL("wss://gateway.discord.gg/")
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)


@pytest.mark.usefixtures("discords_own_addresses")
async def test_an_unmodified_client_cannot_tell_the_difference(tmp_path: Path) -> None:
    server, trusting = _throw_away_certificate(tmp_path)
    async with Playground(tls=server) as playground:
        port = int(playground.url.rsplit(":", 1)[1])
        connector = aiohttp.TCPConnector(resolver=_EverythingIsHere(port), ssl=trusting)
        bot = PracticeBot(connector=connector)

        @bot.tree.command(description="Where am I?")
        async def where(interaction: discord.Interaction[PracticeBot]) -> None:
            await interaction.response.defer(thinking=True)
            await interaction.followup.send(discord.http.Route.BASE)

        _ = where
        playground.exchanges = validate_exchange
        async with bot.running(playground.bot_token):
            member_connector = aiohttp.TCPConnector(ssl=trusting)
            async with await Member.connect(playground.url, connector=member_connector) as ada:
                sent = await ada.type("/where")
                assert (await sent.reply()).content == "https://discord.com/api/v10"
