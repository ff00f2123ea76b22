"""Items and taxes as Zoho payloads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.canonical.master_data import Item, Organisation, TaxCode
from ml_connector.canonical.money import ZERO, plain
from ml_connector.connectors.json_fields import encode
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books import editions
from ml_connector.connectors.zoho_books.lines import DESCRIPTION_LIMIT, cut, present, reference_of
from ml_connector.connectors.zoho_books.settings import reference_field_of
from ml_connector.errors import BadInput

NAME_LIMIT = 100
_PRODUCTS = {"service": "service", "discount": "service", "fee": "service"}


def item(
    action: Action, document: Item, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """A new item: sold on its income account, and bought on its expense account where it has one. Raises BadInput.

    An item that is only sold is refused on bills, one with an expense account is for both (FACTS 6.7).
    """
    if action is not Action.CREATE:
        raise BadInput("Items are made in Zoho and never changed from here.")
    if not document.name or len(document.name) > NAME_LIMIT:
        raise BadInput(
            f"The item {document.name[:40] or document.sku} needs a name of at most {NAME_LIMIT} characters: Zoho takes no "
            "other."
        )
    if not document.income_account.id:
        raise BadInput(f"The item {document.name} has no income account: fill the account mapping.")
    notes: list[str] = []
    memo = cut(document.description, DESCRIPTION_LIMIT - 100, "description", notes)
    body: dict[str, Any] = {
        "name": document.name,
        "rate": plain(document.price or ZERO),
        **present(sku=document.sku, unit=document.unit, tax_id=document.tax_code.id),
        "product_type": _PRODUCTS.get(document.kind, "goods"),
        "account_id": document.income_account.id,
        **_bought(document),
        **_taxable(document, organisation, settings),
        **editions.on_line(organisation.edition, "items", settings, taxed=True),
        **reference_of(action, memo, reference, reference_field_of(settings), "description"),
    }
    return Composed(encode(body), ZERO, tuple(notes))


def tax(
    action: Action, document: TaxCode, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """A new tax, by its name and its rate in per cent; it has no place for our reference. Raises BadInput."""
    if action is not Action.CREATE:
        raise BadInput("Taxes are made in Zoho and never changed from here.")
    if not document.name or document.rate is None:
        raise BadInput(f"The tax {document.name or document.id} needs a name and one rate to be made in Zoho.")
    body = {"tax_name": document.name, "tax_percentage": plain(document.rate * 100), "tax_type": "tax"}
    return Composed(encode(body), ZERO)


def _bought(document: Item) -> dict[str, Any]:
    if not document.expense_account.id:
        return {"item_type": "sales"}
    return {
        "item_type": "sales_and_purchases",
        "purchase_account_id": document.expense_account.id,
        "purchase_rate": plain(document.cost or ZERO),
    }


def _taxable(document: Item, organisation: Organisation, settings: Mapping[str, str]) -> dict[str, Any]:
    """Whether it is taxed, in editions that keep it; what is not names an exemption where one is set (SPEC26)."""
    if document.taxable is None or organisation.edition not in ("IN", "US", "MX", "KE", "ZA"):
        return {}
    if document.taxable:
        return {"is_taxable": True}
    return {"is_taxable": False, **present(tax_exemption_id=settings.get("tax_exemption", ""))}
