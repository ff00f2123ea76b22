"""The measurements run and count right, on a handful of documents; what they find is not judged here."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from benchmarks import bills, frame, invoices, parties, payables
from benchmarks.measure import busiest
from benchmarks.parties_found import worth
from benchmarks.payables_calls import SERVICENOW, ZOHO, by_purpose
from ml_connector_sandbox.company.party_truth import ALONE, LINKED, SUGGESTED, PartyTruth

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_bills_without_limits() -> None:
    found = await bills.cost(12)
    assert found["posted"] == 12 and found["calls"]["zoho_books"] > 1


async def test_invoices_without_limits() -> None:
    found = await invoices.cost(12)
    assert found["posted"]["invoices"] == found["posted"]["payments"] == 12


async def test_a_backfill_under_limits() -> None:
    found = await invoices.backfill(60, 20.0)
    assert found["posted"]["invoices"] == found["posted"]["payments"] == 60
    assert found["writes"]["Invoices"] == round(60 * found["writes_per_invoice"]) >= 2
    assert found["http_429"] == {"servicetitan": 0, "xero": 0}


async def test_payables_without_limits() -> None:
    found = await payables.cost(12)
    assert found["staged"]["bills"] == 12 and found["staged"]["vendor_payments"] == 6
    purposes = found["purposes"][ZOHO]
    assert (purposes["bill in detail"], purposes["payment in detail"]) == (1.0, 0.5)


async def test_a_run_tells_how_far_it_is() -> None:
    told: list[Mapping[str, Any]] = []
    run = await frame.run(payables.LOAD, 12, tell=told.append, every=5)
    assert told and told == run.found["progress"]
    assert told[0]["so_far"] >= 5 and told[-1]["so_far"] == 12
    assert 0 < told[0]["megabytes"] <= told[-1]["peak"] + 1 and told[-1]["calls"].keys() == {ZOHO, SERVICENOW}
    console = Console(file=io.StringIO(), width=200)
    frame.so_far(console, "bills")({**told[0], "so_far": 5_000, "seconds": 61.0})
    assert console.file.getvalue().startswith("5,000 bills after 61 s: ")  # type: ignore[attr-defined]


async def test_a_first_reading_of_payables_under_limits() -> None:
    found = await payables.backfill(40, 20.0)
    assert found["staged"]["bills"] == 40 and found["staged"]["vendor_payments"] == 20
    for vendor in (ZOHO, SERVICENOW):
        assert sum(found["purposes"][vendor].values()) == pytest.approx(found["calls_per_bill"][vendor])
    assert found["http_429"] == {ZOHO: 0, SERVICENOW: 0}
    assert found["servicenow_share_of_the_hour"] < 1.0


def test_what_a_call_was_for() -> None:
    def call(method: str, path: str, inside: str = "", query: str = "") -> dict[str, str]:
        return {"method": method, "path": f"/api/now/{path}", "inside": inside, "query": query}

    looked = call("POST", "v1/batch", "GET sn_spend_intg_imp_invoice, GET sn_shop_invoice")
    calls = [
        looked,
        call("POST", "v1/batch", "POST sn_spend_intg_imp_invoice"),
        call("POST", "v1/batch", "POST sn_spend_intg_imp_invoice_line, POST sn_spend_intg_imp_invoice_tax_line"),
        looked,
        call("GET", "table/sn_shop_invoice", query="sysparm_query=a%3D1^ORDERBYsys_updated_on"),
        call("POST", "v1/batch", "GET sn_spend_intg_imp_invoice, GET sn_spend_intg_outbound_invoice"),
        {**call("POST", ""), "path": "/oauth_token.do"},
    ]
    assert by_purpose(SERVICENOW, calls) == {
        "look-up before rows are sent": 1,
        "header rows": 1,
        "line and tax rows": 1,
        "read-back of what was sent": 1,
        "list of invoices": 1,
        "why an invoice does not go on": 1,
        "everything else": 1,
    }


async def test_a_baseline_of_parties_links_what_is_proven_and_nothing_else() -> None:
    found = await parties.baseline(60, 40)
    verdicts, customers = found["verdicts"], found["judged"]["customers"]
    assert parties.wrong(found) == verdicts["missed"] == verdicts["unsuggested"] == 0
    assert verdicts["right"] > 50 and verdicts["suggested"] > 10
    assert sum(one["parties"] for one in found["judged"].values()) == 100
    linked = sum(sum(one["linked_by"].values()) for one in found["judged"].values())
    assert linked == verdicts["right"]
    assert {"same name", "same e-mail and phone"} <= customers["linked_by"].keys()
    assert sum(customers["suggested_by"].values()) > 0
    zoho = found["paths"]["zoho_books"]
    assert not [path for path in zoho if path.startswith(("POST /books", "PUT /books"))], "a baseline writes nothing"
    assert sum(zoho.values()) == found["calls"]["zoho_books"]
    assert found["http_429"] == {"servicetitan": 0, "zoho_books": 0}
    assert 0 < found["zoho_share_of_a_minute"] < 1 and found["peak_mib"] >= found["peak_mib_before"] > 0


def test_links_are_held_against_the_truth() -> None:
    def true(id_: str, ends: str, target: str = "", case: str = "a", kind: str = "customer") -> dict[str, Any]:
        return PartyTruth(
            source_id=id_,
            kind=kind,
            case=case,
            name="",
            ends=ends,
            target_id=target,
            candidates=(target,) if target else (),
        ).as_dict()

    truth = [
        true("1", LINKED, "x"), true("2", LINKED, "y"), true("3", ALONE, case="b"),
        true("4", LINKED, "z"),
        true("5", SUGGESTED, "u"), true("6", SUGGESTED, "v"), true("7", ALONE), true("1", LINKED, "w", kind="vendor"),
    ]  # fmt: skip
    best = ("6", "v", "name 91.2 of 100, same city", True)
    others = [("6", "w", "same phone, inactive", False), ("7", "t", "same phone, inactive", True)]
    customers = {
        "links": {"1": "x", "3": "y", "4": "z", "5": "u"}, "linked_by": {"same name": 4}, "found": [best, *others],
        "seconds": 0.5,
    }  # fmt: skip
    nothing: dict[str, Any] = {"links": {}, "linked_by": {}, "found": [], "seconds": 0.0}
    found = worth(truth, {"customers": customers, "vendors": nothing})
    assert {name: count for name, count in found["customers"]["verdicts"].items() if count} == {
        "right": 2, "wrong": 1, "bold": 1, "missed": 1, "suggested": 1, "for_nobody": 1,
    }  # fmt: skip
    assert found["customers"]["not_right"] == {"wrong": {"b": 1}, "bold": {"a": 1}, "missed": {"a": 1}}
    assert found["customers"]["suggested_by"] == {"similar name": 1, "same phone": 1}
    assert found["vendors"]["verdicts"]["missed"] == 1
    assert parties.wrong({"verdicts": found["customers"]["verdicts"]}) == 2


def test_the_busiest_minute() -> None:
    assert busiest([], 60.0) == 0
    assert busiest([0.0, 60.0, 30.0, 59.9, 89.0], 60.0) == 4
