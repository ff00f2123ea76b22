"""The awkward bills of the month, each with how it must end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from ml_connector_sandbox.company.payables import catalogue as names
from ml_connector_sandbox.company.payables.books import BILL, ORDINARY, Books, Ending
from ml_connector_sandbox.company.payables.instance import KeyedInvoice
from ml_connector_sandbox.company.payables.truth import HELD, SKIPPED
from ml_connector_sandbox.zoho_books.books.documents import Bill
from ml_connector_sandbox.zoho_books.books.purchases import set_bill_state, update_bill

NOT_YET = Ending(ends=SKIPPED, reason="not_yet")


def _ordinary(books: Books, place: int) -> str:
    """A vendor in dollars without any trap of its own."""
    found = [
        name for name, one in books.vendors.items()
        if one.currency_code == "USD" and not books.vendor_truth[name].reason
        and one.contact_id not in books.mapping["vendor_cost_centers"] and any(one.billing_address.values())
    ]  # fmt: skip
    return found[place % len(found)]


def not_approved(books: Books) -> None:
    """Drafts, and bills that wait for approval in the ledger."""
    for place in range(11):
        state = "draft" if place < 6 else "pending_approval"
        line = books.line("6210", Decimal(310 + place), "Boston Tax")
        books.bill(
            state, _ordinary(books, place), books.month.day(20 + place), [line], NOT_YET, office="Boston", state=state
        )


def voided(books: Books) -> None:
    """Void before anybody read them."""
    for place in range(7):
        line = books.line("6120", Decimal(88 + place), "Denver Audit")
        bill = books.bill("voided", _ordinary(books, 3 * place), books.month.day(place), [line], office="Denver")
        moment = books.moment(bill.date + timedelta(days=1))
        set_bill_state(books.organisation, bill, "void")
        _stood(books, bill, moment)
        books.note(bill, BILL, "voided", Ending(ends=SKIPPED, reason="voided"))


def edited(books: Books) -> None:
    """Changed in the ledger before anybody read them: what counts is what stands there now."""
    for place in range(10):
        line = books.line("6410", Decimal(700 + place), "Toronto Consulting")
        vendor = _ordinary(books, 5 * place + 1)
        bill = books.bill("edited", vendor, books.month.day(2 * place), [line], office="Toronto")
        moment = books.moment(bill.date + timedelta(days=2))
        lines = [line | {"rate": Decimal("655.50")}, books.line("6110", "44.50", "Toronto Consulting")]
        kept = update_bill(books.organisation, bill, {"line_items": lines, "notes": "Corrected after a call"})
        _stood(books, kept, moment)
        books.note(kept, BILL, "edited", ORDINARY)


def long_texts(books: Books) -> None:
    """Descriptions far over what a staging column takes, and in many scripts."""
    for place in range(8):
        text = names.LONG_TEXT if place % 2 else f"{names.ODD_TEXT} {names.LONG_TEXT}"
        line = books.line("6610", Decimal(1200 + place), "Boston Valuation", description=text)
        books.bill(
            "long_text", _ordinary(books, place + 7), books.month.day(place), [line], office="Boston", notes=text
        )


def like_named(books: Books) -> None:
    """Two firms of nearly one name: the first is known to ServiceNow, the second waits for a person."""
    for place, vendor in enumerate((names.LIKE_NAMED[0],) * 2 + (names.LIKE_NAMED[1],) * 3):
        line = books.line("6210", Decimal(950 + place), "Boston Audit")
        books.bill("like_named", vendor, books.month.day(9 + place), [line], office="Boston")


def nearly_known(books: Books) -> None:
    """Vendors whom ServiceNow knows under nearly the same name, without a second fact."""
    for vendor in [name for name, one in books.vendor_truth.items() if one.reason and name not in names.LIKE_NAMED]:
        for place in range(2):
            line = books.line("6220", Decimal(1800 + place), "Denver Tax")
            books.bill("nearly_known", vendor, books.month.day(4 + place), [line])


def without_center(books: Books) -> None:
    """On options that have no cost centre in ServiceNow, one of them on the second line only."""
    for place in range(4):
        name = names.WITHOUT_CENTER[place % 2]
        key = books.option(name)["tag_option_id"]
        held = Ending(ends=HELD, reason="cost_center_missing", waits=(f"cost_centers:{key}",))
        lines = [books.line("6410", "410.00", "Boston Office"), books.line("6120", Decimal(90 + place), name)]
        vendor = _ordinary(books, place + 2)
        books.bill("without_center", vendor, books.month.day(11), lines[place // 3 :], held, office="Boston")


def no_choice(books: Books) -> None:
    """Neither centre nor office, and the vendor has no default; of two vendors that have one it is taken."""
    for place in range(5):
        _unchosen(books, _ordinary(books, place + 13), Decimal(240 + place), "")
    defaults = [name for name, one in books.vendors.items() if one.contact_id in books.mapping["vendor_cost_centers"]]
    for place in range(4):
        line = books.line("6040", Decimal(75 + place))
        books.bill("vendor_default", defaults[place % 2], books.month.day(14), [line], named=False)


def _unchosen(books: Books, vendor: str, rate: Decimal, office: str) -> None:
    key = f"vendor_cost_centers:{books.vendors[vendor].contact_id}"
    held = Ending(ends=HELD, reason="cost_center_unchosen", waits=(key,))
    books.bill("no_choice", vendor, books.month.day(13), [books.line("6030", rate)], held, office=office)


def a_few(books: Books) -> None:
    """For the fault matrix: a draft, one without a cost centre, one whose vendor has a default."""
    first, second, third, *_ = books.vendors
    line = books.line("6210", "310.00", "Boston Tax")
    books.bill("draft", first, books.month.day(20), [line], NOT_YET, office="Boston", state="draft")
    _unchosen(books, second, Decimal(240), "Boston")
    books.bill("vendor_default", third, books.month.day(14), [books.line("6040", "75.00")], office="Boston")


def expired_center(books: Books) -> None:
    """On a cost centre that ended the day before the month."""
    held = Ending(ends=HELD, reason="cost_center_expired")
    for place in range(3):
        line = books.line("6510", Decimal(505 + place), names.EXPIRED[0])
        books.bill(
            "expired_center", _ordinary(books, place + 19), books.month.day(6 * place), [line], held, office="Denver"
        )


def missing_account(books: Books) -> None:
    """On an account that ServiceNow does not know; mapping it releases them all."""
    account = books.accounts[names.MISSING_ACCOUNT[0]].account_id
    held = Ending(ends=HELD, reason="account_unmapped", waits=(f"accounts:{account}",))
    for place in range(4):
        line = books.line(names.MISSING_ACCOUNT[0], Decimal(333 + place), "Denver Consulting")
        books.bill("missing_account", _ordinary(books, place + 23), books.month.day(17), [line], held, office="Denver")


def foreign(books: Books) -> None:
    """In euros: the currency goes with the bill, whatever the legal entity's is."""
    line = books.line("6020", "2450.00", "Boston Office", description="Desks")
    books.bill(
        "foreign", names.EURO_VENDOR, books.month.day(8), [line], office="Boston", exchange_rate=Decimal("1.0911")
    )


