"""Apache Kafka's jars from Maven Central, fetched once and kept between runs."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

POM = Path(__file__).parent / "kafka" / "pom.xml"
FETCH_SECONDS_MAX = 300.0
JAVA_MAJOR_MIN = 17


class JarsMissing(Exception):
    """The jars are not here and could not be fetched; the text says why."""


def kafka_version() -> str:
    """Return the version that the pom names."""
    found = re.search(r"<kafka\.version>(.+?)</", POM.read_text())
    assert found, f"{POM} names no kafka.version"
    return found[1]


def java_path() -> str | None:
    """Return the java program, JAVA_HOME's before PATH's, or None."""
    home = os.environ.get("JAVA_HOME")
    return (shutil.which("java", path=f"{home}/bin") if home else None) or shutil.which("java")


def java_version(java: str) -> str | None:
    """Return what *java* calls its version (17.0.15), None when it does not say."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "([^"]+)"', answer.stderr.decode())
    return found[1] if found else None


def no_java_reason() -> str | None:
    """Say why no broker can run on this machine's Java, None when one can."""
    java = java_path()
    version = java_version(java) if java else None
    if version is None:
        return "no Java found"
    major = int(re.split(r"\D", version)[0])
    return f"Java {version} is older than {JAVA_MAJOR_MIN}" if major < JAVA_MAJOR_MIN else None


def cache_folder() -> Path:
    """Return the folder of this version's jars, existing or not."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "inventory-tests" / f"kafka-{kafka_version()}"


def jars_cached() -> bool:
    """Say whether the jars of exactly this pom are here, all of them."""
    marker = cache_folder() / "complete"
    return marker.is_file() and marker.read_text() == _pom_digest()


def jars_folder() -> Path:
    """Return the folder of the jars, fetching them when needed; one process fetches at a time.

    Raises:
        JarsMissing: Maven is not installed, or did not succeed.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        if not jars_cached():
            _fetch(folder)
    return folder / "libs"


def class_archive(java: str) -> Path:
    """Return where the loaded classes are kept ready-made for *java*: it halves the start."""
    return cache_folder() / f"classes-{java_version(java)}.jsa"


def keep_class_archive(made: Path, java: str) -> None:
    """Keep the archive *made* by a broker for the next start; the file appears whole or not."""
    kept = class_archive(java)
    copy = kept.with_name(f"{kept.name}.{os.getpid()}")
    shutil.copyfile(made, copy)
    copy.replace(kept)


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise JarsMissing("Maven (mvn) is not installed and Kafka's jars are not in the cache")
    (folder / "complete").unlink(missing_ok=True)
    shutil.rmtree(folder / "libs", ignore_errors=True)
    for archive in folder.glob("classes-*"):
        archive.unlink()
    _run_maven(maven, folder / "libs")
    (folder / "complete").write_text(_pom_digest())


def _run_maven(maven: str, target: Path) -> None:
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    try:
        run = subprocess.run(
            [maven, "-q", "-B", "-f", str(POM), *goal],
            capture_output=True,
            check=False,
            text=True,
            timeout=FETCH_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        raise JarsMissing(f"Maven took longer than {FETCH_SECONDS_MAX:.0f} s") from None
    if run.returncode != 0 or not any(target.glob("kafka_*.jar")):
        raise JarsMissing(f"Maven could not fetch Kafka's jars:\n{run.stdout}{run.stderr}")


def _pom_digest() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
