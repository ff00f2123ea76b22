"""Who and which one: near-equal vendors, vendors known already, invoice numbers used twice, bills keyed by hand."""

from __future__ import annotations

from decimal import Decimal

from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company.seed import Ending, Seed
from ml_connector_sandbox.company.truth import HELD
from ml_connector_sandbox.servicetitan.books import Bill

FIRST, SECOND = "Lakehead Appliance Distributing", "Minnetonka Air Products"
NUMBER = "bill_numbers:{id}"


def near_equal_vendor_names(seed: Seed) -> None:
    """Johnstone is in the ledger; Johnson is not, and is suggested to a person, never linked by itself."""
    known, unknown = names.NEAR_EQUAL
    key = f"vendors:{seed.vendors[unknown].id}"
    held = Ending(ends=HELD, reason="vendor_pending", because="vendor_ambiguous", waits=(key,))
    seed.answers.later["vendors"] = {str(seed.vendors[unknown].id): "new"}
    seed.purchase("near_equal_vendor_names", known, (seed.line("TST-WIFI", 3),), seed.dates.day(14))
    for place in range(2):
        items = (seed.line("CAP-45-5", 5 + place),)
        seed.purchase("near_equal_vendor_names", unknown, items, seed.dates.day(15 + place), held)


def vendor_on_both_sides(seed: Seed) -> None:
    """Linked, not made again: once by the exact name, once by the e-mail address with a name slightly different."""
    for vendor in (FIRST, names.SAME_EMAIL[0]):
        seed.purchase("vendor_on_both_sides", vendor, (seed.line("PLN-24x24", 2),), seed.dates.day(17))


def vendor_inactive_in_the_ledger(seed: Seed) -> None:
    """The counterpart was made inactive there."""
    held = Ending(ends=HELD, reason="vendor_pending", because="vendor_inactive")
    items = (seed.line("IGN-HSI-7", 6),)
    seed.purchase("vendor_inactive_in_the_ledger", names.INACTIVE_VENDOR, items, seed.dates.day(18), held)


def same_number_same_total(seed: Seed) -> None:
    """One invoice received twice by mistake: the first goes, the second is a suspected duplicate."""
    items = (seed.line("MSH-12K", 2),)
    number = seed.next_number()
    held = Ending(ends=HELD, reason="same_number_same_total", waits=(NUMBER,))
    seed.purchase("same_number_same_total", "Otter Tail Filters", items, seed.dates.day(40), number=number)
    again = f"{number[:4].lower()}0{number[4:]}"  # inv-010500 is INV-10500 to a bookkeeper
    seed.purchase("same_number_same_total", "Otter Tail Filters", items, seed.dates.day(44), held, number=again)


def same_number_other_total(seed: Seed) -> None:
    """Two receipts under one vendor invoice number: a person decides whether they are one bill."""
    order = seed.order("Birch Coulee Tool Rental", (seed.line("TL-GAUGE", 5),), seed.dates.day(41))
    number = seed.next_number()
    held = Ending(ends=HELD, reason="same_number_other_total", waits=(NUMBER,))
    seed.receive("same_number_other_total", order, seed.dates.day(43), number=number, quantities=(2,))
    seed.receive("same_number_other_total", order, seed.dates.day(47), held, number=number)


def same_number_of_two_vendors(seed: Seed) -> None:
    """Vendors number their invoices by themselves: nothing is wrong with that."""
    number = seed.next_number("{:d}")
    for vendor in ("Pine County Propane Fittings", "Red Wing Boiler Works"):
        items = (seed.line("PVC-3-SCH40", "37.5"),)
        seed.purchase("same_number_of_two_vendors", vendor, items, seed.dates.day(45), number=number)


def keyed_by_hand(seed: Seed) -> None:
    """The bookkeeper entered it in the ledger herself: same vendor, number and total."""
    held = Ending(ends=HELD, reason="same_number_same_total", waits=(NUMBER,))
    on, number = seed.dates.day(48), seed.next_number()
    bill = seed.purchase("keyed_by_hand", SECOND, (seed.line("COIL-A-36", 2),), on, held, number=number)
    seed.organisation.add_bill(
        seed.contacts[SECOND],
        number,
        on,
        [{"account_id": seed.ledger["5100"].account_id, "rate": Decimal("837.50"), "quantity": 1}],
        created=seed.dates.start,
        created_by="Bookkeeper",
    )
    assert isinstance(bill, Bill)
    assert bill.amount(True) == Decimal("837.50")


def without_vendor_number(seed: Seed) -> None:
    """No invoice number was typed: the bill takes ServiceTitan's own number, visibly."""
    items = (seed.line("VH-RACK", 4),)
    seed.purchase("without_vendor_number", "Hiawatha Packaging", items, seed.dates.day(49), number="")


CASES = (
    near_equal_vendor_names,
    vendor_on_both_sides,
    vendor_inactive_in_the_ledger,
    same_number_same_total,
    same_number_other_total,
    same_number_of_two_vendors,
    keyed_by_hand,
    without_vendor_number,
)
