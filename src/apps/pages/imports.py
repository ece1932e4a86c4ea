"""Which modules a page loads: found in the modules' own imports, before the browser does."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from apps.pages.files import File
from apps.pages.modules import IMPORTS

__all__ = ["modules_of"]

_IMPORT: Final = re.compile(r'\bfrom ?"([^"\n]+)"')


def modules_of(entry: str, folders: Mapping[str, Mapping[str, File]]) -> list[str]:
    """Return the addresses of all that *entry* imports, directly or not, nearest first."""
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        address = waiting.pop(0)
        for name in _names(address, folders):
            wanted = _address(name, address)
            if wanted not in found and wanted != entry and _find(wanted, folders):
                found[wanted] = None
                waiting.append(wanted)
    return list(found)


def _names(address: str, folders: Mapping[str, Mapping[str, File]]) -> list[str]:
    file = _find(address, folders)
    return _IMPORT.findall(file.body.decode()) if file else []


def _find(address: str, folders: Mapping[str, Mapping[str, File]]) -> File | None:
    folder, _, name = address.lstrip("/").partition("/")
    return folders.get(folder, {}).get(name)


def _address(name: str, importer: str) -> str:
    if name in IMPORTS:
        return IMPORTS[name]
    if name.startswith("shared/"):
        return f"/{name}"
    parts: list[str] = []
    for part in (PurePosixPath(importer).parent / name).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(("", *parts[1:]))
