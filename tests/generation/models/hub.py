"""A hub of models on this machine: the part of Hugging Face's HTTP interface that a download
asks for."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Generator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlparse

REVISION = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """`repositories` maps a name to its files; `asked` lists every request's path."""

    def __init__(self, repositories: Mapping[str, Mapping[str, bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories = repositories
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def open_hub(repositories: Mapping[str, Mapping[str, bytes]]) -> Generator[Hub]:
    with Hub(repositories) as hub:
        thread = threading.Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        pass

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlparse(self.path).path)
        self.server.asked.append(path)
        for name, files in self.server.repositories.items():
            if path.startswith(f"/api/models/{name}"):
                if "/tree/" in path:
                    listed = [_entry(file, data) for file, data in files.items()]
                    self._send(json.dumps(listed).encode(), with_body)
                else:
                    siblings = [{"rfilename": file} for file in files]
                    info = {"id": name, "sha": REVISION, "siblings": siblings}
                    self._send(json.dumps(info).encode(), with_body)
                return
            if path.startswith(f"/{name}/resolve/{REVISION}/"):
                file = path.removeprefix(f"/{name}/resolve/{REVISION}/")
                if file in files:
                    self._send(files[file], with_body)
                    return
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, body: bytes, with_body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _entry(file: str, data: bytes) -> dict[str, object]:
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return {"type": "file", "path": file, "size": len(data), "oid": digest}
