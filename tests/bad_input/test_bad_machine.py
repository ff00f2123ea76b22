"""The machine: database address, data directory, keys, sandbox file, and two services on one directory."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from bad_input_world import Shell, one_sentence

from ml_connector.store.embedded import DataDirectory


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://nobody@127.0.0.1:9/books", ("database", "DATABASE_URL")),
        ("mysql://localhost/books", ("DATABASE_URL", "postgresql://")),
        ("no address at all", ("DATABASE_URL", "postgresql://")),
    ],
)
def test_a_wrong_database_address(shell: Shell, address: str, words: tuple[str, ...]) -> None:
    shell.url = address
    told = shell.run("status")
    assert told.code in (2, 3), told
    one_sentence(told.sentence, *words)
    assert not (shell.data / "pg").exists()


def test_a_password_in_the_database_address_is_not_shown(shell: Shell) -> None:
    shell.url = "postgresql://app:hunter2@127.0.0.1:9/books"
    told = shell.run("status")
    assert told.code in (2, 3) and "hunter2" not in told.err + told.out


def test_a_database_that_does_not_exist(shell: Shell) -> None:
    shell.url = psycopg.conninfo.make_conninfo(shell.url, dbname="nowhere_at_all")
    told = shell.run("status")
    assert told.code in (2, 3)
    one_sentence(told.sentence, "nowhere_at_all")


def test_a_data_directory_that_is_a_file(shell: Shell, tmp_path: Path) -> None:
    shell.data = tmp_path / "file"
    shell.data.write_text("")
    told = shell.run("status")
    assert told.code in (2, 3), told
    one_sentence(told.sentence, str(shell.data), "directory")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_data_directory_that_cannot_be_written(shell: Shell, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    told = shell.run("status")
    tmp_path.chmod(0o700)
    assert told.code in (2, 3)
    one_sentence(told.sentence, str(shell.data), "write")


def test_a_data_directory_below_what_cannot_hold_one(shell: Shell) -> None:
    shell.data = Path("/proc/no/such/place")
    told = shell.run("status")
    assert told.code in (2, 3), told
    one_sentence(told.sentence, "/proc/no/such/place", "directory")


def test_a_master_key_that_is_none(shell: Shell) -> None:
    shell.environment["ML_CONNECTOR_MASTER_KEY"] = "c2hvcnQ="
    told = shell.run("status")
    assert told.code in (2, 3), told
    one_sentence(told.sentence, "master key", "needs 32")
    assert "c2hvcnQ=" not in told.err


def test_another_master_key_than_the_one_it_was_sealed_with(shell: Shell) -> None:
    assert shell.run("companies", "--create", "Polar Air").code == 0
    (shell.data / "master.key").rename(shell.data / "master.key.old")
    told = shell.run("companies")
    assert told.code in (2, 3), told
    one_sentence(told.sentence, "master key")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ("cannot be read", "start the sandbox")),
        ("no json", ("not the file of a running sandbox",)),
        ("{}", ("clock",)),
    ],
)
def test_a_sandbox_file_that_is_none(shell: Shell, tmp_path: Path, text: str | None, words: tuple[str, ...]) -> None:
    shell.sandbox_file = tmp_path / "none.json"
    if text is not None:
        shell.sandbox_file.write_text(text)
    told = shell.run("status")
    assert told.code == 2, told
    one_sentence(told.sentence, "none.json", *words)


def test_an_unknown_environment_variable_value(shell: Shell) -> None:
    shell.environment["ML_CONNECTOR_DATA"] = ""
    told = shell.run("--data", str(shell.data), "companies")
    assert told.code == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ML_CONNECTOR_COMPAN", ("did you mean ML_CONNECTOR_COMPANY",)),
        ("ml_connector_datas", ("did you mean ML_CONNECTOR_DATA",)),
        ("ML_CONNECTOR_COLOUR_OF_THE_SKY", ("there are DATABASE_URL, ML_CONNECTOR_DATA",)),
        ("ML_CONNECTOR_DATABASE_URL", ("there are DATABASE_URL, ML_CONNECTOR_DATA",)),
    ],
)
def test_a_misspelt_environment_variable(shell: Shell, name: str, words: tuple[str, ...]) -> None:
    shell.environment[name] = "x"
    told = shell.run("status")
    assert told.code == 2, told
    one_sentence(told.sentence, name, *words)


def test_a_second_service_on_one_directory(shell: Shell) -> None:
    shell.data.mkdir()
    with DataDirectory(shell.data).claim_service("ml-connector up"):
        told = shell.run("up")
    assert told.code in (2, 3), told
    one_sentence(told.sentence, "ml-connector up", str(shell.data))
