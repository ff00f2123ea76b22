"""Awkward amounts: parts, freight, tax, zero and negative lines, credits, decimals, totals that do not tie."""

from __future__ import annotations

from decimal import Decimal

from ml_connector_sandbox.company.catalogue import ACCOUNT_ZONE, COST_ZONE, UNMAPPED_ZONE
from ml_connector_sandbox.company.seed import Ending, Seed
from ml_connector_sandbox.company.truth import HELD, SKIPPED
from ml_connector_sandbox.servicetitan.books import Bill, ExpenseItem

NUT, FURNACE, COMPRESSOR = "Quarry Road Fasteners", "Heartland Furnace Parts", "Granite Falls Compressor Exchange"
DUCT, TRUCK, SUPPLIES = "Cottonwood Duct & Fitting", "Yellow Medicine Truck Outfitters", "Jack Pine Office Mart"


def partial_receipts(seed: Seed) -> None:
    """One order, three shipments, three bills; tax and freight are shared by value."""
    items = (seed.line("CND-3T-16", 4), seed.line("DSC-60A", 6))
    order = seed.order(
        FURNACE, items, seed.dates.day(5), zone=COST_ZONE, tax=Decimal("582.86"), shipping=Decimal("145.00")
    )
    for place, quantities in enumerate(((1, 0), (2, 3), None)):
        seed.receive("partial_receipts", order, seed.dates.day(9 + 6 * place), quantities=quantities)


def freight(seed: Seed) -> None:
    """Freight that is stated apart and goes to the freight account; with landed cost by value, into the lines."""
    for place, method in enumerate(("None", "ByValue")):
        items = (seed.line("PLN-24x24", 3), seed.line("DCT-FLX-10", 7))
        bill = {"landed_cost_method": method}
        on = seed.dates.day(12 + place)
        seed.purchase("freight", DUCT, items, on, bill=bill, shipping=Decimal("73.10"))


def tax_in_a_mapped_zone(seed: Seed) -> None:
    """Tax that becomes cost, spread over the lines; and tax that has an account of its own."""
    for zone, tax in ((COST_ZONE, Decimal("119.35")), (ACCOUNT_ZONE, Decimal("77.00"))):
        items = (seed.line("FRN-80-96", 1), seed.line("BRD-CTRL", 1), seed.line("IGN-HSI-7", 4))
        seed.purchase("tax_in_a_mapped_zone", FURNACE, items, seed.dates.day(20), zone=zone, tax=tax)


def tax_in_an_unmapped_zone(seed: Seed) -> None:
    """Nobody has said how tax of this zone is booked."""
    ending = Ending(ends=HELD, reason="tax_unmapped", waits=(f"tax:{UNMAPPED_ZONE}",))
    seed.answers.later["tax"] = {UNMAPPED_ZONE: "cost"}
    for place in range(2):
        items = (seed.line("HP-3T-18", 1 + place),)
        on = seed.dates.day(22 + place)
        tax = Decimal("201.25") * (1 + place)
        seed.purchase("tax_in_an_unmapped_zone", FURNACE, items, on, ending, zone=UNMAPPED_ZONE, tax=tax)


def zero_and_negative_lines(seed: Seed) -> None:
    """A part under warranty at no cost, and a returned core taken off; the bill stays positive."""
    items = (
        seed.line("MTR-FAN-13", 2),
        seed.line("BRD-CTRL", 1, "0", description="Control board, replaced under warranty"),
        seed.line("CND-3T-16", 1, "-150.00", description="Core return"),
    )
    seed.purchase("zero_and_negative_lines", COMPRESSOR, items, seed.dates.day(25))


def net_negative(seed: Seed) -> None:
    """More is returned than bought: a vendor credit."""
    items = (
        seed.line("CNT-2P-40", 3),
        seed.line("CND-5T-16", 1, "-2310.50", description="Returned, wrong voltage"),
    )
    seed.purchase("net_negative", COMPRESSOR, items, seed.dates.day(27))


def zero(seed: Seed) -> None:
    """What was bought was returned on the same paper: nothing to post."""
    items = (seed.line("CAP-45-5", 10), seed.line("CAP-45-5", 10, "-11.86", description="Returned"))
    ending = Ending(ends=SKIPPED, reason="zero")
    seed.purchase("zero", COMPRESSOR, items, seed.dates.day(28), ending)


def ten_decimals(seed: Seed) -> None:
    """Unit costs with ten decimals, whose lines multiply to no whole cents; the sum rounds to the total."""
    items = (
        seed.line("DCT-RND-8", 3, "0.3333333333"),
        seed.line("DCT-RND-8", 7, "1.4285714286"),
        seed.line("REG-6x12", 3, "2.1116666667"),
        seed.line("REG-6x12", 3, "2.1116666667"),
        seed.line("REG-6x12", 3, "2.1116666667"),
    )
    seed.purchase("ten_decimals", NUT, items, seed.dates.day(30))
    wires = [seed.line("WIR-18-8", 1, "0.0049999999") for _ in range(7)]
    seed.purchase("ten_decimals", NUT, (*wires, seed.line("TST-WIFI", 1)), seed.dates.day(31))


def does_not_tie(seed: Seed) -> None:
    """The stated total is not what lines, tax and freight come to."""
    ending = Ending(ends=HELD, reason="does_not_tie")
    bill = {"stated_amount": Decimal("1300.00")}
    seed.purchase("does_not_tie", FURNACE, (seed.line("FRN-80-96", 1),), seed.dates.day(33), ending, bill=bill)


def expense_only(seed: Seed) -> None:
    """An AP bill of expense lines alone: visible with the right tn.acc.apbills:r only."""
    on = seed.dates.day(35)
    seed.keep(
        "expense_only",
        Bill(
            reference_number="AP-7001",
            vendor_id=seed.vendors[SUPPLIES].id,
            bill_date=on,
            due_date=on,
            vendor_number=seed.next_number(),
            bill_type="ApBill",
            source="Standalone",
            business_unit_id=seed.units["Warehouse"].id,
            expense_items=(
                _expense(seed, "6300", "84.25", "Printer paper"),
                _expense(seed, "6400", "219.90", "Safety boots"),
            ),
        ),
    )


def items_and_expenses(seed: Seed) -> None:
    """Items of an order and, on the same paper, a delivery charge keyed as an expense line."""
    lines = (_expense(seed, "6200", "35.00", "Lift gate delivery", job=seed.jobs[4].id),)
    items = (seed.line("AH-3T-VS", 1), seed.line("VH-RACK", 2))
    seed.purchase(
        "items_and_expenses",
        TRUCK,
        items,
        seed.dates.day(36),
        bill={"expense_items": lines},
        job_id=seed.jobs[3].id,
    )


def _expense(seed: Seed, number: str, amount: str, text: str, job: int | None = None) -> ExpenseItem:
    return ExpenseItem(
        id=seed.tenant.next_id(),
        amount=Decimal(amount),
        description=text,
        general_ledger_account_id=seed.accounts[number],
        job_id=job,
        business_unit_id=seed.units["Warehouse"].id,
    )


CASES = (
    partial_receipts,
    freight,
    tax_in_a_mapped_zone,
    tax_in_an_unmapped_zone,
    zero_and_negative_lines,
    net_negative,
    zero,
    ten_decimals,
    does_not_tie,
    expense_only,
    items_and_expenses,
)
