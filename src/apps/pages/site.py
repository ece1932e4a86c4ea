"""A site: shells, their own static files, and everything that all pages share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.types import Receive, Scope, Send

from apps.access import is_at_home
from apps.edge.answers import Answer, encode
from apps.edge.auth import NoToken
from apps.edge.calls import AnyRequest, call_of
from apps.pages.addresses import addresses
from apps.pages.files import File, FileAnswer, in_layer, read_files, read_folder
from apps.pages.imports import modules_of
from apps.pages.modules import BASE_STYLES, MODULES, NODE_MODULES, are_installed
from apps.pages.shell import Shell, content_policy, document
from apps.settings import Settings

__all__ = ["Shell", "site_routes"]

_SHARED: Final = Path(__file__).parent / "static" / "shared"
_PAGE_HEADERS: Final = (
    (b"cache-control", b"no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_MISSING: Final = b"""\
<!doctype html><html lang="en"><meta charset="utf-8"><title>Not installed</title>
<p>The pages need packages that are not installed yet: run <code>make pages</code>, then start
again.</p></html>
"""


@attrs.frozen
class PageAnswer:
    """An ASGI app that sends a document with its policy."""

    body: bytes
    status: int
    policy: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it."""
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", b"%d" % len(self.body)),
            (b"content-security-policy", self.policy.encode()),
            *_PAGE_HEADERS,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def site_routes(
    settings: Settings, shells: Sequence[Shell], static: Mapping[str, Path]
) -> list[HTTPRouteHandler]:
    """Return the routes of *shells*, and of the files that they and all pages load.

    *static* names the folders to serve, by the first part of their address: ``{"shop": folder}``
    serves the files of *folder* under ``/shop/``.
    """
    folders = {"shared": read_folder(_SHARED)}
    folders |= {name: read_folder(folder) for name, folder in static.items()}
    folders["modules"] = _modules()
    routes = [_files(name, files) for name, files in folders.items()]
    routes += [_page(settings, shell, modules_of(shell.entry, folders)) for shell in shells]
    return [*routes, _config(settings)]


def _modules() -> dict[str, File]:
    found = read_files({name: NODE_MODULES / path for name, path in MODULES.items()})
    # Whatever our own style sheets say wins, however plain its selector.
    return found | {name: in_layer(found[name], "base") for name in BASE_STYLES if name in found}


def _files(name: str, files: Mapping[str, File]) -> HTTPRouteHandler:
    @get(f"/{name}/{{path:path}}", include_in_schema=False, name=f"files of {name}")
    async def file(request: AnyRequest) -> FileAnswer:
        found = files.get(str(request.path_params["path"]).lstrip("/"))
        if found is None:
            raise NotFoundException
        return FileAnswer(found)

    return file


def _page(settings: Settings, shell: Shell, preloads: Sequence[str]) -> HTTPRouteHandler:
    installed = are_installed()
    body = document(shell, preloads) if installed else _MISSING

    @get(
        [path.replace("*", "{rest:path}") for path in shell.paths],
        include_in_schema=False,
        name=f"page {shell.title}",
    )
    async def page(request: AnyRequest) -> PageAnswer:
        if shell.admins_only:
            _refuse_others(request)
        found = addresses(settings, request.headers.get("host", ""))
        return PageAnswer(body, 200 if installed else 503, content_policy(found))

    return page


def _refuse_others(request: AnyRequest) -> None:
    """Refuse a caller who is no admin, but for a browser that opens the page.

    A browser sends no token with an address. What it gets is the frame, which holds nothing;
    everything on it comes from the API, with a token.
    """
    call = call_of(request)
    opened = "text/html" in request.headers.get("accept", "")
    if not (opened and isinstance(call.identity, NoToken)):
        call.require_role({"admin"})


def _config(settings: Settings) -> HTTPRouteHandler:
    @get("/config.json", include_in_schema=False, name="config")
    async def config(request: AnyRequest) -> Answer:
        found = attrs.asdict(addresses(settings, request.headers.get("host", "")))
        headers = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
        # Where the demo gives nobody a token, the pages do not offer one.
        demo = bool(settings.demo) and is_at_home(request.headers)
        return Answer(encode({**found, "demo": demo}), 200, headers)

    return config
