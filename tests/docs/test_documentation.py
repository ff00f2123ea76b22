"""What the documentation names is there: files, make verbs, commands, options, addresses, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from ml_connector.cli import redirect
from ml_connector.cli.main import app
from ml_connector.lanes.runtime import connectors, integrations

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\]\(([^)#]+)")
_TEST = re.compile(r"`(tests/[\w/.]+)`")
_COMMAND = re.compile(r"ml-connector (?!-)([a-z]+)(?: ([a-z-]+))?")
_VERB = re.compile(r"(?:`|^    )make ([a-z-]+)", re.MULTILINE)
_SETTING = re.compile(r"--set (\w+)=")
_LINE = re.compile(r"ml-connector ((?!-)[^`\n#]*)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_ALONE = re.compile(r"`(--[a-z-]+)")
_ADDRESS = re.compile(r"http://(?:localhost|127\.0\.0\.1):\d+/[\w/-]*")
_EVERYWHERE = {"--json", "--company", "--data", "--help", "--version"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tests_that_prove_something_exist(page: Path) -> None:
    assert [test for test in _TEST.findall(page.read_text()) if not (ROOT / test).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    for command, below in _COMMAND.findall(page.read_text()):
        assert command in set(app), f"{page.name} names 'ml-connector {command}'"
        names = set(app[command])
        if below and any(not name.startswith("-") for name in names):
            assert below in names, f"{page.name} names 'ml-connector {command} {below}'"


def _options(command: App) -> set[str]:
    """The options of a command; none where it only groups others."""
    if command.default_command is None:
        return set()
    return {name for argument in command.assemble_argument_collection() for name in argument.names}


def _command(line: str) -> App:
    """The command that a line after the program's name begins with."""
    found = app
    for word in line.split():
        if word.startswith("-") or word not in set(found):
            break
        found = found[word]
    return found


def _commands(under: App) -> Iterator[App]:
    for name in set(under) - set(under.help_flags) - set(under.version_flags):
        yield under[name]
        yield from _commands(under[name])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_exist(page: Path) -> None:
    for line in _LINE.findall(page.read_text()):
        missing = set(_OPTION.findall(line)) - _options(_command(line)) - _EVERYWHERE
        assert not missing, f"{page.name} shows 'ml-connector {line.strip()}', which has no {', '.join(missing)}"


def test_commands_in_sentences_exist() -> None:
    """What checks, holds and errors tell a person to type can be typed."""
    told = [
        (file.name, line)
        for file in sorted((ROOT / "src/ml_connector").rglob("*.py"))
        for line in re.findall(r"'ml-connector (?!-)([^'{\n]+)", file.read_text())
    ]
    assert len(told) > 10
    for name, line in told:
        command = _command(line)
        assert command is not app, f"{name} tells to type 'ml-connector {line}'"
        assert set(_OPTION.findall(line)) <= _options(command) | _EVERYWHERE, f"{name}: 'ml-connector {line}'"


def test_options_named_alone_exist() -> None:
    known = _EVERYWHERE.union(*map(_options, _commands(app)))
    for page in PAGES:
        assert set(_ALONE.findall(page.read_text())) <= known, page.name


def test_redirect_addresses_are_the_ones_that_are_listened_at() -> None:
    ours = {redirect.own(connector) for connector in connectors().values()}
    shown = {address for page in PAGES for address in _ADDRESS.findall(page.read_text())}
    assert redirect.own(connectors()["zoho_books"]) in shown
    assert {address for address in shown if "/oauth/" in address or "consent" in address} <= ours


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_verbs_exist(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(_VERB.findall(page.read_text())) <= known


def test_settings_exist() -> None:
    named = {name for page in PAGES for name in _SETTING.findall(page.read_text())}
    assert named
    of_integrations = {name for one in integrations().values() for name in one.settings.__struct_fields__}
    of_connections = {one.name for connector in connectors().values() for one in connector.settings}
    assert named <= of_integrations | of_connections


def test_every_verb_says_what_it_does() -> None:
    verbs = re.findall(r"^([a-z-]+):(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    undocumented = [verb for verb, rest in verbs if "##" not in rest and not rest.startswith("=")]
    assert undocumented == []
