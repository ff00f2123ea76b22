"""What ``connect`` asks for and shows: options with one meaning each, help that reads well, the rights of every flow."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest
from cli_terminal import environment, piped

from ml_connector.cli import redirect
from ml_connector.cli.connecting import rights
from ml_connector.cli.main import app
from ml_connector.connectors.base import Connector
from ml_connector.lanes.runtime import connectors

ALL = [pytest.param(one, id=vendor) for vendor, one in sorted(connectors().items())]


def names_of(connector: Connector) -> list[str]:
    command = app["connect"][connector.vendor.replace("_", "-")]
    return [name for argument in command.assemble_argument_collection() for name in argument.names]


@functools.cache
def help_of(connector: Connector) -> str:
    """In a process of its own: a terminal's width is taken once."""
    nowhere = environment(Path("unused"), COLUMNS="2000")
    return piped(["connect", connector.vendor.replace("_", "-"), "--help"], nowhere).stdout


@pytest.mark.parametrize("connector", ALL)
def test_no_option_means_two_things(connector: Connector) -> None:
    everywhere = {name for argument in app.meta.assemble_argument_collection() for name in argument.names}
    names = names_of(connector)
    assert {"--json", "--company", "--data"} <= everywhere
    assert everywhere.isdisjoint(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("connector", ALL)
def test_the_help_of_a_field_is_one_good_sentence(connector: Connector) -> None:
    shown = " ".join(help_of(connector).split())
    for field in connector.credentials:
        assert f"{'File with the ' if field.secret else ''}{field.label}: {field.where}" in shown
    options = shown[: shown.index("Example: ")].replace("...", "")
    badly_joined = re.findall(r".{20}(?:\.\s*\.|\.\s*\[|\. [a-z]).{5}", options)
    assert badly_joined == []


@pytest.mark.parametrize("connector", ALL)
def test_every_right_is_shown_before_anything_is_asked(connector: Connector, tmp_path: Path) -> None:
    shown = help_of(connector)
    asked = piped(["connect", connector.vendor.replace("_", "-")], environment(tmp_path, COLUMNS="2000")).stderr
    for line in rights(connector):
        assert line in shown
        assert line in asked
    named = " ".join(rights(connector))
    assert all(scope.name in named for scope in connector.scopes)


def test_the_redirect_address_to_register_is_in_the_help() -> None:
    found = connectors()
    assert redirect.own(found["zoho_books"]) == "http://127.0.0.1:8743/oauth/zoho-books"
    assert redirect.own(found["xero"]) == "http://localhost:8743/oauth/xero"  # Xero takes no literal address
    for connector in (found["zoho_books"], found["xero"]):
        assert redirect.own(connector) in help_of(connector)
