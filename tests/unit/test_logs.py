import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from litestar import get

from apps.edge.answers import Answer, success
from apps.edge.calls import AnyRequest
from apps.logs import configure_logs
from tests.support.edge_app import ANY, app_of, call


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    """Leave the process's logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_json_lines_carry_the_correlation_id_whoever_logs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("info", "json")
    with structlog.contextvars.bound_contextvars(correlation_id="c-1"):
        structlog.get_logger("ours").info("order_placed", order="o-1")
        logging.getLogger("theirs").warning("something %s", "odd")

    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())

    assert (ours["event"], ours["order"], ours["level"]) == ("order_placed", "o-1", "info")
    assert (theirs["event"], theirs["logger"]) == ("something odd", "theirs")
    assert ours["correlation_id"] == theirs["correlation_id"] == "c-1"
    assert ours["timestamp"].endswith("Z")


def test_less_than_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("warning", "console")

    structlog.get_logger("ours").info("whisper")
    logging.getLogger("theirs").info("whisper")
    structlog.get_logger("ours").warning("shout")

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "shout" in lines[0]


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_local_variables(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    configure_logs("info", form)
    password = "hunter2"
    try:
        raise ValueError(f"{len(password)} letters")
    except ValueError:
        structlog.get_logger("ours").exception("it_failed")

    err = capsys.readouterr().err
    assert "7 letters" in err
    assert "hunter2" not in err.replace('password = "hunter2"', "")


def test_set_up_twice_it_logs_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json")
    configure_logs("info", "json")

    structlog.get_logger("ours").info("once")

    assert len(capsys.readouterr().err.splitlines()) == 1


async def test_whatever_a_call_logs_carries_its_correlation_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @get("/logged", operation_class=ANY)
    async def log_something(request: AnyRequest) -> Answer:
        logging.getLogger("theirs").warning("odd")
        return success("Logged.", None)

    configure_logs("info", "json")
    await call(app_of(log_something), "GET", "/api/v1/logged", headers={"X-Request-Id": "c-2"})

    entries = map(json.loads, capsys.readouterr().err.splitlines())
    [entry] = [entry for entry in entries if entry["event"] == "odd"]
    assert entry["correlation_id"] == "c-2"
