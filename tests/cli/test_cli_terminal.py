from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_terminal import COMMAND, environment, in_terminal, piped

COMMANDS = (
    ["up"], ["worker"], ["connect", "servicetitan"], ["connect", "zoho-books"], ["check"], ["connections"],
    ["integrate"], ["settings"], ["preview"], ["live"], ["off"], ["sync"], ["status"], ["records"], ["explain"],
    ["replay"], ["release"], ["link"], ["map", "export"], ["map", "import"], ["map", "suggest"], ["map", "set"],
    ["audit", "verify"], ["audit", "export"], ["companies"],
)  # fmt: skip


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    """A fresh migrated database and an empty data directory."""
    return environment(tmp_path / "data", DATABASE_URL=database_url)


def test_help_fits_a_terminal_and_tells_the_exit_codes(tmp_path: Path) -> None:
    shown = in_terminal(["--help"], environment(tmp_path))
    assert shown.code == 0 and shown.widest <= 80
    assert "Exit codes: 0 nothing waits for a person" in shown.text
    for command in COMMANDS:
        assert f"│ {command[0]} " in shown.text
    assert "--json" in shown.text and "--company" in shown.text and "--data" in shown.text


def test_every_command_has_an_example(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from ml_connector.cli.main import run

    monkeypatch.setenv("COLUMNS", "80")
    for command in COMMANDS:
        assert run([*command, "--help"]) == 0
        shown = capsys.readouterr().out
        assert f"ml-connector {' '.join(command)}" in " ".join(shown.split("Example: ")[1].split()), command
        assert max(len(line) for line in shown.splitlines()) <= 80, command


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["frobnicate"], 'Unknown command "frobnicate"'),
        (["status", "--colour"], "Unknown option: --colour"),
        (["explain"], "'ml-connector explain' needs RECORD: see 'ml-connector explain --help'."),
        (["map", "set", "accounts"], "'ml-connector map set' needs KEY: see 'ml-connector map set --help'."),
        (["token", "create", "report"], "'ml-connector token create' needs --scope: see"),
        (["records", "--since"], "--since needs a value: see 'ml-connector records --help'."),
        (["records", "--from", "2026-01-01"], "Unknown option: --from"),
        (["records", "--limit", "many"], "many"),
        (["records", "--since", "1.1.2026"], "--since '1.1.2026' is no date such as 2026-01-31"),
        (["map", "import", "accounts", "nowhere.csv"], "nowhere.csv cannot be read: No such file or directory"),
        (["map", "set", "accounts", "5100"], "Give a value, or --remove"),
        (["audit", "verify", "--anchor", "12"], "The hash of the anchor '12' has 0 bytes"),
        (["status", "--company", "Nobody"], "There is no company 'Nobody'; there is none yet"),
    ],
)
def test_bad_input_is_one_sentence(env: dict[str, str], arguments: list[str], told: str) -> None:
    shown = in_terminal(arguments, env)
    assert shown.code == 2, shown.text
    assert told in shown.sentence and "Traceback" not in shown.text


def test_bad_input_is_the_document_in_json_mode_and_a_sentence_beside_it(env: dict[str, str]) -> None:
    done = piped(["status", "--json"], env)
    assert done.returncode == 2
    assert done.stderr.startswith("Nothing is connected yet: connect a system first")
    error = {"kind": "not_found", "sentence": done.stderr.strip(), "problems": [], "exit_code": 2}
    assert json.loads(done.stdout) == {"error": error}
    assert piped(["status"], env).stdout == ""


def test_status_of_a_company_without_anything(env: dict[str, str]) -> None:
    made = piped(["companies", "--create", "Polar Air", "--zone", "America/Chicago", "--json"], env)
    assert made.returncode == 0 and json.loads(made.stdout)[0]["name"] == "Polar Air"
    shown = in_terminal(["status"], env)
    assert shown.code == 0 and shown.widest <= 80
    assert "Nothing is integrated yet" in shown.text
    found = json.loads(piped(["status", "--json"], env).stdout)
    nothing = {"doubles": {}, "losses": [], "incomplete_vendors": {}, "settings": []}
    assert found == {"connections": [], "integrations": [], "attention": [], **nothing}
    assert "The trail is intact: 1 event in 1 link." in in_terminal(["audit", "verify"], env).sentence
    refused = in_terminal(["integrate", "servicetitan-sage", "--set", "start_date=2026-01-01"], env)
    assert refused.code == 2 and "there are servicetitan-xero, servicetitan-zoho_books" in refused.sentence


def test_secrets_are_no_arguments(env: dict[str, str]) -> None:
    shown = in_terminal(["connect", "servicetitan", "--client-secret", "cs1.x"], env)
    assert shown.code == 2 and "Unknown option" in shown.sentence


def test_missing_credentials_name_the_field_and_where_it_is(env: dict[str, str]) -> None:
    done = piped(["connect", "servicetitan"], env)
    assert done.returncode == 2
    told = " ".join(done.stderr.split())
    assert "Tenant ID of ServiceTitan is missing. Where it is found: ServiceTitan, Settings, Integrations" in told


def test_a_database_that_is_down_ends_with_three(tmp_path: Path) -> None:
    nowhere = environment(tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    done = piped(["status"], nowhere)
    assert done.returncode == 3 and "The database cannot be reached" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_wrong_environment_variable_is_named(env: dict[str, str]) -> None:
    done = piped(["status"], {**env, "ML_CONNECTOR_SANDBOX": "/nowhere/sandbox.json"})
    assert done.returncode == 2 and "Start the sandbox first." in " ".join(done.stderr.split())


@pytest.fixture
def enterable() -> Iterator[Path]:
    """A directory that PostgreSQL's system user can enter; as root it cannot enter pytest's own."""
    with tempfile.TemporaryDirectory(prefix="mlc-cli-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.slow
def test_up_runs_once_and_leaves_no_server_behind(enterable: Path) -> None:
    data = enterable / "data"
    env = environment(data)
    service = subprocess.Popen([*COMMAND, "up"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True)
    assert service.stderr is not None
    try:
        assert "ml-connector up works on" in service.stderr.readline()
        second = in_terminal(["up"], env)
        assert second.code == 2
        assert "ml-connector up is already running on the data directory" in second.sentence
        assert str(service.pid) in second.sentence
        assert in_terminal(["companies"], env).code == 0
    finally:
        service.terminate()
    assert service.wait(60) == 0
    assert not (data / "postgres" / "postmaster.pid").exists()
