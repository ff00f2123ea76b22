"""Whatever people do to the source and the mapping tables, in whatever order: the books end as the source says."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sync_world import Killed, World, is_write, map_company, started

from ml_connector.store.database import Database

pytestmark = pytest.mark.anyio
_serial = itertools.count(1)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("note"), st.integers(0, 9)),
        st.tuples(st.just("correct"), st.integers(0, 9)),
        st.tuples(st.just("forget a mapping"), st.integers(0, 30)),
        st.tuples(st.just("fill a mapping"), st.integers(0, 30)),
        st.tuples(st.just("read"), st.just(0)),
        st.tuples(st.just("push"), st.just(0)),
        st.tuples(st.sampled_from(["lost", "500 before", "refused", "429"]), st.integers(0, 4)),
        st.tuples(st.sampled_from(["killed before", "killed after"]), st.integers(0, 4)),
    ),
    max_size=10,
)


async def do(company: World, what: str, which: int, taken: set[tuple[str, str]]) -> None:
    """One thing that somebody or something does."""
    rows = [(table, key, value) for table, mapped in company.sandbox.handover["company"]["mapping"].items()
            for key, value in mapped.items()]  # fmt: skip
    table, key, value = rows[which % len(rows)]
    bill = company.bills[which % len(company.bills)]
    if what == "note":
        company.tenant.modify_bill(bill, summary=f"note {next(_serial)}")
    elif what == "correct":  # the same to the ledger when it is posted already
        company.tenant.modify_bill(bill, term_name=f"Net {next(_serial)}")
    elif what == "forget a mapping":
        await company.remove(table, key)
        taken.add((table, key))
    elif what == "fill a mapping":
        await company.fill(table, key, value)
        taken.discard((table, key))
    elif what == "read":
        await company.ask()
        await company.slice(company.source)
    elif what == "push":
        await pushed(company)
    else:
        company.faults.on(what, is_write, skip=which)


async def pushed(company: World) -> None:
    """A slice of the target's lane, which a fault may kill."""
    with suppress(Killed):
        await company.slice(company.target)
    await company.free(company.target)


@given(STEPS)
@settings(
    max_examples=6, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
async def test_the_books_end_as_the_source_says(
    make_database: Callable[[], AbstractAsyncContextManager[Database]],
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, int]],
) -> None:
    async with make_database() as database, begun(database, tmp_path_factory.mktemp("company")) as company:
        await map_company(company)
        await company.live()
        taken: set[tuple[str, str]] = set()
        for what, which in steps:
            await do(company, what, which, taken)
        company.faults.waiting.clear()
        for table, key in sorted(taken):
            value = company.sandbox.handover["company"]["mapping"][table][key]
            await company.fill(table, key, value)
        await company.free(company.target)
        await company.sync()
        await company.sync()
        assert company.compared().findings == []
        assert set(await company.states()) <= {"posted", "superseded", "unchanged"}
        await company.sound()


def begun(database: Database, folder: Path) -> AbstractAsyncContextManager[World]:
    return started(database, folder, "small", speed=600.0, limits=False)
