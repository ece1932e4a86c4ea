"""The rules that every module of src keeps, read from its syntax tree."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"

MODULE_LINES_MAX = 300
FUNCTION_LINES_MAX = 70

# Library -> the only folder that may import it.
HOMES = {
    "sqlite3": "adapters/embedded",
    "aiokafka": "adapters/kafka",
    "motor": "adapters/mongodb",
    "pymongo": "adapters/mongodb",
    "bson": "adapters/mongodb",
    "gridfs": "adapters/mongodb",
}

# Time, chance, environment and logs come into the domain from outside, or not at all.
IMPURE = frozenset(
    {
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "logging",
        "os.environ",
        "os.environb",
        "os.getenv",
        "os.urandom",
        "random",
        "secrets",
        "time",
        "uuid.uuid1",
        "uuid.uuid4",
    }
)

# Cancelling one of these may drop records that were already taken off the network.
NOT_TO_CANCEL = frozenset({"commit", "getmany", "getone"})
CANCELLERS = frozenset({"asyncio.wait_for", "asyncio.timeout", "asyncio.timeout_at"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(folder: str = "") -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((SRC / folder).rglob("*.py")):
        if "node_modules" not in path.parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def place(path: Path, node: ast.AST | None = None) -> str:
    line = getattr(node, "lineno", 1)
    return f"{path.relative_to(ROOT).as_posix()}:{line}"


def within(path: Path, folder: str) -> bool:
    return path.is_relative_to(SRC / folder)


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the full name of everything that *tree* imports absolutely."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def aliases(tree: ast.AST) -> dict[str, str]:
    """Map each name that an import binds in *tree* to what it stands for."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.split(".")[0]
                bound[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return bound


def full_name(node: ast.AST, bound: dict[str, str]) -> str:
    """Return the dotted name of *node* with its import resolved, or '' if it is something else."""
    if isinstance(node, ast.Name):
        return bound.get(node.id, "")
    if isinstance(node, ast.Attribute) and (before := full_name(node.value, bound)):
        return f"{before}.{node.attr}"
    return ""


def impurities(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    bound = aliases(tree)
    for name, statement in imports(tree):
        if name in IMPURE or name.split(".")[0] in IMPURE:
            yield name, statement
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := full_name(node, bound)) in IMPURE:
            yield name, node


def cancellations(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield each wait_for or timeout with one of the calls that must run to their end inside."""
    bound = aliases(tree)
    for node in ast.walk(tree):
        openers: Iterable[ast.AST] = ()
        if isinstance(node, ast.Call):
            openers = [node]
        elif isinstance(node, ast.AsyncWith):
            openers = [item.context_expr for item in node.items]
        cancels = any(
            full_name(opener.func, bound) in CANCELLERS
            for opener in openers
            if isinstance(opener, ast.Call)
        )
        if cancels and any(called(inner) in NOT_TO_CANCEL for inner in ast.walk(node)):
            yield node


def called(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr.lstrip("_")
    return ""


def code_lines(node: ast.Module | Function, lines: int) -> int:
    """Count *lines* without the docstrings inside *node*, since a written promise costs nothing."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for inner in ast.walk(node):
        if isinstance(inner, documented) and ast.get_docstring(inner, clean=False) is not None:
            text = inner.body[0]
            lines -= (text.end_lineno or text.lineno) - text.lineno + 1
    return lines


def allowed_in_tests(path: Path) -> set[str]:
    """What serves people's tests: whoever runs a contract suite has pytest."""
    return {"pytest", "rich"} if within(path, "inventory_domain/testing") else set()


# --- the rules hold -----------------------------------------------------------------------------


def test_the_domain_imports_the_standard_library_and_attrs_alone() -> None:
    known = sys.stdlib_module_names | {"attr", "attrs", "inventory_domain"}
    strangers = [
        f"{place(path, node)} imports {name}"
        for path, tree in modules("inventory_domain")
        for name, node in imports(tree)
        if name.split(".")[0] not in known | allowed_in_tests(path)
    ]

    assert strangers == []


@pytest.mark.parametrize(("library", "home"), HOMES.items())
def test_a_library_is_imported_in_its_own_adapter_alone(library: str, home: str) -> None:
    astray = [
        f"{place(path, node)} imports {name}"
        for path, tree in modules()
        if not within(path, home)
        for name, node in imports(tree)
        if name.split(".")[0] == library
    ]

    assert astray == []


def test_the_domain_takes_time_chance_and_environment_from_outside() -> None:
    found = [
        f"{place(path, node)} uses {name}"
        for path, tree in modules("inventory_domain")
        if not within(path, "inventory_domain/testing")
        for name, node in impurities(tree)
    ]

    assert found == []


def test_nothing_is_wired_into_handlers_by_decorator() -> None:
    wired = [
        f"{place(path, node)} imports {name}"
        for path, tree in modules()
        for name, node in imports(tree)
        if name.startswith("dependency_injector.wiring") or name == "dependency_injector.inject"
    ]

    assert wired == []


def test_no_deadline_cuts_off_a_fetch_or_a_commit_to_kafka() -> None:
    cut = [
        place(path, node)
        for path, tree in modules("adapters/kafka")
        for node in cancellations(tree)
    ]

    assert cut == []


def test_modules_stay_short() -> None:
    long = [
        f"{place(path)} has {count} lines"
        for path, tree in modules()
        if (count := code_lines(tree, len(path.read_text(encoding="utf-8").splitlines())))
        > MODULE_LINES_MAX
    ]

    assert long == []


def test_functions_stay_short() -> None:
    long = [
        f"{place(path, node)} {node.name} has {count} lines"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, Function)
        and (count := code_lines(node, (node.end_lineno or node.lineno) - node.lineno + 1))
        > FUNCTION_LINES_MAX
    ]

    assert long == []


def test_nothing_is_left_for_later_in_code_or_docs() -> None:
    words = re.compile(r"\b(?:TODO|FIXME)\b")
    kinds = {".py", ".md", ".js", ".mjs", ".css", ".html", ".yaml", ".yml", ".toml"}
    left = [
        f"{path.relative_to(ROOT).as_posix()}:{number}"
        for folder in (SRC, ROOT / "docs")
        for path in sorted(folder.rglob("*"))
        if path.suffix in kinds and "node_modules" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if words.search(line)
    ]

    assert left == []


# --- and would be seen to be broken ---------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "import logging",
        "import random as chance",
        "from time import monotonic",
        "from uuid import uuid4",
        "from os import environ",
        "import os\nos.getenv('HOST')",
        "from datetime import datetime\nnow = datetime.now()",
        "import datetime as dt\nnow = dt.datetime.utcnow()",
        "from datetime import date as day\ntoday = day.today()",
    ],
)
def test_an_impure_module_is_seen(source: str) -> None:
    assert list(impurities(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, datetime\nstart = datetime(2026, 1, 1, tzinfo=UTC)",
        "from uuid import UUID",
        "def place(clock):\n    return clock.now()",
        "from os import PathLike",
    ],
)
def test_a_pure_module_is_left_alone(source: str) -> None:
    assert not list(impurities(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nasync def f(c):\n    await asyncio.wait_for(c.getmany(), 1)",
        "from asyncio import wait_for as w\nasync def f(c):\n    await w(c.commit({}), 1)",
        "import asyncio\nasync def f(c):\n    async with asyncio.timeout(1):\n        c.commit()",
    ],
)
def test_a_deadline_around_a_fetch_is_seen(source: str) -> None:
    assert list(cancellations(ast.parse(source)))


def test_a_docstring_does_not_make_a_function_long() -> None:
    tree = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1')

    assert code_lines(tree, 6) == 2
