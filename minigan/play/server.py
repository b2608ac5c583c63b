"""The server of `minigan play`: it hands out one page, and plays the games that the page asks for.

It listens on 127.0.0.1 only, but every page of the web that is open in a browser of this computer can send requests
there as well. So it answers only requests that name it as their host: a page of a stranger's domain whose address was
changed to 127.0.0.1 (DNS rebinding) names its own domain. And games are played only for its own page: a browser says in
the header Origin which page asks. Nothing is computed unless the page asks, one request after the other.
"""

import errno
import json
import os
import re
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .. import validation
from ..errors import InputError
from ..fast.memory import retain_heap
from .games import Games
from .page import FILES, read_files
from .settings import Settings, read_settings

MOST_BYTES = 256 * 1024  # of the body of a request
SECONDS = 10  # until a silent client is left alone
LEAST_PORT, MOST_PORT = 1024, 65535
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
NOBODY, NEIGHBOURS = "'none'", "http://localhost:* http://127.0.0.1:*"  # who may show the page in a frame


class Refused(Exception):
    """A request that is not answered: the status, and a sentence that says what was expected."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Listener(ThreadingHTTPServer):
    """Accepts connections, and holds what all requests share."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # on Windows it would let two servers have one port

    def __init__(self, port: int, *, frames: bool, settings: Settings) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.hosts = tuple(f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost"))
        self.policy = f"{POLICY}; frame-ancestors {NEIGHBOURS if frames else NOBODY}"
        self.files = read_files(settings)
        self.games = Games()

    def server_bind(self) -> None:
        """Bind without a look-up of the name of this computer, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_port = self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers one request; each has a connection and a thread of its own (HTTP/1.0)."""

    server: Listener
    timeout = SECONDS
    server_version, sys_version = "minigan", ""

    def answer(self) -> None:
        """Answer a request of any method, or say why not."""
        try:
            self._check_who_asks()
            if self.path in FILES:
                self._allow("GET")
                self._send(HTTPStatus.OK, *self.server.files[self.path])
            elif play := {"/advance": self.server.games.advance, "/reset": self.server.games.reset}.get(self.path):
                self._allow("POST")
                self._send(HTTPStatus.OK, "application/json", self._play(play))
            else:
                raise Refused(HTTPStatus.NOT_FOUND, f"path: expected /, got {validation.shown(self.path)}")
        except Refused as refused:
            self._refuse(refused.status, str(refused))
        except InputError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def _check_who_asks(self) -> None:
        """Refuse requests for another host and from another page; only a page of our own may send anything."""
        hosts, origins = (self.headers.get_all(name) or [] for name in ("Host", "Origin"))
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            raise Refused(HTTPStatus.FORBIDDEN, f"Host: expected {self.server.hosts[0]}, got {_said(hosts)}")
        own = f"http://{hosts[0]}"
        if origins != [own] and (origins or self.command not in ("GET", "HEAD")):
            raise Refused(HTTPStatus.FORBIDDEN, f"Origin: expected {own}, got {_said(origins)}")

    def _allow(self, method: str) -> None:
        if self.command != method:
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"method: expected {method}, got {self.command}")

    def _play(self, play: Callable[[Any], dict[str, Any]]) -> bytes:
        """Return the answer to a body of JSON, as JSON."""
        if self.headers.get_content_type() != "application/json":
            kind = validation.shown(self.headers.get("Content-Type"))
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type: expected application/json, got {kind}")
        lengths = self.headers.get_all("Content-Length") or []
        if len(lengths) != 1 or not re.fullmatch(r"[0-9]{1,18}", lengths[0]) or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, f"Content-Length: expected a number, got {_said(lengths)}")
        length = int(lengths[0])
        if length > MOST_BYTES:
            said = f"Content-Length: expected at most {MOST_BYTES}, got {length}"
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)
        try:
            asked = json.loads(self.rfile.read(length))
        except (ValueError, RecursionError):
            raise InputError("body: expected JSON, got something else") from None
        return json.dumps(play(asked), allow_nan=False, separators=(",", ":")).encode()

    def _refuse(self, status: int, sentence: str) -> None:
        """Send a sentence, and read what the client still sends, because closing before that may destroy the answer."""
        self._send(status, "text/plain; charset=utf-8", f"{sentence}\n".encode())
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            for _ in range(64):
                if not self.rfile.read1(MOST_BYTES):
                    break

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", self.server.policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no HTTP, in the form of all other refusals."""
        self._refuse(code, f"request: expected HTTP, got something else ({message or HTTPStatus(code).phrase})")

    def log_message(self, format: str, *values: Any) -> None:
        """Print nothing."""


def _said(values: list[str]) -> str:
    return validation.shown(", ".join(values)) if values else "none"


class Server:
    """A server that is running; ``with start() as server`` ends it.

    Attributes
    ----------
    url : the address of the page
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._thread = threading.Thread(target=listener.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()
        self.url = f"http://{listener.hosts[0]}/"

    def __repr__(self) -> str:
        return f"Server({self.url!r})"

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server and free its port; once it is closed, this does nothing."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join()
        self._listener.server_close()


def start(port: int = 0, frames: bool = False, **settings: Any) -> Server:
    """Start the server of the page, in a thread of its own.

    Parameters
    ----------
    port : from 1024 to 65535, or 0 for one that is free
    frames : whether pages of this computer, such as a notebook, may show the page in a frame
    settings : with which the page begins, as `Settings` takes them

    Raises
    ------
    InputError : a setting does not fit, or another program has the port

    >>> with start(data="grid") as server:                                           # doctest: +SKIP
    ...     IPython.display.display(IPython.display.IFrame(server.url, 900, 640))
    """
    if port != 0:
        validation.integer("port", port, least=LEAST_PORT, most=MOST_PORT)
    validation.boolean("frames", frames)
    begin = read_settings(settings)
    retain_heap()
    try:
        return Server(Listener(port, frames=frames, settings=begin))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise InputError(f"port: expected one that is free, got {port}, which another program uses") from None