def before_the_start(books: Books) -> None:
    """Dated before the month, keyed in it: read and never staged."""
    skipped = Ending(ends=SKIPPED, reason="before_start")
    for place in range(6):
        line = books.line("6010", Decimal(1500 + place), "Boston Office")
        on = books.month.first - timedelta(days=1 + 3 * place)
        vendor = _ordinary(books, place + 29)
        books.bill("before_start", vendor, on, [line], skipped, office="Boston", entered=books.month.day(place))


def same_number(books: Books) -> None:
    """One bill number of two vendors: two bills, no duplicate."""
    for place in range(2):
        line = books.line("6030", Decimal(600 + place), "Denver Office")
        books.bill(
            "same_number", _ordinary(books, place + 41), books.month.day(15), [line], office="Denver", number="1001"
        )


def keyed_there(books: Books) -> None:
    """Somebody has keyed the same invoice in ServiceNow by hand."""
    held = Ending(ends=HELD, reason="suspected_duplicate")
    for place, supplier in enumerate(books.suppliers[:2]):
        line = books.line("6310", Decimal(890 + place), "Boston People")
        bill = books.bill("keyed_there", supplier.name, books.month.day(12), [line], held, office="Boston")
        books.invoices.append(
            KeyedInvoice(
                supplier=supplier.code, number=bill.number, date=bill.date, amount=bill.total,
                currency=bill.currency_code, legal_entity="1000",
            )
        )  # fmt: skip


def _stood(books: Books, bill: Bill, moment: datetime) -> None:
    """Put the last change where it was in the story, not where the seed made it."""
    bill.modified = moment
    books.organisation.bills.put(bill)


CASES: tuple[Callable[[Books], None], ...] = (
    not_approved, voided, edited, long_texts, like_named, nearly_known, without_center, no_choice, expired_center,
    missing_account, foreign, before_the_start, same_number, keyed_there,
)  # fmt: skip
