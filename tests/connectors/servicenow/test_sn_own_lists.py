"""What a custom instance keeps in no table: lists that settings tell, and tables that are not read at all."""

from __future__ import annotations

import pytest
from servicenow_script import ScriptedSession, company

from ml_connector.canonical.master_data import Account, ListEntry
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.reading import Page, Reading
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.errors import BadInput

pytestmark = pytest.mark.anyio
OWN = {
    "profile": "custom",
    "invoice_columns": "external_number=u_bill.u_number supplier=u_bill.u_vendor",
    "read_invoice_columns": "external_number=u_bill_record.u_number state=u_bill_record.u_state",
    "read_supplier_columns": "name=u_vendor.u_name",
    "supplier_code_column": "u_code",
    "gl_accounts": "6010=Rent, heat and light; 6020 = Office supplies;\n6030",
    "legal_entities": "1000=Example Ltd",
}


async def _read(
    entity: str, settings: dict[str, str] = OWN, ids: tuple[str, ...] = (), cursor: bytes | None = None
) -> Page:
    [page] = [
        one async for one in CONNECTOR.read(ScriptedSession(company(), settings), Reading(entity, cursor, ids=ids))
    ]
    return page


async def test_accounts_and_legal_entities_are_those_that_the_settings_tell() -> None:
    page = await _read("accounts")
    found = [one.document for one in page.rows]
    assert found == [
        Account("6010", "Rent, heat and light", "6010"), Account("6020", "Office supplies", "6020"),
        Account("6030", "6030", "6030"),
    ]  # fmt: skip
    assert page.last and page.complete
    [entity] = [one.document for one in (await _read("legal_entities")).rows]
    assert entity == ListEntry("1000", "legal_entity", "Example Ltd", number="1000")


async def test_one_of_them_by_its_number_proves_nothing_of_the_others() -> None:
    page = await _read("accounts", ids=("6020", "9999"))
    assert [one.id for one in page.rows] == ["6020"] and not page.complete
    assert not (await _read("accounts", cursor=page.cursor)).complete


async def test_there_are_no_payment_terms_and_nothing_is_asked_for_them() -> None:
    page = await _read("payment_terms")
    assert page.rows == () and page.complete


async def test_what_must_be_read_and_has_no_table_is_refused() -> None:
    with pytest.raises(BadInput, match="read_payment_columns"):
        await _read("vendor_payments")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gl_accounts": "6010=Rent; 6010=Other"}, "'6010=Other' is there twice"),
        ({"gl_accounts": "=Rent"}, "has no number before the equals sign"),
        ({"read_account_columns": "number=u_account.u_number"}, "both tell the GL accounts"),
        ({"profile": "apo"}, "Setting gl_accounts: with profile=apo the GL accounts are read from ServiceNow"),
        ({"read_invoice_columns": ""}, "read_invoice_columns names no column for external_number"),
        ({"read_supplier_columns": ""}, "read_supplier_columns names no column for name"),
        ({"read_supplier_columns": "name=u_vendor.u_name supplier_code=u_vendor.u_code"}, "supplier_code_column alone"),
        ({"line_columns": "external_number=u_bill_line.u_bill"}, "read_line_columns names no column for invoice"),
        ({"payment_columns": "invoice=u_payment.u_bill"}, "read_payment_columns names no column for key"),
        ({"read_invoice_columns": "colour=u_bill_record.u_colour"}, "colour is no field that is read there"),
        ({"read_invoice_columns": "state=u_a.u_state external_number=u_b.u_number"}, "names several tables: u_a, u_b"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, str], said: str) -> None:
    CONNECTOR.check_settings(OWN)
    with pytest.raises(BadInput, match=said):
        CONNECTOR.check_settings({**OWN, **changes})


async def _told(entity: str, **changes: str) -> Finding:
    found = await CONNECTOR.check(ScriptedSession(company(), {**OWN, **changes}), (entity,))
    return next(one for one in found if one.subject in ("GL accounts", "legal entities", "payment terms"))


async def test_a_check_says_where_the_lists_come_from_and_what_is_missing() -> None:
    assert (
        await _told("accounts")
    ).sentence == "The setting gl_accounts tells 3 GL accounts; their numbers go as text."
    missing = await _told("accounts", gl_accounts="")
    assert missing.verdict is Verdict.MISSING and "Set gl_accounts='NUMBER=name; ...'" in missing.action
    assert (await _told("accounts", gl_accounts="", account_needed="no")).verdict is Verdict.GOOD
    assert (await _told("payment_terms")).sentence == "The instance keeps no payment terms: bills go without."
