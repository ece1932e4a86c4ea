"""The examples in the documentation run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_using_the_domain_run(number: int, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(blocks("using-the-domain.md")[number])

    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_of_an_adapter_passes_its_contract(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(blocks("using-the-domain.md")[2])
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=100,
    )

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
