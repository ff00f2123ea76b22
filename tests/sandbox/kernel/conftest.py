"""Each vendor of a small sandbox in turn, with a client that has a token."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fault_world import SIDES, Side, side


@pytest.fixture(params=SIDES)
async def vendor(request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    async with side(request.param) as made:
        yield made
