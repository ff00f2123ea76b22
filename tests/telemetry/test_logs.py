"""Log lines carry no secrets, whatever their name or place."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import stamina
import structlog

from ml_connector.telemetry.logs import configure, redacted


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What a test sets for the whole process is undone."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    structlog.reset_defaults()
    stamina.instrumentation.set_on_retry_hooks(None)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_secrets_are_hidden_by_name_and_inside_texts() -> None:
    event = {"event": "refused", "client_secret": "abc", "why": 'body {"access_token": "1000.deadbeef"}', "lane": 3}
    shown = redacted(None, "warning", event)
    assert "abc" not in str(shown)
    assert "deadbeef" not in str(shown)
    assert shown["lane"] == 3
    assert shown["event"] == "refused"


def test_a_command_is_silent_and_a_service_tells_on_the_error_output(capsys: pytest.CaptureFixture[str]) -> None:
    for service in (False, True):
        configure(service=service, json=True)
        structlog.get_logger().info("refused", client_secret="abc")
        logging.getLogger("psycopg").warning("connection lost")
        said = capsys.readouterr()
        assert said.out == ""
        assert ("refused" in said.err, "connection lost" in said.err) == (service, service)
    line = json.loads(said.err.splitlines()[0])
    assert (line["event"], line["client_secret"], line["level"]) == ("refused", "[redacted]", "info")


def test_a_traceback_shows_no_secret_whoever_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    configure(service=True, json=True)
    for log in (structlog.get_logger(), logging.getLogger("procrastinate.worker")):
        try:
            int('{"access_token": "1000.deadbeefdeadbeef"}')
        except ValueError:
            log.exception("job failed")
        line = json.loads(capsys.readouterr().err)
        assert line["event"] == "job failed"
        assert "ValueError" in line["exception"]
        assert "deadbeef" not in str(line)


def test_a_read_that_is_repeated_is_told_in_one_line_of_our_own(capsys: pytest.CaptureFixture[str]) -> None:
    configure(service=True, json=True)
    tried = 0
    for attempt in stamina.retry_context(on=ValueError, attempts=2, wait_initial=0.01, wait_jitter=0.0):
        with attempt:
            tried += 1
            if tried == 1:
                raise ValueError("Zoho Books answered 502 to a read of /bills")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "stamina" not in lines[0]
    told = json.loads(lines[0])
    assert (told["level"], told["event"]) == ("info", "a read was not answered and is asked again")
    assert told["why"] == "Zoho Books answered 502 to a read of /bills"
