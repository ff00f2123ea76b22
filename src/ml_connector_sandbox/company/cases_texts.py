"""Texts that break careless code: other scripts, combining marks, markup, great length."""

from __future__ import annotations

from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company.seed import Seed

LONG = 5_000  # characters; a ledger line takes far fewer
DESCRIPTIONS = (
    "Filtre a\u0300 air e\u0301lectrostatique 16\u00d725",  # combining accents
    "Klimager\u00e4t \u2744\ufe0f mit W\u00e4rmer\u00fcckgewinnung \U0001f527",  # emoji with a variation selector
    "\U0001f468\u200d\U0001f527 kit",  # several code points, one picture
    "\u0645\u0643\u062b\u0641 \u0647\u0648\u0627\u0621 (3 ton) \u0637\u0631\u0627\u0632 CND-3T",  # right to left
    "\u51b7\u51dd\u5668 3\u51b7\u51bb\u5428",
    "Duct\u00a0tape\u200b 2\u2033 \u2013 \u201cpro\u201d",  # spaces that are none, quotation marks
)
MARKUP = (
    "<p>Two-stage <b>condenser</b>&nbsp;with <i>coil</i></p><ul><li>pad</li><li>whip &amp; disconnect</li></ul>",
    "<div style='color:red'>Return by 12/31 <br/>Ask for &quot;RMA&quot;</div>",
)


def unicode_names(seed: Seed) -> None:
    """A vendor written decomposed here and composed there is the same vendor; one written right to left is made."""
    for vendor in (names.ACCENTED[0], names.RIGHT_TO_LEFT):
        for place in range(2):
            items = (seed.line("COIL-A-36", 1 + place),)
            seed.purchase("unicode_names", vendor, items, seed.dates.day(63 + place))


def unicode_descriptions(seed: Seed) -> None:
    """All of them on one bill, and one in the bill's summary."""
    items = tuple(seed.line("CAP-45-5", 1 + place, description=one) for place, one in enumerate(DESCRIPTIONS))
    bill = {"summary": DESCRIPTIONS[1]}
    seed.purchase("unicode_descriptions", "Juniper Controls", items, seed.dates.day(65), bill=bill)


def html_descriptions(seed: Seed) -> None:
    """Markup as ServiceTitan's editor leaves it."""
    items = tuple(seed.line("CND-3T-16", 1, description=one) for one in MARKUP)
    bill = {"summary": MARKUP[0]}
    seed.purchase("html_descriptions", "Juniper Controls", items, seed.dates.day(66), bill=bill)


def long_descriptions(seed: Seed) -> None:
    """A whole data sheet pasted into a line; its cost has ten decimals, and the figures must not be cut away."""
    sheet = "Serial number and warranty terms. " * LONG
    items = (
        seed.line("HP-3T-18", 1, description=sheet[:LONG]),
        seed.line("CU-ACR-78", 3, "41.6666666667", description=sheet[:LONG]),
    )
    seed.purchase("long_descriptions", "Driftless Geothermal", items, seed.dates.day(67))


CASES = (unicode_names, unicode_descriptions, html_descriptions, long_descriptions)
