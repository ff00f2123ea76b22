"""A line to the emulated Zoho Books, and its stage by its own type."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from contract_line import Line
from contract_set import line_to, staged
from contract_zoho_books import StageOfZohoBooks
from contract_zoho_steps import made_of

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.writing import Action, Step


@asynccontextmanager
async def zoho(
    settings: Mapping[str, str] | None = None, *, country: str = "", granted: str = "", **switches: object
) -> AsyncIterator[tuple[StageOfZohoBooks, Line]]:
    """A company, of another country or with other rights where named."""
    async with staged("zoho_books") as stage:
        assert isinstance(stage, StageOfZohoBooks)
        stage.short_pages()
        stage.granted = granted or stage.granted
        stage.books.profile.country_code = country or stage.books.profile.country_code
        stage.emulator.set_switches(switches)
        async with line_to(stage, settings) as line:
            yield stage, line


async def step_for(
    line: Line, entity: str, document: Document, reference: str = "MLC-1", action: Action = Action.CREATE
) -> Step:
    """The step of a document by the line's own settings."""
    organisation: Organisation = await line.connector.organisation(line.session)
    return made_of(line.connector, entity, action, document, reference, organisation, line.session.settings)
