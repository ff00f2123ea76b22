"""Canonical documents as Zoho payloads, with Zoho's arithmetic. Pure.

References are Zoho's own ids; an update or void names the document by ``document.id``. What is asked of which document is
told by its type and kind:

Bill          with a negative total a vendor credit. Lines with ids stay the lines they are, others replace them.
Invoice       kind "invoice" or "credit note" (or a negative total); without lines an update changes the head alone.
Payment       all that it settles, and the rest unused; kind refund: money back, of what ``refunds`` names.
Application   of a credit (``id``) to one document: the credit note or vendor credit with that part first. Its void names the
              application's id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Item, Organisation, Party, TaxCode
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books import (
    compose_bills,
    compose_lists,
    compose_parties,
    compose_payments,
    compose_sales,
)
from ml_connector.errors import BadInput


def compose(
    action: Action, document: Document, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """The native payload. Raises BadInput with one sentence when the document cannot be sent as it is."""
    if isinstance(document, Bill | Invoice) and applies(action, document):
        if isinstance(document, Bill):
            return compose_bills.application(action, document)
        return compose_payments.application(action, document)
    way = next((made for kind, made in _WAYS.items() if isinstance(document, kind)), None)
    if way is None:
        raise BadInput(f"Zoho Books takes no {type(document).__name__} from here.")
    return way(action, document, organisation, reference, settings)


def applies(action: Action, document: Bill | Invoice) -> bool:
    """Whether the document stands for the application of a credit: it exists, or is still to be made, and has parts."""
    parts = document.credits if isinstance(document, Bill) else document.allocations
    credit = document.total < 0 if isinstance(document, Bill) else document.kind == "credit note"
    return action is not Action.UPDATE and credit and bool(document.id) and bool(parts)


_WAYS: Mapping[type, Callable[..., Composed]] = {
    Party: compose_parties.party,
    Bill: compose_bills.bill,
    Invoice: compose_sales.invoice,
    Payment: compose_payments.payment,
    Item: compose_lists.item,
    TaxCode: compose_lists.tax,
}
