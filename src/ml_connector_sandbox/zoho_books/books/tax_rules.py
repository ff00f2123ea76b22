"""Entering, changing and deleting taxes, groups and exemptions, with the checks the API makes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.body import Body, boolean, decimal, required, text
from ml_connector_sandbox.zoho_books.books.lines import unknown
from ml_connector_sandbox.zoho_books.books.masters import Tax, TaxExemption, TaxGroup
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks

NAME_LIMIT = 100
KINDS = ("tax", "compound_tax")


def create_tax(books: OrganisationBooks, body: Body) -> Tax:
    """A new tax. ``is_value_added`` says whether what is paid on purchases comes back. Raises Refused."""
    name, kind = required(body, "tax_name", NAME_LIMIT), text(body, "tax_type") or "tax"
    if kind not in KINDS:
        raise invalid("tax_type")
    _free(books, name)
    authority = _authority(books, text(body, "tax_authority_id"))
    made = books.add_tax(
        name,
        _percentage(body),
        tax_type=kind,
        recoverable=boolean(body, "is_value_added", books.profile.tax_edition == "vat"),
        authority_name=text(body, "tax_authority_name", NAME_LIMIT),
    )
    if authority is not None:
        made.authority_id, made.authority_name = authority.authority_id, authority.authority_name
    return made


def update_tax(books: OrganisationBooks, tax: Tax, body: Body) -> Tax:
    """Change name and percentage. Raises Refused."""
    name = required(body, "tax_name", NAME_LIMIT) if "tax_name" in body else tax.tax_name
    if name != tax.tax_name:
        _free(books, name)
    percentage = _percentage(body) if "tax_percentage" in body else tax.percentage
    tax.tax_name, tax.percentage = name, percentage
    return tax


def delete_tax(books: OrganisationBooks, tax: Tax) -> None:
    """Remove a tax that no group, item or document names. Raises Refused."""
    grouped = any(one is tax for group in books.tax_groups.values() for one in group.taxes)
    itemised = any(one.tax_id == tax.tax_id for one in books.items)
    spent = any(part[0] == tax.tax_id for one in books.expenses for part in one.tax_parts)
    if grouped or itemised or spent or any(tax.tax_id in one.taxes for one in books.documents()):
        message = "The tax is used and cannot be deleted."
        raise Refused(400, books.switches.has_transactions_code, message)
    del books.taxes[tax.tax_id]


def create_group(books: OrganisationBooks, body: Body) -> TaxGroup:
    """A group of taxes that are on file. Raises Refused."""
    name = required(body, "tax_group_name", NAME_LIMIT)
    _free(books, name)
    wanted = [one.strip() for one in required(body, "taxes").split(",") if one.strip()]
    if len(set(wanted)) < len(wanted):
        raise invalid("taxes")
    if any(one not in books.taxes for one in wanted):
        raise unknown(books, "taxes")
    return books.add_tax_group(name, [books.taxes[one] for one in wanted])


def create_exemption(books: OrganisationBooks, body: Body) -> TaxExemption:
    """A reason for not taxing, for items or for customers. Raises Refused."""
    code, kind = required(body, "tax_exemption_code", NAME_LIMIT), required(body, "type")
    if kind not in ("item", "customer"):
        raise invalid("type")
    if any(one.code == code for one in books.tax_exemptions.values()):
        raise _exists(books, f"The tax exemption {code} already exists.")
    return books.add_tax_exemption(code, kind, text(body, "description", 500))


def _authority(books: OrganisationBooks, authority_id: str) -> Tax | None:
    """A tax of that authority; it tells the authority's name."""
    if not authority_id:
        return None
    for one in books.taxes.values():
        if one.authority_id == authority_id:
            return one
    raise unknown(books, "tax_authority_id")


def _percentage(body: Body) -> Decimal:
    found = decimal(body, "tax_percentage", Decimal(-1))
    if not 0 <= found <= 100:
        raise invalid("tax_percentage")
    return found


def _free(books: OrganisationBooks, name: str) -> None:
    held = {one.tax_name for one in books.taxes.values()} | {one.tax_group_name for one in books.tax_groups.values()}
    if name in held:
        raise _exists(books, f"The tax {name} already exists.")


def _exists(books: OrganisationBooks, message: str) -> Refused:
    return Refused(400, books.switches.already_exists_code, message)
