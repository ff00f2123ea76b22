"""One organisation's books: what is on file, its documents and its ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.entering import Entering
from ml_connector_sandbox.zoho_books.books.filing import CURRENCIES, Filing
from ml_connector_sandbox.zoho_books.books.profile import Profile
from ml_connector_sandbox.zoho_books.books.selling import Selling

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks


class OrganisationBooks(Filing, Entering, Selling):
    """The books of one organisation. Amounts are Decimals in the currency their docstring names.

    Created by ``ZohoBooksBooks.organisation``. Everything is added through ``add_*`` methods, which return the
    dataclass that was entered; ids are given by the organisation unless handed in.
    """

    def __init__(self, company: ZohoBooksBooks, profile: Profile) -> None:
        super().__init__(company, profile)
        self._file_basics()

    def _file_basics(self) -> None:
        for code in {self.profile.currency_code: 1, **CURRENCIES}:
            self.add_currency(code)
        system = [
            ("Accounts Payable", "accounts_payable"),
            ("Accounts Receivable", "accounts_receivable"),
            ("Prepaid Expenses", "other_current_asset"),
            ("Input Tax Credits", "other_current_asset"),
            ("Other Expenses", "expense"),
            ("Undeposited Funds", "cash"),
        ]
        made = [self.add_account(name, kind, is_system=True) for name, kind in system]
        self.accounts_payable, self.accounts_receivable, self.prepaid_expenses = made[:3]
        self.input_tax, self.other_expenses, self.undeposited_funds = made[3:]
