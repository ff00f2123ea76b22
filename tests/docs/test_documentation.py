"""What the documentation names is there: files, make verbs, commands, settings, mapping tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ml_connector.cli.main import app
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\]\(([^)#]+)")
_COMMAND = re.compile(r"ml-connector (?!-)([a-z]+)(?: ([a-z-]+))?")
_VERB = re.compile(r"(?:`|^    )make ([a-z-]+)", re.MULTILINE)
_SETTING = re.compile(r"--set (\w+)=")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    for command, below in _COMMAND.findall(page.read_text()):
        assert command in set(app), f"{page.name} names 'ml-connector {command}'"
        names = set(app[command])
        if below and any(not name.startswith("-") for name in names):
            assert below in names, f"{page.name} names 'ml-connector {command} {below}'"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_verbs_exist(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(_VERB.findall(page.read_text())) <= known


def test_settings_exist() -> None:
    named = {name for page in PAGES for name in _SETTING.findall(page.read_text())}
    assert named
    assert named <= set(INTEGRATION.settings.__struct_fields__)


def test_every_verb_says_what_it_does() -> None:
    verbs = re.findall(r"^([a-z-]+):(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    undocumented = [verb for verb, rest in verbs if "##" not in rest and not rest.startswith("=")]
    assert undocumented == []
