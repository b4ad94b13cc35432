"""The workbench on 127.0.0.1: who may ask, and the few things that can be asked.

Every address but the page itself needs the token in a header, which no other site can send. There
are no cookies: browsers would hand them to every other port of this machine.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from importlib.resources import files
from secrets import compare_digest, token_urlsafe
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat
from starlette.exceptions import HTTPException

from trustscore.audit.result import as_json
from trustscore.errors import TrustscoreError
from trustscore.web.bench import Bench
from trustscore.web.market import Superseded
from trustscore.web.words import words_script
from trustscore.words import LANGUAGES

__all__ = ["LOCAL", "MOST_BODY", "address", "create_app", "listen", "new_token", "serve"]

LOCAL = "127.0.0.1"
MOST_BODY = 256 * 1024
"""Bytes that a request may send."""
TOKEN_HEADER = "x-workbench-token"

_WORDS = "words.js"
"""Made of the files of words, when the server starts."""
_SCRIPT = "text/javascript; charset=utf-8"
_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/app.js": ("app.js", _SCRIPT),
    "/draw.js": ("draw.js", _SCRIPT),
    "/words.js": (_WORDS, _SCRIPT),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/favicon.svg": ("favicon.svg", "image/svg+xml"),
}
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Figures = Annotated[
    dict[Annotated[str, Field(max_length=300)], FiniteFloat], Field(max_length=1000)
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    edits: Figures = {}


class _Move(_Body):
    serial: Annotated[int, Field(ge=0, le=2**53)]
    whole: bool = False


class _Merchant(_Body):
    id: Annotated[str, Field(max_length=1000)]
    lang: Literal[LANGUAGES] = "en"  # type: ignore[valid-type]


class _Preview(_Body):
    name: Annotated[str, Field(max_length=200)]
    version: Annotated[str, Field(min_length=1, max_length=100)]


class _Save(_Preview):
    replaces: Annotated[str, Field(max_length=100)]


def new_token() -> str:
    """Return a token that nobody can guess."""
    return token_urlsafe(32)


def listen(port: int) -> socket.socket:
    """Return a socket on 127.0.0.1; port 0 takes a free one."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((LOCAL, port))
    except BaseException:
        held.close()
        raise
    return held


