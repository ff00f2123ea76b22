"""The taxes of lines as the ledger's list shows them today, by which it is foreseen what the ledger reckons."""

from __future__ import annotations

from ml_connector.canonical.parts import Ref
from ml_connector.integrations.bill_rules import tax_ref
from ml_connector.integrations.views import View


def as_listed(code: Ref, view: View) -> Ref:
    """A line's tax with the rates that the list shows of it; as the document shows it where the list has none of it.

    A document shows one rate of a group, and each of the group's taxes is rounded by itself.
    """
    known = view.ledger.tax_codes.get(code.id)
    return code if known is None else tax_ref(known)
