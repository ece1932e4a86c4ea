"""Static files, read once: what is not in a folder at the start is not served."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import attrs
from litestar.types import Receive, Scope, Send

__all__ = ["File", "FileAnswer", "in_layer", "read_files", "read_folder"]

_TYPES: Final[Mapping[str, bytes]] = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".woff2": b"font/woff2",
}
# A picture opened by itself can hold no script of ours, nor anybody's.
_POLICY: Final = b"default-src 'none'; style-src 'unsafe-inline'; sandbox"


@attrs.frozen
class File:
    """A file's bytes, what they are, and the tag that names this version of them."""

    body: bytes
    media_type: bytes
    tag: bytes


def read_folder(folder: Path) -> dict[str, File]:
    """Return the files below *folder* that a page can ask for, by their path in it."""
    paths = (path for path in folder.rglob("*") if path.suffix in _TYPES)
    return read_files({path.relative_to(folder).as_posix(): path for path in paths})


def read_files(paths: Mapping[str, Path]) -> dict[str, File]:
    """Return the files that are there, by the names in *paths*."""
    return {name: _read(path) for name, path in paths.items() if path.is_file()}


def in_layer(file: File, layer: str) -> File:
    """Return a style sheet whose rules give way to all that are in no layer."""
    return _file(b"@layer %s{%s}" % (layer.encode(), file.body), file.media_type)


def _read(path: Path) -> File:
    return _file(path.read_bytes(), _TYPES[path.suffix])


def _file(body: bytes, media_type: bytes) -> File:
    return File(body, media_type, b'"%s"' % sha256(body).hexdigest()[:24].encode())


class FileAnswer:
    """An ASGI app that sends one file, or says that the browser has it already."""

    __slots__ = ("_file",)

    def __init__(self, file: File) -> None:
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it."""
        file = self._file
        known = dict(scope["headers"]).get(b"if-none-match") == file.tag
        headers = [
            (b"content-type", file.media_type),
            (b"etag", file.tag),
            # Kept, and asked about every time: a new version shows at once.
            (b"cache-control", b"no-cache"),
            (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", _POLICY),
        ]
        body = b"" if known else file.body
        if not known:
            headers.append((b"content-length", b"%d" % len(body)))
        await send(
            {"type": "http.response.start", "status": 304 if known else 200, "headers": headers}
        )
        await send({"type": "http.response.body", "body": body, "more_body": False})
