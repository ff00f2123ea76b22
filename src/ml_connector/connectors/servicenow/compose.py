"""Canonical documents as rows of staging tables. Pure.

All values go as texts. Lines go net; the tax goes beside them. Quantity and price go only where their product is the line's
amount to the last digit sent; else the line is one piece at its amount.
"""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension, Organisation, Party
from ml_connector.canonical.money import digits as currency_digits
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.servicenow import compose_bill, compose_others
from ml_connector.connectors.servicenow.framing import Frame
from ml_connector.connectors.servicenow.profiles import profile_of
from ml_connector.connectors.writing import Action, Composed
from ml_connector.errors import BadInput


def compose(
    action: Action, document: Document, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """The rows of a document. Raises BadInput with one sentence when it cannot be sent as it is."""
    if action not in (Action.CREATE, Action.UPDATE):
        raise BadInput(f"ServiceNow takes no {action.value} through its staging tables: do it there.")
    if action is Action.UPDATE and not isinstance(document, Bill):
        raise BadInput("Only bills are sent again to ServiceNow; change the record there.")
    if action is Action.UPDATE and settings.get("coalesces", "no") != "yes":
        raise BadInput(
            "ServiceNow would make a second invoice of an edited bill: change it there, or have the ServiceNow administrator "
            "let header, lines and tax lines coalesce on our keys and set coalesces=yes."
        )
    frame = Frame(profile_of(settings), settings, reference, _currency(document, organisation))
    match document:
        case Bill():
            return compose_bill.bill(frame, document)
        case Payment():
            return compose_others.payment(frame, document)
        case Dimension():
            return compose_others.cost_center(frame, document)
        case Party():
            return compose_others.party(frame, document)
        case _:
            raise BadInput(
                f"ServiceNow takes bills, payments, suppliers and cost centres, not a {type(document).__name__}."
            )


def _currency(document: Document, organisation: Organisation) -> str:
    """The document's currency, else the company's. Raises BadInput where neither is one."""
    if not isinstance(document, Bill | Payment):
        return ""
    currency = document.currency or organisation.currency
    try:
        currency_digits(currency)
    except ValueError as error:
        raise BadInput(
            f"The document's currency is {currency!r}: enter a currency code such as USD at the source."
        ) from error
    return currency
