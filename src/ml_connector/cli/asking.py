"""Asking a person before much is done at once."""

from __future__ import annotations

import sys

from ml_connector.cli.context import Cli
from ml_connector.errors import Refused


def confirm_by_name(cli: Cli, told: str, name: str, *, yes: bool) -> None:
    """Say what cannot be undone, and have the name typed unless ``yes``. Raises Refused as ``confirm``."""
    typed = name if yes else _typed(cli, told, f"Type the name to go on ({name}): ")
    if yes:
        cli.say(told)
    if " ".join(typed.split()).casefold() != " ".join(name.split()).casefold():
        raise Refused("That is not the name. Nothing was done.")


def confirm(cli: Cli, told: str, question: str, *, yes: bool) -> None:
    """Say what is to be done, and ask for it unless ``yes``. Raises Refused where the answer is no or nobody is there."""
    if yes:
        cli.say(told)
        return
    if _typed(cli, told, f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was done.")


def _typed(cli: Cli, told: str, asked: str) -> str:
    """What a person types; nothing at the end of the input. Raises Refused where nobody is there."""
    if cli.json or not sys.stdin.isatty():
        raise Refused(f"{told} Nothing was done: add --yes to do it.")
    cli.say(told)
    try:
        return input(asked)
    except EOFError:
        return ""
