"""The measurements run and count right, on a handful of documents; what they find is not judged here."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from benchmarks import bills, frame, invoices, parties, payables
from benchmarks.parties_directory import Truth, directory
from benchmarks.payables_calls import SERVICENOW, ZOHO, by_purpose

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
    found = await parties.baseline(40, 30)
    verdicts = found["verdicts"]
    assert sum(verdicts.values()) == found["customers"] + found["vendors"] >= 70
    assert verdicts["linked right"] > 40 and verdicts["linked wrong"] == verdicts["suggestion missed"] == 0
    assert set(found["by_case"]["two here"]) == {"suggested right", "offered"}
    assert found["calls"] == {"servicetitan": 2, "xero": 1}


def test_links_are_held_against_the_truth() -> None:
    truth = [
        Truth("customer", "1", "a", "linked", "x", ("x",)), Truth("customer", "2", "a", "linked", "y", ("y",)),
        Truth("customer", "3", "b", "alone"), Truth("vendor", "1", "b", "suggested", "z", ("z",)),
        Truth("vendor", "2", "b", "suggested", "w", ("w",)),
    ]  # fmt: skip
    links = {("customers", "1"): "x", ("customers", "3"): "y", ("vendors", "1"): "z"}
    found = parties.judged(truth, links, {})
    assert {name: count for name, count in found["verdicts"].items() if count} == {
        "linked right": 1, "linked wrong": 2, "link missed": 1, "suggestion missed": 1,
    }  # fmt: skip


def test_the_lists_are_alike_every_time_and_have_each_case() -> None:
    made = directory(200, 60)
    assert made.truth == directory(200, 60).truth
    assert len({one.case for one in made.truth}) == 10 and {one.ends for one in made.truth} == {
        "linked", "suggested", "alone",
    }  # fmt: skip
