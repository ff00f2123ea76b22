"""How many calls a reading in full detail takes, counted over the list: no answer of Zoho's tells how long a list is."""

from __future__ import annotations

from ml_connector.connectors.base import Session
from ml_connector.connectors.reading import Reading, Size
from ml_connector.connectors.zoho_books.client import Books
from ml_connector.connectors.zoho_books.read import in_full, listing_of, wanted
from ml_connector.connectors.zoho_books.walk import begin, cursor_of, query_of

PAGES = 50  # 10,000 rows; a list that is longer takes days whatever it holds


async def size(session: Session, reading: Reading) -> Size | None:
    """The rows of the list that a first walk shows, and a call for each that is wanted alone.

    Raises what ``Books.get`` raises.
    """
    if reading.ids or not in_full(reading):
        return None
    books, listing = Books(session), listing_of(Books(session), reading)
    query = tuple(query_of(listing, begin(listing, cursor_of(None, reading.since))))
    rows = calls = 0
    for page in range(1, PAGES + 1):
        reply = await books.page(listing.path, page, *query)
        found = [row for raw in reply.rows(*listing.keys) if (row := listing.row(raw)) is not None]
        rows += len(found)
        calls += 1 + sum(row.document is not None and wanted(row.document, reading.since) for row in found)
        if not reply.more():
            return Size(rows, calls)
    return Size(rows, calls, exact=False)
