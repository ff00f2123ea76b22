"""Faults over the admin address, and the two command lines on it."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fault_world import ZOHO_BOOKS, Side, side

from ml_connector.cli.main import run
from ml_connector_sandbox.faults import main
from ml_connector_sandbox.kernel.faults import KINDS

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def zoho() -> AsyncIterator[Side]:
    async with side(ZOHO_BOOKS) as made:
        yield made


async def ask(zoho: Side, method: str, path: str, **more: Any) -> tuple[int, Any]:
    async with zoho.session.request(method, f"{zoho.sandbox.handover['admin']}{path}", **more) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if answer.content_type == "application/json" else text


async def test_a_fault_is_added_seen_struck_and_cleared(zoho: Side) -> None:
    number = zoho.next + 1
    body = {"kind": "503 after", "call": number, "times": 2, "seconds": 1.5}
    assert await ask(zoho, "POST", "/zoho_books/faults", json=body) == (201, body)
    assert [(await zoho.read()).status for _ in range(2)] == [200, 503]
    _, seen = await ask(zoho, "GET", "/zoho_books/faults")
    assert seen == {"calls": number, "pending": [body], "fired": [{**body, "struck": number}]}
    _, both = await ask(zoho, "GET", "/faults")
    assert both["zoho_books"] == seen and both["servicetitan"]["pending"] == []
    assert await ask(zoho, "DELETE", "/zoho_books/faults") == (200, {"cleared": 1})
    assert (await zoho.read()).status == 200
    _, calls = await ask(zoho, "GET", "/zoho_books/calls")
    assert [one["fault"] for one in calls[-3:]] == ["", "503 after", ""]


async def test_a_call_that_is_past_is_refused(zoho: Side) -> None:
    await zoho.read()
    made = zoho.next - 1
    status, text = await ask(zoho, "POST", "/zoho_books/faults", json={"kind": "slow", "call": made})
    assert status == 400 and f"call {made} of zoho_books is past: {made} calls were made so far" in text
    assert f"name call {made + 1} or a later one" in text
    assert (await ask(zoho, "GET", "/zoho_books/faults"))[1]["pending"] == []
    assert (await ask(zoho, "POST", "/zoho_books/faults", json={"kind": "slow", "call": made + 1}))[0] == 201


async def test_all_emulators_are_cleared_at_once(zoho: Side) -> None:
    for name in ("servicetitan", "zoho_books"):
        assert (await ask(zoho, "POST", f"/{name}/faults", json={"kind": "slow"}))[0] == 201
    assert await ask(zoho, "DELETE", "/faults") == (200, {"cleared": 2})


async def test_the_kinds_say_what_they_do(zoho: Side) -> None:
    _, kinds = await ask(zoho, "GET", "/faults/kinds")
    assert [one["name"] for one in kinds] == list(KINDS)
    assert {one["name"]: one["not_of"] for one in kinds if one["not_of"]} == {
        "day limit": ["servicetitan"],
        "token throttled": ["xero"],
    }
    assert [one["name"] for one in kinds if one["needs_person"]] == ["unauthorised", "revoked"]
    assert all(one["what"].endswith(".") for one in kinds)


def test_the_documentation_lists_every_kind_as_it_is() -> None:
    rows = re.findall(r"^\| `(.+)` \| (.+) \| .+ \|$", (ROOT / "docs/sandbox.md").read_text(), re.MULTILINE)
    told = {name: f"{what[0].upper()}{what[1:]}." for name, what in rows}
    assert {name: told.get(name) for name in KINDS} == {one.name: one.what for one in KINDS.values()}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "no JSON"),
        (b"[]", "must be a JSON object"),
        (b"{}", "there is no kind of fault ''"),
        (b'{"kind": "500"}', "there is no kind of fault '500'"),
        (b'{"kind": 500}', "there is no kind of fault '500'"),
        (b'{"kind": "slow", "call": 0}', "numbered from 1"),
        (b'{"kind": "slow", "call": "first"}', "'call' of a fault is a whole number, not 'first'"),
        (b'{"kind": "slow", "times": true}', "'times' of a fault is a whole number, not True"),
        (b'{"kind": "slow", "seconds": "1"}', "'seconds' of a fault is a number, not '1'"),
        (b'{"kind": "slow", "second": 1}', "a fault has no 'second'; it has: kind, call, times, seconds"),
    ],
)
async def test_a_bad_body_is_one_sentence(zoho: Side, body: bytes, told: str) -> None:
    status, text = await ask(zoho, "POST", "/zoho_books/faults", data=body)
    assert (status, text.count("\n")) == (400, 1)
    assert told in text
    assert zoho.faults.pending == []


async def test_what_the_vendor_does_not_have_is_refused(zoho: Side) -> None:
    status, text = await ask(zoho, "POST", "/servicetitan/faults", json={"kind": "day limit"})
    assert (status, text) == (400, "servicetitan knows no 'day limit', so this fault would never strike\n")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_an_unknown_emulator_is_404(zoho: Side, method: str) -> None:
    status, text = await ask(zoho, method, "/sage/faults", json={"kind": "slow"})
    assert status == 404
    assert "servicetitan, zoho_books" in text


async def test_switches_that_are_no_object_are_refused(zoho: Side) -> None:
    status, text = await ask(zoho, "POST", "/zoho_books/switches", data=b"{")
    assert (status, text.count("\n")) == (400, 1)


async def test_the_sandbox_command(zoho: Side, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sandbox.json"
    zoho.sandbox.write(file)

    async def command(*words: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, ["--file", str(file), *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    number = zoho.next
    code, out, _ = await command("add", "zoho_books", "cut", "--call", str(number), "--times", "2", "--seconds", "2.5")
    assert (code, out) == (0, f"added: cut from call {number}, 2 x, 2.5 s\n")
    with pytest.raises(aiohttp.ClientPayloadError):
        await zoho.write("Cut Ltd")
    code, out, _ = await command()
    assert code == 0
    assert f"struck call {number}: cut" in out
    assert "pending: cut" in out
    assert (await command("webhook", "zoho_books", "twice"))[1] == "added: twice, the next delivery\n"
    assert (await command("clear"))[1] == "cleared: 2\n"
    assert "servicetitan: 0 calls so far" in (await command("list"))[1]
    assert "revoked" in (await command("kinds"))[1]
    code, out, err = await command("add", "zoho_books", "no such")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "no kind of fault 'no such'" in err
    file.write_text(json.dumps({"admin": "http://127.0.0.1:9"}))
    code, _, err = await command()
    assert (code, err.count("\n")) == (2, 1)


Product = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Product:
    """``ml-connector sandbox`` as a script calls it, on the sandbox of a file."""
    for name in [one for one in os.environ if one.startswith("ML_CONNECTOR")]:
        monkeypatch.delenv(name)

    async def command(file: Path | None, *words: str) -> tuple[int, str, str]:
        if file is not None:
            monkeypatch.setenv("ML_CONNECTOR_SANDBOX", str(file))
        code = await asyncio.to_thread(run, ["sandbox", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


async def test_the_products_command(zoho: Side, tmp_path: Path, product: Product) -> None:
    file = tmp_path / "sandbox.json"
    zoho.sandbox.write(file)
    number = zoho.next
    added = await product(file, "fault", "zoho_books", "502 after", "--call", str(number), "--json")
    assert added[0] == 0, added[2]
    assert json.loads(added[1]) == {"call": number, "kind": "502 after", "times": 1, "seconds": None}
    assert (await zoho.read()).status == 502
    code, out, _ = await product(file, "faults")
    assert (code, "502 after" in out) == (0, True)
    code, out, _ = await product(file, "calls", "zoho_books", "--last", "1", "--json")
    assert [(one["number"], one["status"], one["fault"]) for one in json.loads(out)] == [(number, 502, "502 after")]
    code, out, _ = await product(file, "calls", "zoho_books")
    assert (code, "502 after" in out) == (0, True)
    code, out, _ = await product(file, "kinds")
    assert (code, "token throttled" in out) == (0, True)
    assert (await product(file, "fault", "zoho_books", "slow"))[1] == "'slow' strikes the next call it applies to.\n"
    code, out, _ = await product(file, "webhook", "zoho_books", "late", "--delivery", "3", "--seconds", "60")
    assert (code, out) == (0, "'late' happens to delivery 3.\n")
    code, out, _ = await product(file, "webhooks", "zoho_books")
    assert (code, out) == (0, "Nothing was delivered yet.\n'late' happens to delivery 3.\n")
    code, out, err = await product(file, "webhook", "zoho_books", "sometimes")
    assert (code, out) == (2, "") and "never" in err
    assert json.loads((await product(file, "clear", "--json"))[1]) == {"cleared": 2}
    assert (await product(file, "clear"))[1] == "0 faults ended.\n"


async def test_the_products_command_passes_refusals_on(zoho: Side, tmp_path: Path, product: Product) -> None:
    file = tmp_path / "sandbox.json"
    zoho.sandbox.write(file)
    code, out, err = await product(file, "fault", "zoho_books", "5xx")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "The sandbox refused it: there is no kind of fault '5xx'" in err
    code, out, err = await product(file, "calls", "sage")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no emulator 'sage'" in err
    assert (await product(file, "calls", "zoho_books", "--last", "0"))[0] == 2


async def test_the_products_command_without_a_sandbox(tmp_path: Path, product: Product) -> None:
    code, _, err = await product(None, "faults")
    assert (code, err) == (2, "There is no sandbox: start one, and set ML_CONNECTOR_SANDBOX to its file.\n")
    file = tmp_path / "sandbox.json"
    code, _, err = await product(file, "faults")
    assert code == 2 and "Start the sandbox first" in err
    clock = {"start": "2026-11-16T14:00:00+00:00", "anchor": 0.0, "speed": 1.0}
    file.write_text(json.dumps({"clock": clock, "hosts": {}, "admin": "http://127.0.0.1:9"}))
    code, _, err = await product(file, "clear")
    assert (code, err.count("\n")) == (3, 1)
    assert "does not answer" in err
