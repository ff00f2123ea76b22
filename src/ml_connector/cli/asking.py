"""Asking a person before much is done at once."""

from __future__ import annotations

import sys

from ml_connector.cli.context import Cli
from ml_connector.errors import Refused


def confirm(cli: Cli, told: str, question: str, *, yes: bool) -> None:
    """Say what is to be done, and ask for it unless ``yes``. Raises Refused where the answer is no or nobody is there."""
    if yes:
        cli.say(told)
        return
    if cli.json or not sys.stdin.isatty():
        raise Refused(f"{told} Nothing was done: add --yes to do it.")
    cli.say(told)
    try:
        answer = input(f"{question} [y/N] ").strip().lower()
    except EOFError:
        answer = ""
    if answer not in ("y", "yes"):
        raise Refused("Nothing was done.")
