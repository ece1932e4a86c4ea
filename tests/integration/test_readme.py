"""What the README prints works as printed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.system_process import SystemProcess

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemProcess]:
    running = SystemProcess(tmp_path_factory.mktemp("readme")).start()
    try:
        yield running
    finally:
        running.kill()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def here(text: str, system: SystemProcess) -> str:
    """Put this run's addresses and interpreter where the README has those of a checkout."""
    text = text.replace("localhost:3004", system.addresses["orders"].removeprefix("http://"))
    text = text.replace("localhost:3001", system.addresses["products"].removeprefix("http://"))
    return text.replace(".venv/bin/python", sys.executable)


def shell(text: str, system: SystemProcess) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here(text, system)],
        cwd=system.folder,
        env=dict(system.environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_curl_examples_order_cancel_and_audit(system: SystemProcess) -> None:
    first, second = blocks("sh")

    ordered = shell(first, system)
    assert ordered.returncode == 0, ordered.stderr
    assert '"stockState":"requested"' in ordered.stdout.replace(" ", "")
    cancelled = shell(f"{first}\n{second}", system)

    assert cancelled.returncode == 0, cancelled.stderr
    assert '"statusLabel":"Cancelled"' in cancelled.stdout.replace(" ", "")
    assert "lamp-oak" in cancelled.stdout


def test_the_socket_example_shows_an_order_as_it_happens(system: SystemProcess) -> None:
    [script] = blocks("python")
    with subprocess.Popen(
        [sys.executable, "-u", "-c", here(script, system)],
        cwd=system.folder,
        env=dict(system.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as watcher:
        try:
            assert watcher.stdout is not None
            assert "connected" in watcher.stdout.readline()
            system.order("lamp-oak")
            seen = [watcher.stdout.readline().split()[0] for _ in range(2)]
        finally:
            watcher.kill()

    assert seen == ["order:created", "order:stock_reserved"]


@pytest.mark.parametrize("target", ["run", "test", "check", "help"])
def test_the_make_targets_that_are_named_exist(target: str) -> None:
    done = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
