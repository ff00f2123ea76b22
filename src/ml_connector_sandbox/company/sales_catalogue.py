"""The company's sales side as plain tables: who buys, what is sold, how it is paid, and when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ml_connector_sandbox.servicetitan.books.payments import JOURNAL_ENTRY, RECEIVE_PAYMENT

FIRST_NAMES = (
    "Anders", "Beatrice", "Carlos", "Dorothy", "Elias", "Fatima", "Gunnar", "Hannah", "Ingrid", "Jamal", "Karen", "Lars",
    "Mai", "Nils", "Olivia", "Pedro",
)  # fmt: skip
LAST_NAMES = (
    "Ahlstrom", "Bergquist", "Castillo", "Dahl", "Engebretson", "Fitzgerald", "Gustafson", "Her", "Iverson", "Jorgenson",
    "Kowalski", "Lund", "Moua", "Nygaard",
)  # fmt: skip
# Private persons of one name and two addresses or more: only a second fact tells them apart.
NAMESAKES = (("John Smith", 3), ("Mary Johnson", 2), ("Robert Olson", 2), ("Nguyen Thi Lan", 2))
PLACES = ("Granite City", "Lake George", "Sauk River", "Northway", "Pantown", "Riverside", "Whitney", "Heritage Park")
FIRMS = (
    "Dental Care", "Apartments", "Bakery", "Auto Body", "Elementary School", "Lutheran Church", "Brewing Co.", "Clinic",
    "Hotel", "Print Works", "Storage", "Veterinary",
)  # fmt: skip
STREETS = ("Elm Street", "Oak Ridge Road", "Third Avenue North", "County Road 75", "Pinecone Court")
TOWNS = (("Saint Cloud", "56301"), ("Sartell", "56377"), ("Waite Park", "56387"), ("Sauk Rapids", "56379"))

# Name, kind of transaction, number of the account it goes to.
CHECK, CARD, ACH, CASH, FINANCED = "Check", "Credit Card", "ACH", "Cash", "GreenSky Financing"
REFUND, WRITE_OFF, FINANCING_FEE = "Refund", "Bad Debt Write-off", "Financing Fee"
PAYMENT_TYPES = (
    (CHECK, RECEIVE_PAYMENT, "1200"),
    (CARD, RECEIVE_PAYMENT, "1210"),
    (ACH, RECEIVE_PAYMENT, "1200"),
    (CASH, RECEIVE_PAYMENT, "1200"),
    (FINANCED, RECEIVE_PAYMENT, "1210"),
    (REFUND, RECEIVE_PAYMENT, "1210"),
    (WRITE_OFF, JOURNAL_ENTRY, "6800"),
    (FINANCING_FEE, JOURNAL_ENTRY, "6810"),
)
MONEY = (CHECK, CARD, ACH, CASH)
# Number, name, type; the income accounts are among those of the purchases.
ACCOUNTS = (
    ("1010", "Business Checking", "Bank"),
    ("1200", "Undeposited Funds", "Asset"),
    ("1210", "Card Clearing", "Asset"),
    ("4900", "Discounts Given", "Income"),
    ("6800", "Bad Debt", "Expense"),
    ("6810", "Financing and Card Fees", "Expense"),
)
# Name, kind of due day, day.
ON_RECEIPT, NET_30, NEXT_MONTH = "Due on receipt", "Net 30", "10th of next month"
TERMS = (
    (ON_RECEIPT, "NumberOfDays", 0),
    (NET_30, "NumberOfDays", 30),
    (NEXT_MONTH, "CertainDayOfFollowingMonth", 10),
)
# Labor is not taxed there: only materials and equipment are.
PARTS_ZONE, PARTS_RATE = "MN Stearns County (parts)", Decimal("0.07375")


@dataclass(frozen=True, slots=True)
class Ware:
    """What is sold; ``account`` is its income account's number. ``included``: shown, and part of a flat rate."""

    code: str
    name: str
    price: Decimal
    kind: str = "Service"
    account: str = "4200"
    included: bool = False


def _wares() -> tuple[Ware, ...]:
    rows = (
        ("SVC-DIAG", "Diagnostic visit", "129.00", "Service", "4200"),
        ("SVC-HOUR", "Technician, per hour", "164.50", "Service", "4200"),
        ("SVC-TUNE", "Precision tune-up", "189.00", "Service", "4200"),
        ("SVC-DUCT", "Duct sealing, per register", "42.75", "Service", "4200"),
        ("INS-FURN", "Furnace installation", "1450.00", "Service", "4100"),
        ("EQ-FURN96", "Furnace 80k BTU 96 % AFUE", "3895.00", "Equipment", "4100"),
        ("EQ-COND3", "Condenser 3 ton 16 SEER2", "4260.00", "Equipment", "4100"),
        ("EQ-TSTAT", "Thermostat with wireless", "329.95", "Equipment", "4200"),
        ("MT-CAP45", "Run capacitor 45/5 uF", "87.30", "Material", "4200"),
        ("MT-FILT4", "Media filter 16x25x4", "64.125", "Material", "4200"),
        ("MT-R454B", "Refrigerant R-454B, per pound", "118.3333", "Material", "4200"),
    )
    return tuple(Ware(code, name, Decimal(price), kind, account) for code, name, price, kind, account in rows)


WARES = _wares()
WIRE = Ware("MT-WIRE", "Thermostat wire, part of the flat rate", Decimal("18.40"), "Material", included=True)
DISCOUNT = Ware("PM-OFF", "Maintenance plan discount", Decimal("-25.00"), "PriceModifier", "4900")
SUMMARIES = (
    "",
    "Annual maintenance",
    "<p>Replaced <b>capacitor</b> &amp; cleaned coil</p>",
    "Kunde w\u00fcnscht Anruf vor Ankunft \u2744\ufe0f",
)
