"""What the vendors answer wrong, or no longer allow, while the product runs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from bad_input_world import one_sentence, rows_of

from joined import Joined
from ml_connector.service.checking import check
from ml_connector.service.connections import connections
from ml_connector.service.status import FlowStatus, status
from ml_connector.sync.states import State
from ml_connector.transport.messages import Answer, Request
from ml_connector.transport.wire import Wire

pytestmark = pytest.mark.anyio
Answers = Callable[[Callable[[Request, Answer], Answer]], None]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Put other answers in place of the vendors'."""
    send = Wire.send

    def instead(change: Callable[[Request, Answer], Answer]) -> None:
        async def sent(self: Wire, request: Request, *given: object, **more: object) -> Answer:
            return change(request, await send(self, request, *given, **more))  # type: ignore[arg-type]

        monkeypatch.setattr(Wire, "send", sent)

    return instead


async def problem_of(company: Joined, vendor: str) -> tuple[str, str]:
    """State and problem of a connection."""
    found = next(one for one in await connections(company.desk) if one.vendor == vendor)
    return found.state, found.problem


async def bills_of(company: Joined) -> FlowStatus:
    """How the bills stand."""
    (integration,) = (await status(company.desk)).integrations
    return next(one for one in integration.flows if one.flow == "bills")


async def posted(company: Joined) -> int:
    organisation = company.books()[1]["organisations"][company.company["organization_id"]]
    return len(organisation["bills"]) + len(organisation["vendor_credits"])


async def test_a_refresh_token_revoked_while_running(company: Joined) -> None:
    await company.fill_mappings()
    grants = company.sandbox.company.zoho_books.grants
    for token in grants.refresh_tokens():
        grants.revoke(token.token)
    quiet = await company.go()
    state, problem = await problem_of(company, "zoho_books")
    assert state == "needs reconnect" and not quiet.done
    one_sentence(problem, "refresh token", "revoked", "connect again")
    assert "needs reconnect" in quiet.sentence or "connect again" in quiet.sentence
    assert await posted(company) == 0
    assert (await bills_of(company)).tally(State.REJECTED).count == 0


async def test_a_grant_removed_in_servicetitan(company: Joined) -> None:
    await company.fill_mappings()
    company.sandbox.company.servicetitan.revoke_grant(company.sandbox.company.access.client_id)
    company.sandbox.servicetitan.tokens.withdraw_all()
    quiet = await company.go()
    state, problem = await problem_of(company, "servicetitan")
    assert state == "needs reconnect" and not quiet.done
    one_sentence(problem, "Client ID", "Client Secret", "generate a new secret")
    assert await posted(company) == 0


async def test_what_a_dead_grant_stopped_goes_on_once_it_is_renewed(company: Joined) -> None:
    from joined import connected

    await company.fill_mappings()
    grants = company.sandbox.company.zoho_books.grants
    for token in grants.refresh_tokens():
        grants.revoke(token.token)
    await company.go()
    await connected(company.sandbox, company.runtime, "zoho_books", company.desk)
    quiet = await company.sync()
    assert quiet.done and await problem_of(company, "zoho_books") == ("good", "")
    assert await posted(company) > 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>Sign in</html>", ("not JSON", "Sign in")),
        (b"", ("not JSON",)),
        (b"{}", ("export/inventory-bills", "data")),
        (b'{"data": 5, "hasMore": false}', ("data",)),
        (b'{"data": []}', ("export/inventory-bills", "hasMore")),
    ],
)
async def test_a_read_that_is_not_as_documented(
    company: Joined, answers: Answers, body: bytes, words: tuple[str, ...]
) -> None:
    def change(request: Request, answer: Answer) -> Answer:
        spoilt = request.path.endswith("/export/inventory-bills")
        return Answer(200, answer.headers, body, answer.at) if spoilt else answer

    answers(change)
    found = await company.go()
    state, problem = await problem_of(company, "servicetitan")
    assert state == "good" and not found.done
    one_sentence(problem, *words)
    assert await posted(company) == 0
    # Nothing of the spoilt walk was kept, neither rows nor cursor.
    assert await rows_of(company, "select 1 from feed where name = 'bills'") == []


@pytest.mark.parametrize("body", [b"<html>Gateway</html>", b'{"code":0,"message":"success"}'])
async def test_a_write_whose_answer_says_nothing_is_looked_up_and_not_repeated(
    company: Joined, answers: Answers, body: bytes
) -> None:
    await company.fill_mappings()

    def change(request: Request, answer: Answer) -> Answer:
        spoilt = request.method == "PUT" and request.path == "/bills" and answer.status < 300
        return Answer(200, answer.headers, body, answer.at) if spoilt else answer

    answers(change)
    await company.go()
    ends = [one["ends"] for one in company.company["truth"]]
    assert await posted(company) == ends.count("posted")
    states = await rows_of(
        company,
        """select s.state from version_state s join flow f using (tenant_id, flow_id) where f.name = 'bills'""",
    )
    assert {State(row[0]) for row in states} <= {State.POSTED, State.UNCERTAIN, State.SKIPPED, State.HELD}


async def test_one_row_without_its_total_is_one_unread_record(company: Joined, answers: Answers) -> None:
    spoilt = company.company["truth"][0]["bill_id"]

    def change(request: Request, answer: Answer) -> Answer:
        # Feed, list and look-up by id alike: the vendor itself has no amount for this bill.
        if answer.status != 200 or "-bills" not in request.path:
            return answer
        body = msgspec.json.decode(answer.body)
        for row in body["data"]:
            if str(row["id"]) == spoilt:
                del row["billAmount"]
        return Answer(200, answer.headers, msgspec.json.encode(body), answer.at)

    answers(change)
    await company.fill_mappings()
    await company.go()
    rows = await rows_of(company, "select source_id from unread")
    assert [row[0] for row in rows] == [spoilt]
    assert await posted(company) == len(company.company["truth"]) - 1


async def test_a_currency_that_does_not_match_is_held_and_named(company: Joined) -> None:
    await company.fill_mappings()
    tenant = company.sandbox.company.seed.tenant
    for unit in list(tenant.business_units):
        tenant.business_units.modify(unit.id, currency="CAD")
    await company.go()
    causes = {one.code: one for one in (await bills_of(company)).waiting}
    cause = causes["currency_differs"]
    assert await posted(company) == 0 and cause.count == len(company.company["truth"])
    one_sentence(cause.example, "CAD", "USD")
    one_sentence(cause.action)


async def test_a_check_of_a_dead_connection_says_so(company: Joined) -> None:
    company.sandbox.company.servicetitan.revoke_grant(company.sandbox.company.access.client_id)
    company.sandbox.servicetitan.tokens.withdraw_all()
    (connection,) = [one for one in await connections(company.desk) if one.vendor == "servicetitan"]
    checked = await check(company.desk, connection)
    assert not checked.good
    one_sentence(checked.findings[0].sentence, "Client ID", "Client Secret")


async def test_a_total_is_never_rounded_away(company: Joined) -> None:
    await company.fill_mappings()
    tenant = company.sandbox.company.seed.tenant
    bill = next(iter(tenant.bills))
    tenant.modify_bill(bill.id, stated_amount=bill.amount(True) + Decimal("0.01"))
    await company.go()
    (cause,) = (await bills_of(company)).waiting
    assert (cause.code, cause.count) == ("does_not_tie", 1)
    one_sentence(cause.example, "0.01")
