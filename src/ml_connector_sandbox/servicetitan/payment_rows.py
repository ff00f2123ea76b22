"""Payments, credit memos and deposits as the accounting module shows them."""

from __future__ import annotations

from ml_connector_sandbox.servicetitan.books import (
    BankDeposit,
    CreditMemo,
    CreditMemoItem,
    Payment,
    PaymentTerm,
    PaymentType,
    Split,
    TenantBooks,
)
from ml_connector_sandbox.servicetitan.invoice_rows import batch_row, tax_code
from ml_connector_sandbox.servicetitan.shapes import Row, account, address, money_text, named, stamps
from ml_connector_sandbox.servicetitan.stamps import midnight, shown, shown_or_none
from ml_connector_sandbox.servicetitan.switches import Switches


def payment_row(books: TenantBooks, switches: Switches, payment: Payment) -> Row:
    """As lists and the feed show it: money and the type's id are texts, and the export id is not there."""
    kind = books.payment_types.get(payment.type_id)
    turned = -1 if payment.total < 0 and switches.refund_splits_are_positive else 1
    applied = [_applied(books, one, turned) for one in payment.splits]
    return {
        "id": payment.id,
        "syncStatus": payment.sync_status,
        "referenceNumber": payment.reference_number,
        "date": midnight(payment.paid_on),
        "type": kind.name if kind else None,
        "typeId": str(payment.type_id),
        "total": money_text(payment.total),
        "unappliedAmount": money_text(payment.unapplied),
        "memo": payment.memo,
        "customer": named(books.customers, payment.customer_id),
        "businessUnit": named(books.business_units, payment.business_unit_id),
        "deposit": named(books.bank_deposits, payment.deposit_id),
        "batch": batch_row(payment.batch),
        "createdBy": payment.created_by,
        "generalLedgerAccount": account(books, payment.general_ledger_account_id),
        "appliedTo": applied if applied or not switches.empty_lists_are_null else None,
        "customFields": None,
        "authCode": payment.auth_code,
        "checkNumber": payment.check_number,
        **stamps(payment),
        "active": payment.active,
        "refundedPaymentId": payment.refunded_payment_id,
    }


def transaction_row(books: TenantBooks, switches: Switches, payment: Payment) -> Row:
    """A payment within a deposit: all of it but the payment it refunds."""
    row = payment_row(books, switches, payment)
    return {name: value for name, value in row.items() if name != "refundedPaymentId"}


def _applied(books: TenantBooks, one: Split, turned: int = 1) -> Row:
    invoice = books.invoices.get(one.invoice_id)
    return {
        "appliedId": one.id,
        "appliedTo": one.invoice_id,
        "appliedAmount": money_text(turned * one.amount),
        "appliedOn": midnight(one.applied_on),
        "appliedBy": one.applied_by,
        "appliedToReferenceNumber": invoice.reference_number if invoice else None,
    }


def written_payment_row(payment: Payment) -> Row:
    """What a write of a payment answers: the write model's names, amounts as numbers, the export id."""
    return {
        "id": payment.id,
        "typeId": payment.type_id,
        "active": payment.active,
        "memo": payment.memo,
        "paidOn": midnight(payment.paid_on),
        "authCode": payment.auth_code,
        "checkNumber": payment.check_number,
        "exportId": payment.export_id,
        "transactionStatus": "Success",
        "status": payment.sync_status,
        "splits": [{"invoiceId": one.invoice_id, "amount": one.amount} for one in payment.splits],
        "customerId": payment.customer_id,
    }


def type_row(kind: PaymentType) -> Row:
    """Neither its account nor whether it is money."""
    return {"id": kind.id, "name": kind.name, **stamps(kind)}


