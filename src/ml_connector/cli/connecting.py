"""``connect``, ``check`` and ``connections``. The options of ``connect`` are what each connector asks for."""

from __future__ import annotations

import getpass
import inspect
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import redirect as way_back
from ml_connector.cli import render, sandboxed
from ml_connector.cli.context import Cli, Exit, Given, pairs
from ml_connector.connectors.base import Connector
from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.grants import CredentialField
from ml_connector.errors import BadInput
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.runtime import connectors as installed
from ml_connector.service import connecting
from ml_connector.service.checking import Checked, check_all
from ml_connector.service.connecting import Connected, Granted
from ml_connector.service.connection_settings import change_connection_settings, connection_settings
from ml_connector.service.connections import Connection, connection_named, pick_connection
from ml_connector.service.connections import connections as all_connections
from ml_connector.service.credentials import checked_credentials, checked_settings


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The options that every ``connect`` has."""

    organisation: tuple[str, ...]
    name: str
    zone: str
    test_books: bool
    again: str
    paste: bool
    set: tuple[str, ...]


_OPTIONS: dict[str, tuple[Any, Any, str]] = {
    "organisation": (
        tuple[str, ...],
        (),
        "Id or name of the organisation, when the credentials reach several; repeated, all are connected by one consent.",
    ),
    "name": (str, "", "What to call the connection."),
    "zone": (str, "", "The company's time zone, when this takes in a new company."),
    "test_books": (bool, False, "These are test books; they are never joined with real ones."),
    "again": (str, "", "The connection to renew; another organisation is refused."),
    "paste": (bool, False, "Paste the address the browser ended at, instead of receiving it here."),
    "set": (
        tuple[str, ...],
        (),
        "A setting of the connection, as name=value, or @FILE with one a line; may be repeated.",
    ),
}


def mount(app: App) -> None:
    """Add these commands; every connector that is installed gets its own ``connect``."""
    group = App(name="connect", help="Connect a system: ask for its credentials, prove them, seal them.")
    for vendor, connector in sorted(installed().items()):
        name = vendor.replace("_", "-")
        group.command(_command(connector), name=name, help_epilogue=_epilogue(connector, name), help_format="markdown")
    app.command(group)
    app.command(check, help_epilogue="Example: ml-connector check\n\nExample: ml-connector check 'Zoho Books' --json")
    app.command(connections, help_epilogue="Example: ml-connector connections")


def _epilogue(connector: Connector, name: str) -> str:
    shown = " ".join(f"--{field.name.replace('_', '-')} ..." for field in connector.credentials if _plain(field))
    secrets = ", ".join(_variable(connector, field) for field in connector.credentials if field.secret)
    return (
        f"Example: ml-connector connect {name} {shown}\n\nSecrets are asked for without echo, or read from a file or "
        f"the environment ({secrets}); they are never given as arguments, which other users of the machine can see."
        f"\n\n{_needed(connector)}\n\n" + "\n".join(f"- {one}" for one in rights(connector))
    )


def rights(connector: Connector) -> list[str]:
    """The rights that all flows together need, what needs them first, those of one purpose on one line."""
    by_purpose: dict[str, list[str]] = {}
    for scope in connector.scopes:
        by_purpose.setdefault(scope.why, []).append(scope.name)
    return [f"{why}: {', '.join(names)}" for why, names in by_purpose.items()]


def _needed(connector: Connector) -> str:
    """Where the rights are given: at a consent, or beforehand to the application."""
    if connector.auth.interactive:
        return f"{connector.title} will ask for these rights, each line for the flows named:"
    return (
        f"{connector.title} asks nobody for these rights: they are given to the application there, or to the user it acts "
        "as, before it is connected, each line for the flows named:"
    )


def _plain(field: CredentialField) -> bool:
    return field.required and not field.secret and not field.default


def _variable(connector: Connector, field: CredentialField) -> str:
    return f"{connector.vendor}_{field.name}".upper()


def _command(connector: Connector) -> Callable[..., Coroutine[Any, Any, int]]:
    """A command whose options are the connector's credential fields, secrets as files, and those all have."""

    async def command(*, cli: Cli, **given: Any) -> int:
        wanted = _Wanted(**{name: given.pop(name, default) for name, (_, default, _) in _OPTIONS.items()})
        return await _connect(cli, connector, given, wanted)

    command.__doc__ = (
        f"Connect {connector.title}.\n\nRepeated for the same organisation, it renews the grant, and with it every "
        "organisation of the same consent."
    )
    parameters = [_field(connector, field) for field in connector.credentials]
    parameters += [_option(name, kind, default, text) for name, (kind, default, text) in _OPTIONS.items()]
    parameters.append(inspect.Parameter("cli", inspect.Parameter.KEYWORD_ONLY, annotation=Given))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _field(connector: Connector, field: CredentialField) -> inspect.Parameter:
    where = field.where.rstrip(".") + (f" (one of {', '.join(field.choices)})" if field.choices else "")
    if field.name == "redirect":
        where += f" ({way_back.own(connector)})"
    if field.secret:
        return _option(f"{field.name}_file", Path | None, None, f"File with the {field.label}: {where}.")
    return _option(field.name, str | None, None, f"{field.label}: {where} [env {_variable(connector, field)}].")


