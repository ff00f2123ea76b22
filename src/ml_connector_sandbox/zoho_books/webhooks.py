"""Webhooks of workflow rules: the default payload or form parameters, signed over query, form and body."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

from yarl import URL

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.webhook_rules import (
    DELETED,
    Change,
    Numbers,
    Parcel,
    Subscription,
    WebhookRules,
    digest,
    named_events,
    seconds_listed,
)
from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.register import Register
from ml_connector_sandbox.zoho_books.resources import (
    _bill_answer,
    _contact_answer,
    _credit_note_answer,
    _customer_payment_answer,
    _expense_answer,
    _invoice_answer,
    _item_answer,
    _payment_answer,
)
from ml_connector_sandbox.zoho_books.resources.vendor_credits import detail as vendor_credit_detail

SIGNATURE_HEADER = "X-Zoho-Webhook-Signature"
SECRET_SHORTEST, SECRET_LONGEST = 12, 50
BODIES = ("default", "form")


class ZohoBooksWebhooks(WebhookRules):
    """What a workflow rule with a webhook action sends. The event itself is named nowhere: the rule knows it."""

    events = named_events(
        (
            "bill", "vendor_credit", "vendorpayment", "contact", "invoice", "creditnote", "customerpayment", "expense",
            "item",
        )
    )  # fmt: skip
    methods = ("POST", "PUT", "DELETE")

    def __init__(self, company: ZohoBooksBooks) -> None:
        self._company = company
        self._used: Counter[tuple[str, str]] = Counter()  # by organisation and day

    def check_secret(self, secret: str) -> None:
        """12 to 50 letters and digits, or none."""
        fits = SECRET_SHORTEST <= len(secret) <= SECRET_LONGEST and secret.isascii() and secret.isalnum()
        if secret and not fits:
            raise ValueError(f"secret must be {SECRET_SHORTEST} to {SECRET_LONGEST} letters and digits, or left out")

    def compose(self, subscription: Subscription, change: Change, numbers: Numbers) -> Parcel:
        """One delivery."""
        form: list[tuple[str, str]] = []
        if self._company.switches.webhook_body == "form":
            form = [("organization_id", change.company), (_id_name(change), change.object_id)]
            body, kind = urlencode(form).encode(), "application/x-www-form-urlencoded"
        else:
            body, kind = exact.dumps(self._payload(change)), "application/json"
        headers = {"Content-Type": kind}
        if subscription.secret:
            query = parse_qsl(URL(subscription.url, encoded=True).raw_query_string, keep_blank_values=True)
            encoding = self._company.switches.webhook_signature_encoding
            signed = signed_bytes([*query, *form], b"" if form else body)
            headers[SIGNATURE_HEADER] = digest(subscription.secret, signed, encoding)
        return Parcel(headers, body)

    def admit(self, change: Change) -> str:
        """An organisation has so many webhooks a day; its day is counted in its own zone."""
        if not self._company.switches.webhooks_in_plan:
            return "the organisation's plan has no workflow rules"
        books, most = self._company.organisations[change.company], self._company.switches.webhooks_per_day
        day = (change.company, books.today().isoformat())
        if self._company.switches.limits and self._used[day] >= most:
            return f"the organisation's {most} webhooks of the day are used"
        self._used[day] += 1
        return ""

    def retry_seconds(self) -> tuple[float, ...]:
        """As the switch says."""
        return seconds_listed(self._company.switches.webhook_retry_seconds)

    def time_out_seconds(self) -> float:
        """As the switch says."""
        return self._company.switches.webhook_time_out_seconds

    def _payload(self, change: Change) -> dict[str, Any]:
        switches = self._company.switches
        if switches.webhook_body not in BODIES:
            raise ValueError(f"webhook_body {switches.webhook_body!r} is none of {', '.join(BODIES)}")
        payload: dict[str, Any] = {_object(change): _shown(self._company.organisations[change.company], change)}
        if switches.webhook_organization_id:
            payload = {"organization_id": change.company, **payload}
        shaped: dict[str, Any] = _shaped(payload, switches.webhook_ids_as_numbers, switches.webhook_amounts_as_texts)
        return shaped


def signed_bytes(pairs: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """What is signed: query and form pairs in order of their keys, key and value without separators, then the JSON.

    >>> signed_bytes([("b", "2"), ("a", "1")], b"{}")
    b'a1b2{}'
    """
    return "".join(key + value for key, value in sorted(pairs, key=lambda one: one[0])).encode() + body


def announcer(announce: Callable[[Change], None]) -> Callable[[str, str, str, Any], None]:
    """What the books call after every change."""

    def heard(organization_id: str, event: str, object_id: str, document: Any) -> None:
        announce(Change(event, organization_id, object_id, document))

    return heard


def _object(change: Change) -> str:
    """What the payload calls the object: as the API does, which says ``payment`` for a customer's."""
    return "payment" if change.entity == "customerpayment" else change.entity


def _id_name(change: Change) -> str:
    """The id of a payment is called ``payment_id``, whoever paid."""
    return "payment_id" if change.entity in ("vendorpayment", "customerpayment") else f"{change.entity}_id"


def _shown(books: OrganisationBooks, change: Change) -> dict[str, Any]:
    """As the API shows the object; what is gone shows its id only (what the vendor sends then is not known)."""
    register, detail = _DETAILS[change.entity]
    kept = None if change.action == DELETED else register(books).get(change.object_id)
    return {_id_name(change): change.object_id} if kept is None else detail(books, kept)


_DETAILS: dict[str, tuple[Callable[[OrganisationBooks], Register[Any]], Callable[..., dict[str, Any]]]] = {
    "bill": (lambda books: books.bills, _bill_answer.detail),
    "vendor_credit": (lambda books: books.vendor_credits, vendor_credit_detail),
    "vendorpayment": (lambda books: books.vendor_payments, _payment_answer.detail),
    "contact": (lambda books: books.contacts, _contact_answer.detail),
    "invoice": (lambda books: books.invoices, _invoice_answer.detail),
    "creditnote": (lambda books: books.credit_notes, _credit_note_answer.detail),
    "customerpayment": (lambda books: books.customer_payments, _customer_payment_answer.detail),
    "expense": (lambda books: books.expenses, _expense_answer.detail),
    "item": (lambda books: books.items, _item_answer.detail),
}


def _shaped(value: Any, ids_as_numbers: bool, amounts_as_texts: bool, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _shaped(one, ids_as_numbers, amounts_as_texts, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_shaped(one, ids_as_numbers, amounts_as_texts, name) for one in value]
    if ids_as_numbers and name.endswith("_id") and isinstance(value, str) and value.isdecimal():
        return int(value)
    if amounts_as_texts and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value
