"""compose.yaml and the Dockerfile say what the settings and the services know."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from apps.services import SERVICES
from apps.setting_rows import describe
from apps.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
OURS = ("orders", "products", "products-more", "storefront", "monitor")
SECRET = "a secret that is long enough for HS256"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = document["services"]
    return found


def resolved(value: object) -> str:
    """Put defaults and the secret in, as compose does."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))
    return re.sub(r"\$\{\w+:\?[^}]*\}", SECRET, text)


def test_every_service_is_there_with_what_it_needs(services: dict[str, Any]) -> None:
    assert set(SERVICES) <= set(services)
    assert {"kafka", "mongodb", "mongodb-init", "redis"} <= set(services)
    for name in OURS:
        assert services[name]["command"][0] in SERVICES
        assert services[name]["read_only"] is True
        assert set(services[name]["depends_on"]) == {"kafka", "mongodb-init", "redis"}


@pytest.mark.parametrize("name", OURS)
def test_its_environment_is_one_that_a_service_starts_with(
    services: dict[str, Any], name: str, tmp_path: Path
) -> None:
    given = {key: resolved(value) for key, value in services[name]["environment"].items()}
    unknown = set(given) - {row.name for row in describe(Settings())} - {"HEALTH_URL"}

    settings = load_settings(given, env_file=tmp_path / "none")

    assert not unknown
    assert (settings.store, settings.event_log) == ("mongodb", "kafka")
    port = SERVICES[services[name]["command"][0]].port(settings)
    assert f":{port}/health/live" in given["HEALTH_URL"]
    assert all(mapping.endswith(f":{port}") for mapping in services[name]["ports"])


def test_what_must_outlive_a_container_lies_in_a_volume() -> None:
    document = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    kept = {
        volume: name
        for name, service in document["services"].items()
        for volume in (mount.partition(":")[0] for mount in service.get("volumes", ()))
    }

    assert kept == {"kafka-data": "kafka", "mongodb-data": "mongodb"}
    assert set(document["volumes"]) == set(kept)
    log_dirs = document["services"]["kafka"]["environment"]["KAFKA_LOG_DIRS"]
    assert document["services"]["kafka"]["volumes"] == [f"kafka-data:{log_dirs}"]


def test_services_start_when_what_they_need_is_well(services: dict[str, Any]) -> None:
    for name in OURS:
        for needed, wanted in services[name]["depends_on"].items():
            if wanted["condition"] == "service_healthy":
                assert services[needed]["healthcheck"]["test"]
            else:
                assert wanted["condition"] == "service_completed_successfully"
                assert services[needed]["restart"] == "no"
    assert services["mongodb-init"]["depends_on"]["mongodb"]["condition"] == "service_healthy"
    (replica_set,) = re.findall(r"_id: \"(\w+)\"", services["mongodb-init"]["command"][-1])
    assert replica_set in services["mongodb"]["command"]
    assert f"replicaSet={replica_set}" in services["orders"]["environment"]["MONGODB_URI"]


def test_nothing_is_written_to_a_root_that_is_read_only(services: dict[str, Any]) -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert "PYTHONDONTWRITEBYTECODE=1" in image
    assert "\nVOLUME /data" in image
    assert "DATA_DIR=/data" in image
    for name in OURS:
        assert services[name]["tmpfs"] == ["/tmp"]
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]


def test_what_can_be_asked_for_its_health_is(services: dict[str, Any]) -> None:
    for name in ("kafka", "mongodb", "redis"):
        assert services[name]["healthcheck"]["test"][0] == "CMD"
    assert "\nHEALTHCHECK" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_image_is_built_from_pins_and_runs_as_nobody_of_rank() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert lines.count("\nFROM ") == 3
    assert "--require-hashes" in lines
    assert lines.rindex("\nUSER inventory") > lines.rindex("\nCOPY")
    for source in re.findall(r"^COPY ([a-z][\w./ -]*) \S+$", lines, re.MULTILINE):
        for path in source.split():
            assert (ROOT / path).exists(), path


def test_compose_itself_accepts_it() -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run(
            [docker, "compose", "version"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("docker compose is not on this machine")
    done = subprocess.run(
        [docker, "compose", "config", "--quiet"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ACCESS_TOKEN_SECRET": SECRET},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