def _option(name: str, kind: Any, default: Any, text: str) -> inspect.Parameter:
    told = Parameter(help=text, show_default=False, negative=())
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, told])


# --- what was given ----------------------------------------------------------------------------------------------


def _given(cli: Cli, runtime: Runtime, connector: Connector, options: Mapping[str, Any]) -> dict[str, str]:
    """Every credential from its option, file, environment variable, the sandbox, or a question, in this order."""
    ready = runtime.sandbox.credentials.get(connector.vendor, {}) if runtime.sandbox else {}
    found = {}
    for field in connector.credentials:
        value = _stated(connector, field, options) or ready.get(field.name, "")
        if not value and field.required and not field.default and not cli.json and sys.stdin.isatty():
            value = _asked(cli, field)
        found[field.name] = value
    return checked_credentials(connector, found)


def _stated(connector: Connector, field: CredentialField, options: Mapping[str, Any]) -> str:
    path = options.get(f"{field.name}_file")
    if path is not None:
        return secret_in(Path(path), field.label)
    given = options.get(field.name)
    if given is None:
        return os.environ.get(_variable(connector, field), "")
    if not str(given).strip():
        raise BadInput(f"--{field.name.replace('_', '-')} was given and is empty: give the {field.label}.")
    return str(given)


def secret_in(path: Path, label: str) -> str:
    """What a secret's file holds. Raises BadInput naming it: a file that was given is never passed over in silence."""
    try:
        found = path.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise BadInput(f"The file {path} with the {label} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"The file {path} with the {label} is no text: give a file with that alone.") from error
    if not found:
        raise BadInput(f"The file {path} with the {label} is empty. Nothing was done.")
    return found


def _asked(cli: Cli, field: CredentialField) -> str:
    cli.say(f"{field.label}: {field.where.rstrip('.')}.")
    ask = getpass.getpass if field.secret else input
    try:
        return ask(f"{field.label}: ").strip()
    except EOFError as error:
        raise BadInput(f"{field.label} was not given.") from error


# --- connecting --------------------------------------------------------------------------------------------------


async def _connect(cli: Cli, connector: Connector, options: Mapping[str, Any], wanted: _Wanted) -> int:
    _show_rights(cli, connector)
    async with cli.runtime() as runtime:
        credentials = _given(cli, runtime, connector, options)
        settings = checked_settings(connector, pairs(wanted.set, "setting"))
        grant = await _granted(cli, runtime, connector, credentials, settings, wanted.paste)
        organisations = await connecting.chosen_of(
            runtime, cli.actor, grant, wanted.organisation, tenant=cli.company, again=wanted.again
        )
        made = await connecting.take_in(
            runtime, cli.actor, grant, organisations,
            tenant=cli.company, zone=wanted.zone, name=wanted.name, test_books=wanted.test_books, again=wanted.again,
        )  # fmt: skip
    for one in made:
        sandboxed.note(cli.settings, one.vendor, one.organisation_id)
    if len(made) == 1:
        cli.show(made[0], _connected)
    else:
        cli.show(made, _all_connected)
    return Exit.GOOD


def _show_rights(cli: Cli, connector: Connector) -> None:
    """What the flows need, purpose by purpose, before anything is asked. On the error output, with ``--json`` too."""
    cli.err.print(_needed(connector), markup=False)
    render.entries(cli.err, rights(connector))


async def _granted(
    cli: Cli,
    runtime: Runtime,
    connector: Connector,
    credentials: Mapping[str, str],
    settings: Mapping[str, str],
    paste: bool,
) -> Granted:
    if not connecting.needs_consent(connector, credentials):
        return await connecting.granted(runtime, connector, credentials, settings)
    redirect = credentials.get("redirect") or way_back.own(connector)
    asked = connecting.consent(connector, credentials, redirect)
    alone = runtime.sandbox is not None and not paste  # then nobody has to open it
    if not alone:
        _ask_consent(cli, asked.address)
    if paste:
        returned: Mapping[str, str] = way_back.pasted(_line(cli))
    elif runtime.sandbox is not None:
        returned = await way_back.consented(runtime.sandbox, asked.address)
    elif way_back.is_loopback(redirect):
        returned = await way_back.received(cli, redirect, asked)
    else:
        returned = way_back.pasted(_line(cli))
    checked = connecting.checked_return(asked, returned)
    return await connecting.granted_by_consent(runtime, connector, credentials, settings, redirect, checked)


def _ask_consent(cli: Cli, address: str) -> None:
    """The address, on the error output, so that ``--json`` shows it too."""
    cli.err.print("Open this address, and accept:", markup=False)
    cli.err.print(address, markup=False, soft_wrap=True)


def _line(cli: Cli) -> str:
    cli.err.print("Paste the address the browser ended at:", markup=False)
    return sys.stdin.readline()


def _all_connected(console: Console, made: list[Connected]) -> None:
    for one in made:
        _connected(console, one)


def _connected(console: Console, made: Connected) -> None:
    what = "The grant was renewed" if made.renewed else "Connected"
    render.lines(
        console,
        f"{what}: {made.name}, organisation {made.organisation} ({made.organisation_id}).",
        "'ml-connector check' asks the real system whether everything is in place.",
    )


# --- looking -----------------------------------------------------------------------------------------------------


async def check(connection: str = "", *, cli: Given) -> int:
    """Ask the real systems: token, rights, organisation, clock, limits.

    All at once, each shown as it answers. Ends with 3 when one did not.

    Parameters
    ----------
    connection
        Only this connection, by its name or number.
    """
    async with cli.vendor_desk() as desk:
        known = await all_connections(desk)
        chosen = [pick_connection(known, connection)] if connection or not known else known
        found = await check_all(desk, chosen, _shown_now(cli))
    if cli.json:
        cli.show(found, show_checked)
    if any(one.unanswered for one in found):
        return Exit.FAILED
    return Exit.GOOD if all(one.good for one in found) else Exit.ATTENTION


def _shown_now(cli: Cli) -> Callable[[Checked], None]:
    def show(one: Checked) -> None:
        if not cli.json:
            show_checked(cli.out, [one])

    return show


STYLES = {Verdict.GOOD: "green", Verdict.WARNING: "yellow", Verdict.MISSING: "red"}


def show_checked(console: Console, found: list[Checked]) -> None:
    """Each connection's findings as a table, or why there are none."""
    for one in found:
        if one.unanswered:
            render.lines(console, one.unanswered, style="yellow")
            continue
        made = render.table("what", "", "found", title=one.connection)
        for finding in one.findings:
            verdict = render.plain_text(finding.verdict.value, STYLES[finding.verdict])
            render.add(made, finding.subject, verdict, f"{finding.sentence} {finding.action}".strip())
        console.print(made)


async def show_connection_settings(cli: Cli, connection: str, changes: Mapping[str, str]) -> int:
    """Show a connection's own settings, after changing some."""
    async with cli.desk() as desk:
        chosen = await connection_named(desk, connection)
        if changes:
            await change_connection_settings(desk, chosen, changes)
        found = await connection_settings(desk, chosen)
    cli.show(found, lambda console, shown: console.print(render.settings(shown)))
    return Exit.GOOD


async def connections(*, cli: Given) -> int:
    """List the connections and their health."""
    async with cli.desk() as desk:
        known = await all_connections(desk)
    cli.show(known, show_connections)
    return Exit.GOOD if all(one.state == "good" and not one.problem for one in known) else Exit.ATTENTION


def show_connections(console: Console, known: list[Connection]) -> None:
    """The connections as a table, with their problems below."""
    made = render.table(
        "number", "name", "vendor", "organisation", "books", "consent", "state", right=("number", "consent")
    )
    for one in known:
        books = "test" if one.sandbox else "real"
        waits = f", waits until {one.waits}" if one.waits else ""
        colour = "red" if one.state != "good" else "yellow" if waits else "green"
        health = render.plain_text(one.state + waits, colour)
        render.add(made, one.connection_id, one.name, one.vendor, one.organisation_id, books, one.grant_id, health)
    console.print(made)
    for one in known:
        if one.problem or one.waits:
            problem = one.problem or "it waits for a limit of its own, or to try again"
            render.lines(console, f"{one.name}: {problem}", style="yellow")
