"""The page of ServiceTitan with Zoho Books: what it names is there, and what the pair has is named."""

from __future__ import annotations

import re
from pathlib import Path

from ml_connector.connectors.zoho_books import regions
from ml_connector.connectors.zoho_books.editions import _FIELDS
from ml_connector.connectors.zoho_books.requests import WRITABLE
from ml_connector.integrations import zoho_back, zoho_bills, zoho_items, zoho_parties, zoho_sales, zoho_vendor_credits
from ml_connector.integrations.pair_settings import Settings
from ml_connector.integrations.reasons import REASONS
from ml_connector.integrations.refused_reasons import REFUSED_REASONS
from ml_connector.lanes.runtime import connectors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/zoho_books.md").read_text()
SALES = (ROOT / "docs/zoho_sales.md").read_text()
NAMED = set(re.findall(r"`([a-z][a-z0-9_]*)[`=]", PAGE))
SHARES = (zoho_bills, zoho_vendor_credits, zoho_sales, zoho_parties, zoho_items, zoho_back)
OFFERS = tuple(share.OFFER for share in SHARES)


def test_what_is_named_exists() -> None:
    """Of the words in code spans those with an underscore, which are names of something."""
    known = {one.code for one in (*REASONS.values(), *REFUSED_REASONS)} | {*Settings.__struct_fields__, *WRITABLE}
    known |= {one.name for connector in connectors().values() for one in connector.settings}
    known |= {one.name for offer in OFFERS for one in (*offer.flows, *offer.tables)}
    assert {one for one in NAMED if "_" in one} - known == set()


def test_every_field_of_the_editions_is_named() -> None:
    assert {field.name for fields in _FIELDS.values() for field in fields} - NAMED == set()


def test_every_setting_flow_and_table_of_the_pair_is_named() -> None:
    assert {one.name for offer in OFFERS for one in (*offer.flows, *offer.tables)} - NAMED == set()
    assert set(Settings.__struct_fields__) - NAMED == set()


def test_what_is_not_possible_is_told_in_the_same_words() -> None:
    said = {one for offer in OFFERS for one in offer.not_possible}
    told = {" ".join(one.split()) for page in (PAGE, SALES) for one in _listed(page)}
    assert said - told == set()
    assert told - said == set()


def _listed(page: str) -> list[str]:
    """The entries of what is not possible."""
    section = page.partition("## What is not possible\n\n- ")[2].partition("\n## ")[0]
    return section.split("\n- ")


def test_every_data_centre_is_named() -> None:
    assert set(regions.CODES) <= NAMED


def test_it_is_linked_from_the_start_page_and_the_set_up() -> None:
    assert "(docs/zoho_books.md)" in (ROOT / "README.md").read_text()
    assert "(zoho_books.md)" in (ROOT / "docs/quickstart.md").read_text()
