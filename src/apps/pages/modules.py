"""The packages that pages load, installed by npm: these files of them and no others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["BASE_STYLES", "IMPORTS", "MODULES", "NODE_MODULES", "are_installed"]

NODE_MODULES: Final = Path(__file__).parent / "node_modules"

MODULES: Final[Mapping[str, str]] = {
    "preact.js": "preact/dist/preact.module.js",
    "preact-hooks.js": "preact/hooks/dist/hooks.module.js",
    "htm.js": "htm/dist/htm.module.js",
    "htm-preact.js": "htm/preact/index.module.js",
    "socket.io-client.js": "socket.io-client/dist/socket.io.esm.min.js",
    "uplot.js": "uplot/dist/uPlot.esm.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "pico.css": "@picocss/pico/css/pico.classless.min.css",
    "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
}
"""Under ``/modules``: what a page asks for, and the file in ``node_modules`` that it gets."""

BASE_STYLES: Final = ("pico.css",)
"""Style sheets that ours build on."""

IMPORTS: Final[Mapping[str, str]] = {
    "preact": "/modules/preact.js",
    "preact/hooks": "/modules/preact-hooks.js",
    "htm": "/modules/htm.js",
    "htm/preact": "/modules/htm-preact.js",
    "socket.io-client": "/modules/socket.io-client.js",
    "uplot": "/modules/uplot.js",
    "shared/": "/shared/",
}
"""The import map: what a bare name in an ``import`` stands for."""


def are_installed() -> bool:
    """Tell whether npm has installed the packages."""
    return all((NODE_MODULES / path).is_file() for path in MODULES.values())
