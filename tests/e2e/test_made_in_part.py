"""What is there in part, since an answer was lost or a row refused: the rest follows, whatever shows that part meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from payables_world import Firm, payables

from ml_connector.connectors.base import Session
from ml_connector.connectors.servicenow import write
from ml_connector.connectors.servicenow.rows import StagedRow
from ml_connector.connectors.servicenow.send import Result, Taken
from ml_connector.connectors.writing import Rejected, Uncertain
from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books.masters import Contact

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SUPPLIERS, LOCATIONS, CONTACTS = "sn_fin_supplier", "sn_slm_m2m_location", "vm_vdr_contact"
STAGED_SUPPLIERS = "sn_fcms_intg_imp_supplier"
UNSHOWN = {"read_invoice_columns": "key=sn_shop_invoice.", "read_line_columns": "key=sn_shop_invoice_line."}
LOST = Uncertain("the answer was lost")
Spoil = Callable[[str, Result], list[StagedRow]]


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Spoil:
    """Have the first rows of a kind end otherwise: LOST is carried out and nobody hears of it, a refusal is not. The rows."""
    really = write.send

    def spoiled(kind: str, outcome: Result) -> list[StagedRow]:
        struck: list[StagedRow] = []

        async def send(session: Session, rows: Sequence[StagedRow]) -> list[Result]:
            if struck or not any(row.kind == kind for row in rows):
                return await really(session, rows)
            struck.extend(rows)
            if outcome is LOST:
                assert all(isinstance(one, Taken) for one in await really(session, rows))
            return [outcome] * len(rows)

        monkeypatch.setattr(write, "send", send)
        return struck

    return spoiled


def last(firm: Firm) -> tuple[Contact, int]:
    """The vendor that no supplier is like, and its place in the list."""
    vendors = list(firm.books.vendors.values())
    return vendors[-1], len(vendors) - 1


def parts(firm: Firm, vendor: Contact) -> tuple[int, int, int]:
    """How many suppliers of a vendor were staged, and how many addresses and contacts they have."""
    [supplier] = firm.rows(SUPPLIERS, erp_supplier_code=vendor.contact_id)
    staged = firm.rows(STAGED_SUPPLIERS, u_erp_supplier_code=vendor.contact_id)
    locations = firm.rows(LOCATIONS, supplier=supplier["sys_id"])
    return len(staged), len(locations), len(firm.rows(CONTACTS, vendor=supplier["sys_id"]))


@pytest.mark.parametrize("kind", ["supplier", "location"])
async def test_a_supplier_whose_answer_was_lost_gets_its_address_and_contacts(
    database: Database, tmp_path: Path, spoil: Spoil, kind: str
) -> None:
    async with payables(database, tmp_path) as firm:
        new, place = last(firm)
        struck = spoil(kind, LOST)
        bill = firm.bill(vendor=place)
        await firm.sync()
        assert struck and new.persons
        assert await firm.end("vendors", new.contact_id) == ("posted", "")
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert parts(firm, new) == (1, 1, len(new.persons))


async def test_a_supplier_whose_address_was_refused_gets_it_with_the_replay(
    database: Database, tmp_path: Path, spoil: Spoil
) -> None:
    async with payables(database, tmp_path) as firm:
        new, place = last(firm)
        spoil("location", Rejected("row error", "ServiceNow refused the address.", "Have it mended; then replay."))
        bill = firm.bill(vendor=place)
        await firm.sync()
        assert (await firm.end("vendors", new.contact_id))[0] == "rejected" and parts(firm, new) == (1, 0, 0)
        assert await firm.end("bills", bill.document_id) == ("held", "supplier_pending")
        await firm.replay("vendors", new.contact_id)
        await firm.sync()
        assert await firm.end("vendors", new.contact_id) == ("posted", "")
        assert parts(firm, new) == (1, 1, len(new.persons))
        assert await firm.end("bills", bill.document_id) == ("posted", "")


async def test_a_supplier_made_in_part_is_no_other_vendors(database: Database, tmp_path: Path, spoil: Spoil) -> None:
    async with payables(database, tmp_path) as firm:
        new, place = last(firm)
        spoil("location", Rejected("row error", "ServiceNow refused the address.", "Have it mended; then replay."))
        firm.bill(vendor=place)
        await firm.sync()
        assert (await firm.end("vendors", new.contact_id))[0] == "rejected"
        name = f"{new.contact_name}."  # names are compared without their punctuation
        like = firm.books.organisation.add_contact(name)
        firm.books.vendors[name] = like
        firm.books.vendor_truth[name] = firm.books.vendor_truth[new.contact_name]
        other = firm.bill(firm.line("15.00"), vendor=place + 1)
        await firm.sync()
        assert await firm.end("vendors", like.contact_id) == ("held", "supplier_taken")
        assert await firm.end("bills", other.document_id) == ("held", "supplier_pending")


@pytest.mark.parametrize(
    "outcome", [LOST, Rejected("row error", "ServiceNow refused a line.", "Mend it; then replay.")]
)
async def test_a_bill_made_in_part_is_no_double_of_itself_where_no_column_shows_our_key(
    database: Database, tmp_path: Path, spoil: Spoil, outcome: Result
) -> None:
    async with payables(database, tmp_path, connection=UNSHOWN) as firm:
        await firm.sync()
        struck = spoil("invoice" if outcome is LOST else "line", outcome)
        bill = firm.bill(firm.line("11.00"), firm.line("21.00", "Boston Tax"))
        await firm.sync()
        assert struck
        if outcome is not LOST:
            assert (await firm.end("bills", bill.document_id))[0] == "rejected" and firm.lines(bill) == []
            await firm.replay("bills", bill.document_id)
            await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert [firm.amount(one, "sub_total") for one in firm.lines(bill)] == [11, 21]


async def test_a_bill_made_in_part_and_voided_is_held_where_no_column_shows_our_key(
    database: Database, tmp_path: Path, spoil: Spoil
) -> None:
    async with payables(database, tmp_path, connection=UNSHOWN) as firm:
        await firm.sync()
        spoil("line", Rejected("row error", "ServiceNow refused a line.", "Mend it; then replay."))
        bill = firm.bill(firm.line("11.00"))
        await firm.sync()
        firm.at_zoho("move bill", bill=bill.number, to="void")
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("held", "void_after_staging")
