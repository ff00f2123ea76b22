"""``token``: who may use the REST API."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.service.api_tokens import ApiToken, NewToken, create_token, list_tokens, revoke_token

_Scopes = Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add these commands."""
    group = App(name="token", help="Tokens of the REST API, which 'ml-connector up --listen' serves.")
    group.command(
        create,
        help_epilogue="Example: ml-connector token create 'nightly report' --scope read --role viewer --days 365",
    )
    group.command(listed, name="list", help_epilogue="Example: ml-connector token list")
    group.command(revoke, help_epilogue="Example: ml-connector token revoke 'nightly report'")
    app.command(group)


async def create(name: str, *, scope: _Scopes, role: str = "viewer", days: int = 0, cli: Given) -> int:
    """Make a token for this company. It is shown once, and kept as a digest only.

    Parameters
    ----------
    name
        What it is for; the audit trail names it as the one who acted.
    scope
        What it may be used for: read, replay or approve; may be repeated.
    role
        In which role it acts: viewer, bookkeeper (replays), approver (approvals) or owner (everything).
    days
        How long it is valid; 0 is until it is revoked.
    """
    async with cli.desk() as desk:
        made = await create_token(desk, name, scope, role, days)
    cli.show(made, _created)
    cli.say("Keep it now: it is never shown again.")
    return Exit.GOOD


def _created(console: Console, made: NewToken) -> None:
    console.print(render.plain_text(made.token), soft_wrap=True)


async def listed(*, cli: Given) -> int:
    """Show every token, the revoked ones too, and when it was last used."""
    async with cli.desk() as desk:
        found = await list_tokens(desk)
    cli.show(found, _listed)
    return Exit.GOOD


def _listed(console: Console, found: list[ApiToken]) -> None:
    if not found:
        render.lines(console, "There is no token yet: 'ml-connector token create' makes one.")
        return
    made = render.table("#", "name", "may", "as", "made (UTC)", "last used (UTC)", "state", right=("#",))
    for one in found:
        state = f"revoked {render.instant(one.revoked_at)}" if one.revoked_at else "valid"
        if one.expires_at and not one.revoked_at:
            state = f"valid until {render.instant(one.expires_at)}"
        render.add(
            made, one.token_id, one.name, ", ".join(one.scopes), one.role, render.instant(one.created_at),
            render.instant(one.used_at), state,
        )  # fmt: skip
    console.print(made)


async def revoke(token: str, *, cli: Given) -> int:
    """Make a token worthless from now on.

    Parameters
    ----------
    token
        Its name or number.
    """
    async with cli.desk() as desk:
        found = await revoke_token(desk, token)
    cli.show(found, _revoked)
    return Exit.GOOD


def _revoked(console: Console, found: ApiToken) -> None:
    render.lines(console, f"The token {found.name!r} is revoked: nothing accepts it any more.")
