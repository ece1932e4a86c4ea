"""The frame of a page: a document that loads one module, under a policy that lets in no other."""

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Final

import attrs

from apps.pages.addresses import Addresses
from apps.pages.modules import IMPORTS

__all__ = ["Shell", "content_policy", "document"]

_IMPORT_MAP: Final = json.dumps({"imports": IMPORTS}, separators=(",", ":"))
_IMPORT_MAP_HASH: Final = b64encode(sha256(_IMPORT_MAP.encode()).digest()).decode()
_STYLES: Final = (
    "/modules/pico.css",
    "/shared/tokens.css",
    "/shared/base.css",
    "/shared/forms.css",
    "/shared/parts.css",
)

_DOCUMENT: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="{icon}" type="image/svg+xml">
<link rel="preload" href="/modules/inter.woff2" as="font" type="font/woff2" crossorigin>
{styles}
<script type="importmap">{import_map}</script>
{preloads}
<script type="module" src="{entry}"></script>
</head>
<body>
<div id="app"></div>
<noscript>This page draws itself with JavaScript: please switch it on.</noscript>
</body>
</html>
"""


@attrs.frozen(kw_only=True)
class Shell:
    """One document and the paths it is served at; what is on it, its *entry* module decides.

    A path that ends in ``/*`` stands for everything below it. Those of *admins_only* refuse a
    token that is not an admin's.
    """

    title: str
    entry: str
    paths: Sequence[str]
    styles: Sequence[str] = ()
    icon: str = "/shared/icon.svg"
    admins_only: bool = False


def document(shell: Shell, preloads: Sequence[str]) -> bytes:
    """Return the HTML of *shell*; the browser fetches *preloads* before they are asked for."""
    styles = (f'<link rel="stylesheet" href="{escape(x)}">' for x in (*_STYLES, *shell.styles))
    modules = (f'<link rel="modulepreload" href="{escape(x)}">' for x in preloads)
    return _DOCUMENT.format(
        title=escape(shell.title),
        icon=escape(shell.icon),
        styles="\n".join(styles),
        import_map=_IMPORT_MAP,
        preloads="\n".join(modules),
        entry=escape(shell.entry),
    ).encode()


def content_policy(found: Addresses) -> str:
    """Return the policy of a page that calls the services at *found*."""
    sockets = found.orders.replace("http", "ws", 1)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{_IMPORT_MAP_HASH}'",
            "style-src 'self'",
            "font-src 'self'",
            "img-src 'self' data:",
            f"connect-src 'self' {found.orders} {sockets} {found.products}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
