"""The documented example of the simulator, tried as its reader tries it: with the wheel alone."""

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "simulation.md").read_text(encoding="utf-8")
EXAMPLE, MENDED, OWN_TEST = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
[COMMAND] = [line.split()[2:] for line in PAGE.splitlines() if line.startswith("$ pytest ")]

# What pytest and pytest-asyncio need, and the one dependency of the wheel.
BESIDE_IT = [
    "attrs",
    "iniconfig",
    "packaging",
    "pluggy",
    "pygments",
    "pytest",
    "pytest-asyncio",
    "typing_extensions",
]

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with the wheel, pytest and pytest-asyncio."""
    folder = tmp_path_factory.mktemp("fresh")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel], check=True
    )
    at = sysconfig.get_path("purelib", vars={"base": str(folder / "venv")})
    for name in BESIDE_IT:
        copy(name, Path(at))
    return python


def copy(name: str, to: Path) -> None:
    """Copy an installed distribution, so that no package index is needed."""
    for file in distribution(name).files or ():
        source = Path(str(file.locate()))
        if ".." not in file.parts and source.suffix != ".pyc":
            (to / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to / file)


def run_pytest(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=280,
    )


def mended(example: str) -> str:
    broken = example[example.index("    async def commit") : example.index("    def _compare")]
    return example.replace(broken, MENDED + "\n")


def test_the_example_with_its_bug_fails_with_a_seed_and_a_story(
    python: Path, tmp_path: Path
) -> None:
    (tmp_path / "my_store.py").write_text(EXAMPLE, encoding="utf-8")

    done = run_pytest(python, tmp_path, *COMMAND)

    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"seed \d+ fails", done.stdout)
    assert "--replay" in done.stdout
    assert "trace hash" in done.stdout
    told = re.findall(r"again: python (.*)", done.stdout)[-1]
    again = subprocess.run(
        [python, *told.split()], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert again.returncode == 1, again.stderr
    assert again.stdout.rstrip().splitlines()[-2] in done.stdout


def test_the_example_passes_when_it_is_mended(python: Path, tmp_path: Path) -> None:
    (tmp_path / "my_store.py").write_text(mended(EXAMPLE), encoding="utf-8")

    done = run_pytest(python, tmp_path, *COMMAND)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_a_test_of_ones_own_chooses_its_parts(python: Path, tmp_path: Path) -> None:
    (tmp_path / "my_store.py").write_text(mended(EXAMPLE), encoding="utf-8")
    own = "from my_store import open_store\n" + OWN_TEST.replace("seeds=500", "seeds=20")
    (tmp_path / "test_mine.py").write_text(own, encoding="utf-8")

    done = run_pytest(python, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_without_the_options_the_plugin_is_not_noticed(python: Path, tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")

    done = run_pytest(python, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