def term_row(term: PaymentTerm) -> Row:
    """Both models are always there; a term without interest shows a rate of nothing."""
    return {
        "id": term.id,
        "name": term.name,
        "dueDayType": term.due_day_type,
        "dueDay": term.due_day,
        "isCustomerDefault": term.is_customer_default,
        "isVendorDefault": term.is_vendor_default,
        "active": term.active,
        "inUse": None,
        **stamps(term),
        "paymentTermDiscountModel": {
            "id": None,
            "discountApplyTo": "ApplyToTotalAmount",
            "discount": term.discount_percent,
            "discountType": "Percent",
            "account": None,
            "applyBy": "NumberOfDays",
            "applyByValue": term.discount_days,
        },
        "interestSettings": {
            "id": None,
            "rateType": "Flat",
            "flatRateValue": None,
            "percentageRateValue": None,
            "chargeMethod": "PrincipalOnly",
            "frequency": "Once",
            "gracePeriod": None,
            "targetInvoices": [],
            "taskId": 0,
            "taskDisplayName": "",
        },
    }


def deposit_row(books: TenantBooks, deposit: BankDeposit) -> Row:
    """Amounts are numbers here, those of its transactions texts."""
    return {
        "id": deposit.id,
        "name": deposit.name,
        "depositStatus": deposit.status,
        "syncStatus": deposit.sync_status,
        "batch": batch_row(deposit.batch),
        **stamps(deposit),
        "createdBy": deposit.created_by,
        "active": deposit.active,
        "importId": None,
        "depositDate": midnight(deposit.deposit_date),
        "reviewStatus": deposit.review_status,
        "reviewedOn": shown_or_none(deposit.reviewed_on),
        "grossAmount": deposit.gross,
        "netAmount": deposit.net,
        "fees": deposit.fees,
        "bankAccount": account(books, deposit.bank_account_id),
        "feeAccount": account(books, deposit.fee_account_id),
    }


def credit_memo_row(books: TenantBooks, memo: CreditMemo) -> Row:
    """Amounts as numbers, days without a time."""
    customer, location = books.customers.get(memo.customer_id), books.locations.get(memo.location_id)
    return {
        "id": memo.id,
        "date": memo.memo_date.isoformat(),
        "referenceNumber": memo.reference_number,
        "subTotal": memo.sub_total,
        "salesTax": memo.tax,
        "salesTaxCode": tax_code(books, memo.tax_zone_id),
        "total": memo.total,
        "balance": memo.balance,
        "appliedTo": [_memo_applied(books, one) for one in memo.splits],
        "customer": named(books.customers, memo.customer_id),
        "customerAddress": address(customer.address) if customer else None,
        "location": named(books.locations, memo.location_id),
        "locationAddress": address(location.address) if location else None,
        "businessUnit": named(books.business_units, memo.business_unit_id),
        "syncStatus": memo.sync_status,
        "batch": batch_row(memo.batch),
        "customFields": None,
        **stamps(memo),
        "createdBy": memo.created_by,
        "modifiedBy": memo.created_by,
        "description": memo.description,
        "active": memo.active,
        "importId": memo.import_id,
        "exportId": memo.export_id,
    }


def credit_memo_item_row(books: TenantBooks, item: CreditMemoItem) -> Row:
    """A line as one memo's own list shows it: amounts as numbers, two accounts, no stamp of a change."""
    return {
        "id": item.id,
        "active": item.active,
        "description": item.description,
        "quantity": item.quantity,
        "cost": item.cost,
        "price": item.price,
        "type": item.type,
        "skuName": item.sku_name,
        "skuId": item.sku_id,
        "total": item.total,
        "taxable": item.taxable,
        "revenueGeneralLedgerAccount": _account(books, item.accounts.general_ledger),
        "expensesGeneralLedgerAccount": _account(books, item.accounts.cost_of_sale),
        "createdOn": shown(item.created_on),
        "createdBy": item.created_by,
        "businessUnit": named(books.business_units, item.business_unit_id),
    }


def _account(books: TenantBooks, number: int | None) -> Row | None:
    """Without the detail type, which lines of invoices show."""
    row = account(books, number)
    return None if row is None else {name: value for name, value in row.items() if name != "detailType"}


def _memo_applied(books: TenantBooks, one: Split) -> Row:
    row = _applied(books, one)
    day = one.applied_on
    return {**row, "appliedAmount": one.amount, "appliedOn": day.isoformat() if day else None}
