"""The entry point: global options, exit codes, and the way every error ends."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError, MissingArgumentError
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from ml_connector.cli import (
    approving,
    auditing,
    breaker,
    clearing,
    comparing,
    connecting,
    demo,
    doubles,
    erasing,
    flows,
    loop,
    mapping,
    matches,
    recoding,
    records,
    rounding,
    running,
    sandbox,
    standing,
    status,
    tenants,
    tokens,
    tracking,
    vendors,
    webhooks,
)
from ml_connector.cli.context import Cli, Exit
from ml_connector.errors import BadInput, ConnectorError, Refused
from ml_connector.service.mapping.files import FileRefused
from ml_connector.settings import Settings, refuse_unknown
from ml_connector.store.embedded import install_signal_release
from ml_connector.telemetry import logs

_HELP = """Keeps field-service, accounting and procurement systems in agreement.

The way to begin: connect two systems, integrate them, look at the preview,
fill the mapping tables, go live, and leave 'ml-connector up' running.

Exit codes: 0 nothing waits for a person and nothing failed; 1 something waits
for a person or was rejected; 2 the input is wrong, nothing was changed; 3 the
work could not be done (a vendor or the database is down).
"""

app = App(
    name="ml-connector",
    help=_HELP,
    help_format="plaintext",
    version=version("ml-connector"),
    version_flags=["--version"],
    result_action="return_value",
)
for group in (
    running,
    connecting,
    flows,
    status,
    approving,
    records,
    tracking,
    clearing,
    comparing,
    rounding,
    standing,
    vendors,
    doubles,
    breaker,
    mapping,
    matches,
    recoding,
    auditing,
    erasing,
    tenants,
    tokens,
    webhooks,
    sandbox,
    demo,
):
    group.mount(app)


@app.meta.default
def launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    json: Annotated[bool, Parameter(negative=(), show_default=False, help="Print one JSON document.")] = False,
    company: Annotated[
        str, Parameter(show_default=False, help="The company, when there are several [env ML_CONNECTOR_COMPANY].")
    ] = "",
    data: Annotated[Path | None, Parameter(help="The data directory [env ML_CONNECTOR_DATA].")] = None,
) -> int:
    """Parse the command and run it."""
    command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
    given: dict[str, Any] = {"cli": Cli.on(_settings(data), json, company)} if "cli" in ignored else {}
    logs.configure(service=command in (running.up, running.worker), json=json)
    result = command(*bound.args, **bound.kwargs, **given)
    if inspect.iscoroutine(result):
        result = loop.run(_awaited(result))
    return result if isinstance(result, int) else Exit.GOOD


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


def _settings(data: Path | None) -> Settings:
    refuse_unknown(os.environ)
    try:
        return Settings() if data is None else Settings(data=data)
    except ValidationError as error:
        first = error.errors()[0]
        name = "ML_CONNECTOR_" + "_".join(str(part) for part in first["loc"]).upper()
        raise BadInput(f"The environment variable {name} is wrong: {first['msg']}.") from error


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code. Errors are told on the error output, with ``--json`` as the document too."""
    tell = _Teller("--json" in arguments)
    try:
        return int(app.meta(list(arguments), exit_on_error=False, print_error=False) or 0)
    except CycloptsError as error:
        return tell(Exit.BAD_INPUT, "usage", _usage(error))
    except FileRefused as error:
        return tell(Exit.BAD_INPUT, "file_refused", "The file was refused, and nothing was changed:", *error.problems)
    except ConnectorError as error:
        code = Exit.BAD_INPUT if isinstance(error, BadInput | Refused) else Exit.FAILED
        return tell(code, _kind(error), error.sentence)
    except KeyboardInterrupt:
        return tell(130, "stopped", "Stopped. What was under way is resolved when a worker runs again.")
    except BrokenPipeError:
        return Exit.FAILED


def _usage(error: CycloptsError) -> str:
    """What is wrong with the words that were typed."""
    if isinstance(error, MissingArgumentError):
        return _missing(error)
    return f"{error} See 'ml-connector --help'.".replace("\n", " ")


def _missing(error: MissingArgumentError) -> str:
    """What is missing, by the name that the command's help shows for it."""
    command = " ".join(("ml-connector", *(error.command_chain or ())))
    argument = error.argument
    given = error.keyword or next((one.keyword for one in argument.tokens if one.keyword), "") if argument else ""
    if given:
        return f"{given} needs a value: see '{command} --help'."
    if argument is None:
        return f"Something is missing: see '{command} --help'."
    name = argument.name if argument.index is None else argument.name.lstrip("-").upper()
    return f"'{command}' needs {name}: see '{command} --help'."


def _kind(error: ConnectorError) -> str:
    """What an error is called in JSON: `not_found` for NotFound."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


@dataclass(frozen=True, slots=True)
class _Teller:
    """Tells how a command failed: in sentences on the error output, and as the one JSON document that was asked for."""

    json: bool

    def __call__(self, code: int, kind: str, sentence: str, *problems: str) -> int:
        errors = Console(stderr=True, highlight=False)
        for text in (sentence, *problems):
            errors.print(Text(text), soft_wrap=not errors.is_terminal)
        if self.json:
            error = {"kind": kind, "sentence": sentence, "problems": problems, "exit_code": int(code)}
            sys.stdout.write(msgspec.json.format(msgspec.json.encode({"error": error}), indent=2).decode() + "\n")
        return code


def main() -> None:
    """Entry point of ``ml-connector``."""
    install_signal_release()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
