"""Account settings that name no account of the ledger that can be used, told as soon as its accounts were read."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.canonical.called import nearest
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.sealing import Sealer
from ml_connector.service.company_books import listed
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.integrating import Integration, integrations_in
from ml_connector.sync.named_accounts import ACCOUNTS, IN_LINES


async def strange_accounts(desk: Desk, connection_id: int) -> tuple[Finding, ...]:
    """Of the integrations that write to a connection, for ``check``."""
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        joined = [one for one in await integrations_in(desk, reading) if one.target_id == connection_id]
        return await strange_accounts_in(desk, reading, sealer, joined)


async def strange_accounts_of(desk: Desk, integration: Integration) -> tuple[Finding, ...]:
    """Of one integration."""
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        return await strange_accounts_in(desk, reading, sealer, [integration])


async def strange_accounts_in(
    desk: Desk, reading: Reading, sealer: Sealer, integrations: Sequence[Integration]
) -> tuple[Finding, ...]:
    """Of these integrations, a finding for each setting: missing where no account fits, a warning where none was read yet."""
    found: list[Finding] = []
    read: dict[int, dict[str, Document] | None] = {}
    for one in integrations:
        if given := _given(desk, one):
            if one.target_id not in read:
                read[one.target_id] = await listed(reading, sealer, one.target_id, ACCOUNTS)
            told = (_finding(one, name, text, read[one.target_id]) for name, text in given.items())
            found += [finding for finding in told if finding is not None]
    return tuple(found)


def _given(desk: Desk, integration: Integration) -> dict[str, str]:
    names = desk.runtime.integrations[integration.kind].account_settings
    given = {name: str(integration.settings.get(name) or "") for name in names}
    return {name: text for name, text in given.items() if text not in ("", IN_LINES)}


def _finding(integration: Integration, name: str, text: str, accounts: dict[str, Document] | None) -> Finding | None:
    subject = f"setting {name}"
    if accounts is None:
        said = f"It names the account {text!r}, and the accounts of {integration.target} have not been read yet."
        return Finding(
            subject, Verdict.WARNING, said, "It is looked up as soon as they are: 'ml-connector preview' reads them."
        )
    entry = accounts.get(text)
    if isinstance(entry, Account) and entry.active and entry.postable:
        return None
    if entry is None:
        wrong = f"has no account of that id, or several of that number or name{nearest(accounts, text)}"
    else:
        wrong = (
            "has that account inactive" if not getattr(entry, "active", True) else "lets no document use that account"
        )
    said = f"It names the account {text!r}, and {integration.target} {wrong}; what needs it waits."
    command = f"ml-connector settings {integration.integration_id} --set {name}=..."
    return Finding(
        subject, Verdict.MISSING, said, f"'{command}' corrects it; 'ml-connector map targets accounts' lists them."
    )
