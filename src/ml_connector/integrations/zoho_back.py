"""What people enter in Zoho Books, back in ServiceTitan, where the account's API takes it: flows and tables."""

from __future__ import annotations

from ml_connector.integrations.back_tables import EXPENSES, MODES, NO_MODE, STAYS, ExpenseAccountTable, ModeTable
from ml_connector.integrations.expenses_back import ExpensesBack
from ml_connector.integrations.offers import Offer
from ml_connector.integrations.payments_back import PaymentsBack

OFFER = Offer(
    flows=(PaymentsBack(), ExpensesBack()),
    tables=(
        ModeTable(
            MODES, "Zoho payment mode (its name in small letters)", "ServiceTitan payment type id, or none", "",
            "payment_types", (STAYS,), (NO_MODE,), back=True,
        ),
        ExpenseAccountTable(
            EXPENSES, "Zoho account id, of what was spent and of what has paid", "ServiceTitan GL account id, or none", "",
            "accounts", (STAYS,), back=True, passes_over=STAYS,
        ),
    ),
    skipped_by_settings=("payment_back_before_start", "expense_back_before_start"),
    held_by_settings=("payment_back_mixed", "expense_back_currency", "expense_account_unusable"),
    skipped_by_tables=((MODES, "payment_back_by_rule"), (EXPENSES, "expense_back_by_rule")),
    not_possible=(
        "Money given back and credits of customers cannot be entered in ServiceTitan by its API; whether an account takes "
        "payments and journal entries at all is asked of it daily, and 'ml-connector fields' shows the answer.",
        "A payment or journal entry that came from Zoho Books is not changed or removed in ServiceTitan when it is changed "
        "in Zoho Books later: both versions are shown to a person. What people change or delete of a journal entry in "
        "ServiceTitan is not read: it stays as it was for us.",
    ),
)  # fmt: skip