class _Guard:
    """Refuses what does not come from the page of this server, before anything reads it."""

    def __init__(self, app: Any, token: str, port: int) -> None:
        self.app = app
        self.token = token.encode()
        self.hosts = frozenset({f"{LOCAL}:{port}", f"localhost:{port}"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = [(k.encode(), v.encode()) for k, v in _HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *own]
            await send(message)

        headers: dict[str, str] = {}
        for key, value in scope["headers"]:
            name = key.decode("latin-1").lower()
            # Given twice is given wrongly: no two readers may take different ones.
            headers[name] = value.decode("latin-1") if name not in headers else "\0"
        refusal = self._refusal(scope, headers)
        if refusal is None and scope["method"] == "POST":
            body = await _body(receive)
            if body is None:
                refusal = (413, f"a request may have at most {MOST_BODY:,} bytes")
            else:
                receive = _again(body)
        if refusal is not None:
            answer = JSONResponse({"summary": refusal[1], "faults": []}, refusal[0])
            await answer(scope, receive, with_headers)
            return
        await self.app(scope, receive, with_headers)

    def _refusal(self, scope: Scope, headers: Mapping[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if host not in self.hosts:
            return 421, "this server answers to 127.0.0.1 and localhost with its own port only"
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return 403, "the request comes from another site"
        site = headers.get("sec-fetch-site")
        page = scope["path"] in _PAGE
        # The page may be opened from a terminal or a bookmark; everything else it asks for itself.
        if site is not None and site not in (("same-origin", "none") if page else ("same-origin",)):
            return 403, "the request comes from another site"
        if scope["method"] not in (("GET", "HEAD") if page else ("GET", "POST")):
            return 405, "this is asked with GET or POST"
        if page:
            return None
        given = headers.get(TOKEN_HEADER, "").encode("latin-1", "replace")
        if not compare_digest(given, self.token):
            return 401, "the token is missing or wrong: open the address that the command printed"
        if scope["method"] == "POST":
            if origin is None:
                return 403, "the request does not say from which page it comes"
            if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
                return 415, "the request must be application/json"
            length = headers.get("content-length", "0")
            if not (length.isascii() and length.isdecimal()) or int(length[:20]) > MOST_BODY:
                return 413, f"a request may have at most {MOST_BODY:,} bytes"
        return None


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request, None when it is too long or never ends."""
    held = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(held)
        held += message.get("body", b"")
        if len(held) > MOST_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(held)


def _again(body: bytes) -> Receive:
    told = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal told
        if told:
            return {"type": "http.disconnect"}
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def create_app(bench: Bench, token: str, port: int) -> Any:
    """Return the application.

    Parameters
    ----------
    bench : Bench
    token : str
        What requests must carry in the header ``x-workbench-token``.
    port : int
        Where it is served; the Host header must name it.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def answer(value: Any) -> JSONResponse:
        return JSONResponse(as_json(value))

    own = files("trustscore.web")

    def page(raw: bytes, kind: str) -> Callable[[], Any]:
        def show() -> Any:
            return Response(raw, media_type=kind)

        return show

    for path, (name, kind) in _PAGE.items():
        made = name == _WORDS
        raw = words_script().encode() if made else own.joinpath("page", name).read_bytes()
        app.add_api_route(path, page(raw, kind), methods=["GET", "HEAD"])

    @app.get("/api/start")
    def start() -> Any:
        return answer(bench.facts())

    @app.post("/api/move")
    def move(body: _Move) -> Any:
        return answer(bench.move(body.edits, body.serial, whole=body.whole))

    @app.post("/api/merchant")
    def merchant(body: _Merchant) -> Any:
        return answer(bench.merchant(body.id, body.edits, body.lang))

    @app.post("/api/audit")
    def audit(body: _Body) -> Any:
        return answer(bench.audit(body.edits))

    @app.post("/api/preview")
    def preview(body: _Preview) -> Any:
        return answer(bench.preview(body.edits, body.name, body.version))

    @app.post("/api/save")
    def save(body: _Save) -> Any:
        return answer(bench.save(body.edits, body.name, body.version, body.replaces))

    @app.exception_handler(TrustscoreError)
    def refused(_: Request, error: TrustscoreError) -> Any:
        faults = error.faults if error.faults != [error.summary] else []
        return JSONResponse({"summary": error.summary, "faults": faults[:50]}, 422)

    @app.exception_handler(HTTPException)
    def not_there(_: Request, error: HTTPException) -> Any:
        return JSONResponse({"summary": str(error.detail), "faults": []}, error.status_code)

    @app.exception_handler(Superseded)
    def superseded(_: Request, error: Superseded) -> Any:
        # No error of anybody: browsers would write one to their console.
        return JSONResponse({"superseded": True})

    @app.exception_handler(OSError)
    def failed(_: Request, error: OSError) -> Any:
        said = error.strerror or type(error).__name__
        return JSONResponse({"summary": f"nothing was written: {said}", "faults": []}, 500)

    @app.exception_handler(RequestValidationError)
    def unreadable(_: Request, error: RequestValidationError) -> Any:
        faults = [
            f"{'.'.join(str(each)[:300] for each in one['loc'])}: {one['msg']}"
            for one in error.errors()[:20]
        ]
        return JSONResponse({"summary": "the request cannot be read", "faults": faults}, 422)

    return _Guard(app, token, port)


def serve(bench: Bench, held: socket.socket, token: str) -> None:
    """Answer on a socket from `listen` until the process is interrupted."""
    import uvicorn

    app = create_app(bench, token, held.getsockname()[1])
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[held])


def address(held: socket.socket, token: str) -> str:
    """Return what to open; browsers do not send what stands behind ``#``."""
    return f"http://{LOCAL}:{held.getsockname()[1]}/#token={token}"
