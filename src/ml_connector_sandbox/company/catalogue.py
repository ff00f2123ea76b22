"""The company's master data as plain tables: accounts, business units, tax zones, vendors, articles."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

COMPANY = "Prairie Lantern Heating & Cooling"
REFERENCE_LABEL = "ML Connector Ref"
TAG = "Business unit"

# ServiceTitan number, name there, type there, name in the ledger, type in the ledger.
ACCOUNTS = (
    ("1300", "Inventory Asset", "Asset", "Inventory", "stock"),
    ("4100", "Installation Income", "Income", "Sales - Installation", "income"),
    ("4200", "Service Income", "Income", "Sales - Service", "income"),
    ("5100", "Equipment", "Cost of Goods Sold", "Equipment Purchased for Jobs", "cost_of_goods_sold"),
    ("5110", "Parts and Materials", "Cost of Goods Sold", "Job Materials", "cost_of_goods_sold"),
    ("5120", "Refrigerant", "Cost of Goods Sold", "Refrigerants", "cost_of_goods_sold"),
    ("5130", "Sheet Metal and Duct", "Cost of Goods Sold", "Duct Materials", "cost_of_goods_sold"),
    ("5140", "Electrical and Controls", "Cost of Goods Sold", "Controls & Electrical", "cost_of_goods_sold"),
    ("5150", "Subcontractors", "Cost of Goods Sold", "Subcontracted Services", "cost_of_goods_sold"),
    ("5160", "Permits and Inspections", "Cost of Goods Sold", "Permits & Inspections", "cost_of_goods_sold"),
    ("5170", "Equipment Rental", "Cost of Goods Sold", "Rental of Lifts and Cranes", "cost_of_goods_sold"),
    ("6100", "Small Tools", "Expense", "Small Tools", "expense"),
    ("6200", "Vehicle Supplies", "Expense", "Vehicle Supplies", "expense"),
    ("6300", "Shop and Office Supplies", "Expense", "Office Supplies", "expense"),
    ("6400", "Uniforms and Safety", "Expense", "Uniforms & Safety Gear", "expense"),
)
UNMAPPED_ACCOUNT = ("5190", "Warranty Parts Clearing", "Cost of Goods Sold")
INACTIVE_ACCOUNT = ("5180", "Obsolete Stock", "Cost of Goods Sold", "Obsolete Stock (old)", "cost_of_goods_sold")
# Accounts that only the ledger has: code, name, type.
LEDGER_ONLY = (
    ("1000", "Operating Checking", "bank"),
    ("5300", "Freight In", "cost_of_goods_sold"),
    ("5400", "Sales Tax on Purchases", "cost_of_goods_sold"),
    ("6900", "Rounding Differences", "other_expense"),
    ("7100", "Rent", "expense"),
)
FREIGHT_CODE, TAX_CODE = "5300", "5400"

BUSINESS_UNITS = (
    "HVAC Install - Residential",
    "HVAC Install - Commercial",
    "HVAC Service",
    "Maintenance Agreements",
    "Plumbing",
    "Indoor Air Quality",
    "Warehouse",
)

# Name, rate, and how the demo books it: into the cost, to the tax account, or nobody has said.
COST_ZONE, ACCOUNT_ZONE, UNMAPPED_ZONE = "MN Hennepin County", "WI Eau Claire County", "IA Linn County"
TAX_ZONES = (
    (COST_ZONE, Decimal("0.08525")),
    (ACCOUNT_ZONE, Decimal("0.055")),
    (UNMAPPED_ZONE, Decimal("0.07")),
)


@dataclass(frozen=True, slots=True)
class Article:
    """What is bought; ``account`` is its cost-of-sale account's number, or with ``expense`` its only account's."""

    code: str
    name: str
    cost: Decimal
    account: str
    kind: str = "Material"
    expense: bool = False


def _articles() -> tuple[Article, ...]:
    rows = (
        ("CND-3T-16", "Condenser 3 ton 16 SEER2", "1684.00", "5100", "Equipment"),
        ("CND-5T-16", "Condenser 5 ton 16 SEER2", "2310.50", "5100", "Equipment"),
        ("FRN-80-96", "Furnace 80k BTU 96 % AFUE", "1249.95", "5100", "Equipment"),
        ("HP-3T-18", "Heat pump 3 ton 18 SEER2", "2875.00", "5100", "Equipment"),
        ("AH-3T-VS", "Air handler 3 ton variable speed", "1190.00", "5100", "Equipment"),
        ("MSH-12K", "Mini split head 12k", "642.40", "5100", "Equipment"),
        ("COIL-A-36", "Evaporator coil A 36", "418.75", "5100", "Equipment"),
        ("CAP-45-5", "Run capacitor 45/5 uF", "11.86", "5110", "Material"),
        ("CNT-2P-40", "Contactor 2 pole 40 A", "18.24", "5110", "Material"),
        ("MTR-FAN-13", "Condenser fan motor 1/3 hp", "127.30", "5110", "Material"),
        ("IGN-HSI-7", "Hot surface igniter", "24.615", "5110", "Material"),
        ("FLT-16x25x4", "Media filter 16x25x4", "21.4375", "5110", "Material"),
        ("PVC-3-SCH40", "PVC pipe 3 in, per foot", "1.875", "5110", "Material"),
        ("CU-ACR-78", "Copper line set 7/8, per foot", "3.4625", "5110", "Material"),
        ("R410A-25", "Refrigerant R-410A, per pound", "14.2875", "5120", "Material"),
        ("R454B-20", "Refrigerant R-454B, per pound", "22.9141666667", "5120", "Material"),
        ("DCT-RND-8", "Round duct 8 in x 5 ft", "9.99", "5130", "Material"),
        ("DCT-FLX-10", "Flex duct 10 in x 25 ft", "54.20", "5130", "Material"),
        ("PLN-24x24", "Plenum 24x24x36", "88.00", "5130", "Material"),
        ("REG-6x12", "Floor register 6x12", "7.35", "5130", "Material"),
        ("TST-WIFI", "Thermostat with wireless", "142.00", "5140", "Equipment"),
        ("WIR-18-8", "Thermostat wire 18/8, per foot", "0.3125", "5140", "Material"),
        ("DSC-60A", "Disconnect 60 A", "16.90", "5140", "Material"),
        ("BRD-CTRL", "Furnace control board", "186.45", "5140", "Material"),
        ("CRANE-HR", "Crane with operator, per hour", "215.00", "5170", "Service"),
    )
    bought = [Article(code, name, Decimal(cost), account, kind) for code, name, cost, account, kind in rows]
    supplies = (
        ("TL-GAUGE", "Manifold gauge set", "164.99", "6100"),
        ("VH-RACK", "Van ladder rack clamp", "38.50", "6200"),
        ("OF-LABEL", "Equipment labels, roll", "12.75", "6300"),
        ("SF-GLOVE", "Work gloves, dozen", "46.20", "6400"),
    )
    spent = [Article(code, name, Decimal(cost), account, expense=True) for code, name, cost, account in supplies]
    return (*bought, *spent)


ARTICLES = _articles()

# Suppliers whom only ServiceTitan knows until a bill needs them. No two names are alike.
SUPPLIERS = (
    "Bluestem Refrigeration Wholesale",
    "Cottonwood Duct & Fitting",
    "Granite Falls Compressor Exchange",
    "Heartland Furnace Parts",
    "Ironclad Crane Service",
    "Juniper Controls",
    "Kettle River Plumbing Supply",
    "Loon Lake Insulation",
    "Mesabi Pipe and Valve",
    "Nokomis Electric Distributors",
    "Otter Tail Filters",
    "Pine County Propane Fittings",
    "Quarry Road Fasteners",
    "Red Wing Boiler Works",
    "St. Croix Motors",
    "Tamarack Thermostats",
    "Union Station Uniforms",
    "Vermilion Ventilation",
    "Whitewater Pumps",
    "Yellow Medicine Truck Outfitters",
    "Zumbro Welding Gas",
    "Agate Bay Sheet Goods",
    "Birch Coulee Tool Rental",
    "Crow Wing Line Sets",
    "Driftless Geothermal",
    "Elk River Chimney Liner",
    "Finland Forge Brackets",
    "Gunflint Heat Exchangers",
    "Hiawatha Packaging",
    "Itasca Humidifiers",
    "Jack Pine Office Mart",
    "Knife River Concrete Pads",
)
# Suppliers whom both sides know under one name.
KNOWN = (
    "Lakehead Appliance Distributing",
    "Minnetonka Air Products",
    "North Loop Hydronics",
    "Orchard Grove Security Hardware",
    "Pipestone Gauge Company",
    "Rush City Sealants",
    "Sauk Centre Signs",
    "Thief River Chemicals",
)
UNUSED = ("Upper Sioux Scaffold", "Wabasha Window Units", "Zenith City Towing")

# One side's name, the other side's, one e-mail address: two facts, one firm.
SAME_EMAIL = ("Bear Creek Sheet Metal", "Bear Creek Sheet Metal Shop", "orders@bearcreek.example")
# Two firms whose names are nearly one; only the first is in the ledger.
NEAR_EQUAL = ("Johnstone Supply", "Johnson Supply")
INACTIVE_VENDOR = "Old Mill Burners"
# Written decomposed at ServiceTitan (e and a combining accent), composed in the ledger.
ACCENTED = ("Cafe\u0301 Climatise\u0301 Montre\u0301al", "Caf\u00e9 Climatis\u00e9 Montr\u00e9al")
RIGHT_TO_LEFT = "\u062a\u0643\u064a\u064a\u0641 \u0627\u0644\u0634\u0645\u0627\u0644"
# Ledger contacts that ServiceTitan does not know.
LEDGER_VENDORS = ("City Power and Light", "Landlord Properties 4th Street", "Payroll Bureau Midwest")
LEDGER_CUSTOMERS = ("Anoka School District 11", "Maria Lindqvist", "Riverside Apartments")
