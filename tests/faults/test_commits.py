"""Every commit of a worker is a point of the matrix: none may be overlooked, and a held one is held on the right side."""

from __future__ import annotations

import asyncio

import pytest

from faults.commits import Asked, Commits, counted_commits
from ml_connector.store.database import Database

ADD = b"insert into worker (worker_id, host, pid) values (%s, 'h', 1)"


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


def test_every_commit_is_counted_prepared_or_not_whole_or_in_pieces() -> None:
    start = _message(b"", b"\x00\x03\x00\x00user\x00x\x00application_name\x00ml-connector/mlc_app\x00\x00")
    bound = _message(b"B", b"\x00_pg3_0\x00\x00\x00\x00\x00\x00\x00")
    said = start + _message(b"Q", b"COMMIT\x00") + _message(b"P", b"_pg3_0\x00COMMIT\x00\x00\x00") + bound + bound
    said += _message(b"P", b"_pg3_0\x00select 1\x00\x00\x00") + bound
    assert Asked().begun(said) == 3
    pieces = Asked()
    assert sum(pieces.begun(said[at : at + 7]) for at in range(0, len(said), 7)) == 3
    assert Asked().begun(said.replace(b"mlc_app", b"mlc_dis")) == 0


async def _opened(commits: Commits) -> Database:
    return await Database.open(commits.address, pool_size=2)


async def _workers(database_url: str) -> list[str]:
    database = await Database.open(database_url, pool_size=2)
    try:
        async with database.dispatch() as session:
            rows = await (await session.execute(b"select worker_id from worker order by 1")).fetchall()
    finally:
        await database.close()
    return [str(row[0]) for row in rows]


@pytest.mark.anyio
async def test_the_commits_of_tenants_transactions_are_counted_whether_the_driver_prepares_them_or_not(
    database_url: str,
) -> None:
    async with counted_commits(database_url) as commits:
        database = await _opened(commits)
        before = commits.count
        for _ in range(12):  # psycopg prepares what it has sent five times
            async with database.tenant(1) as session:
                await session.execute(b"select 1")
        with pytest.raises(ZeroDivisionError):
            async with database.tenant(1):
                raise ZeroDivisionError
        async with database.dispatch() as session:
            await session.execute(b"select 1")
        assert commits.count - before == 12
        await database.close()


@pytest.mark.anyio
@pytest.mark.parametrize("after", [False, True])
async def test_a_held_commit_is_not_done_or_done_and_nobody_hears_of_it(after: bool, database_url: str) -> None:
    async with counted_commits(database_url, hold=2, after=after) as commits:
        database = await _opened(commits)

        async def write(name: str) -> None:
            async with database.tenant(1) as session:
                await session.execute(b"set local role mlc_dispatcher")
                await session.execute(ADD, [name])

        await write("first")
        second = asyncio.create_task(write("second"))
        async with asyncio.timeout(10):
            await commits.held.wait()
        assert not second.done()
        assert await _workers(database_url) == (["first", "second"] if after else ["first"])
        commits.end()
        with pytest.raises(Exception, match="lost during a commit"):
            await second
        await database.close()
