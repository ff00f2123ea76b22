"""Business units that are locations in Zoho Books: what is sold stands at them, and changes keep them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from zoho_selling_world import selling

from ml_connector.errors import BadInput
from ml_connector.service.mapping.values import set_value
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]
HERE, THERE = "location-1", "location-2"


def with_locations(company: Any) -> None:
    """Zoho's company has two locations, and every business unit is the first."""
    books, units = company.seed.organisation, company.seed.answers.business_units
    books.profile = replace(books.profile, locations_enabled=True)
    for id_ in (HERE, THERE):
        books.add_location(f"Place {id_}", location_id=id_)
    units.update(dict.fromkeys(units, HERE))


def places(documents: Iterable[Any]) -> set[str]:
    return {line.texts["location_id"] for one in documents for line in one.lines}


async def test_what_is_sold_stands_at_the_location_of_its_unit(database: Database, tmp_path: Path) -> None:
    located = {"business_unit_as": "location"}
    async with selling(database, tmp_path, located, prepare=with_locations) as company:
        kept, changed = company.bill("100.00"), company.bill("80.00")
        company.write_off(kept, "10.00")
        await company.sync(2)
        assert company.compared() == []
        numbers = [one.number[:3] for one in company.target.credit_notes]
        assert {"CM-", "WO-"} <= {*numbers}
        assert places([*company.target.invoices, *company.target.credit_notes]) == {HERE}
        company.at_zoho(
            "edit invoice", invoice=changed.reference_number, changes={"line_items": moved(company, changed)}
        )
        now = company.dearer(changed, "95.00")
        await company.sync(2)
        assert company.there(changed).total == now.total and places([company.there(changed)]) == {THERE}
        unit = next(iter(company.sandbox.company.seed.answers.business_units))
        option = next(id_ for tag in company.target.reporting_tags.values() for id_ in tag.options)
        with pytest.raises(BadInput, match="it is no location, and business_unit_as is location"):
            await set_value(company.desk, company.integration, "business_units", unit, option)


def moved(company: Any, invoice: Any) -> list[dict[str, Any]]:
    """The lines as they are, at the other location."""
    return [
        {
            "line_item_id": one.line_item_id, "item_id": one.item_id, "rate": str(one.rate), "quantity": str(one.quantity),
            "description": one.texts["description"], "tax_id": one.tax_id, "location_id": THERE,
        }
        for one in company.there(invoice).lines
    ]  # fmt: skip
