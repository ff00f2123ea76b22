"""``/settings/taxes``, tax groups and exemptions. The list shows active taxes, groups among them."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, page_of
from ml_connector_sandbox.zoho_books.books import tax_rules
from ml_connector_sandbox.zoho_books.books.arithmetic import HUNDRED, components
from ml_connector_sandbox.zoho_books.books.masters import Tax, TaxExemption, TaxGroup
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.values import iso, number
from ml_connector_sandbox.zoho_books.errors import missing

LIST: ListRules[dict[str, Any]] = ListRules(
    report_name="Taxes",
    default_column="tax_name",
    default_filter="Taxes.Active",
    columns={
        "tax_name": lambda one: one["tax_name"].casefold(),
        "tax_percentage": lambda one: one["tax_percentage"],
    },
)


def list_taxes(call: ApiCall) -> Reply:
    """A page of taxes; ``filter_by=Taxes.All`` shows inactive ones too."""
    everything = call.query.get("filter_by") == "Taxes.All"
    kept: list[Tax | TaxGroup] = [*call.books.taxes.values(), *call.books.tax_groups.values()]
    shown = [_row(call.books, one) for one in kept if one.active or everything]
    rows, context = page_of(call, LIST, shown)
    today = iso(call.books.today())
    dated = {"as_of_date": today, "to_date": today}
    context = {name: value for name, value in context.items() if name != "custom_fields"} | dated
    return Reply(payload={"taxes": rows, "page_context": context})


def get_tax(call: ApiCall) -> Reply:
    """One tax."""
    return Reply(payload={"tax": _row(call.books, _tax_of(call))})


def get_tax_group(call: ApiCall) -> Reply:
    """One group with its taxes."""
    group = call.books.tax_groups.get(call.path["tax_group_id"])
    if group is None:
        raise missing("Tax group")
    return Reply(payload={"tax_group": _group(call.books, group)})


def create_tax(call: ApiCall) -> Reply:
    """A new tax; an authority is named, or known by the id another tax shows."""
    made = tax_rules.create_tax(call.books, call.body)
    payload = {"tax": _row(call.books, made)}
    return Reply(payload=payload, message="The tax has been added.", status=201)


def update_tax(call: ApiCall) -> Reply:
    """Change name or percentage; documents that stand keep what they were computed with."""
    changed = tax_rules.update_tax(call.books, _tax_of(call), call.body)
    return Reply(payload={"tax": _row(call.books, changed)}, message="Tax information has been saved.")


def delete_tax(call: ApiCall) -> Reply:
    """Remove for good; refused while something names it."""
    tax_rules.delete_tax(call.books, _tax_of(call))
    return Reply(message="The record has been deleted.")


def create_group(call: ApiCall) -> Reply:
    """A new group; ``taxes`` are ids with commas between them."""
    made = tax_rules.create_group(call.books, call.body)
    return Reply(payload={"tax_group": _group(call.books, made)}, status=201)


def create_exemption(call: ApiCall) -> Reply:
    """A new reason for not taxing; answered with 200."""
    made = tax_rules.create_exemption(call.books, call.body)
    return Reply(payload={"tax_exemption": _exemption(made)}, message="Tax Exemption has been added.")


def list_exemptions(call: ApiCall) -> Reply:
    """All exemptions."""
    return Reply(payload={"tax_exemptions": [_exemption(one) for one in call.books.tax_exemptions.values()]})


def _tax_of(call: ApiCall) -> Tax:
    tax = call.books.taxes.get(call.path["tax_id"])
    if tax is None:
        raise missing("Tax")
    return tax


def _group(books: OrganisationBooks, group: TaxGroup) -> dict[str, Any]:
    return {
        "tax_group_id": group.tax_group_id,
        "tax_group_name": group.tax_group_name,
        "tax_group_percentage": _percentage(group),
        "taxes": [_row(books, one) for one in group.taxes],
    }


def _exemption(one: TaxExemption) -> dict[str, Any]:
    return {
        "tax_exemption_id": one.tax_exemption_id,
        "tax_exemption_code": one.code,
        "description": one.description,
        "type": one.kind,
        "type_formatted": one.kind.capitalize(),
    }


def _percentage(tax: Tax | TaxGroup) -> Any:
    if isinstance(tax, Tax):
        return number(tax.percentage)
    return number(sum((share for _, share in components(tax)), 0 * HUNDRED) * HUNDRED)


def _row(books: OrganisationBooks, tax: Tax | TaxGroup) -> dict[str, Any]:
    single = isinstance(tax, Tax)
    recoverable = tax.recoverable if isinstance(tax, Tax) else all(one.recoverable for one in tax.taxes)
    return {
        "tax_id": tax.tax_id if isinstance(tax, Tax) else tax.tax_group_id,
        "tax_name": tax.tax_name if isinstance(tax, Tax) else tax.tax_group_name,
        "tax_percentage": _percentage(tax),
        "tax_type": tax.tax_type if isinstance(tax, Tax) else "tax_group",
        "tax_factor": "rate",
        "tax_specific_type": "",
        "tax_authority_id": tax.authority_id if isinstance(tax, Tax) else "",
        "tax_authority_name": tax.authority_name if isinstance(tax, Tax) else "",
        "is_value_added": recoverable,
        "is_default_tax": False,
        "is_editable": single,
        "output_tax_account_name": "Tax Payable",
        "purchase_tax_account_name": books.input_tax.account_name if recoverable else "",
        "tax_account_id": "",
        "purchase_tax_account_id": books.input_tax.account_id if recoverable else "",
        "status": "Active" if tax.active else "Inactive",
    }


ONE = "/settings/taxes/{tax_id}"
EXEMPTIONS = "/settings/taxexemptions"
ROUTES = [
    Route(method="GET", path="/settings/taxes", scope="settings.READ", handler=list_taxes),
    Route(method="POST", path="/settings/taxes", scope="settings.CREATE", handler=create_tax, takes_body=True),
    Route(method="GET", path=ONE, scope="settings.READ", handler=get_tax),
    Route(method="PUT", path=ONE, scope="settings.UPDATE", handler=update_tax, takes_body=True),
    Route(method="DELETE", path=ONE, scope="settings.DELETE", handler=delete_tax),
    Route(method="POST", path="/settings/taxgroups", scope="settings.CREATE", handler=create_group, takes_body=True),
    Route(method="GET", path="/settings/taxgroups/{tax_group_id}", scope="settings.READ", handler=get_tax_group),
    Route(method="GET", path=EXEMPTIONS, scope="settings.READ", handler=list_exemptions),
    Route(method="POST", path=EXEMPTIONS, scope="settings.CREATE", handler=create_exemption, takes_body=True),
]
