from __future__ import annotations

import pytest
from contract_set import Sets, play


@pytest.fixture
def playing() -> Sets:
    """``async with playing("servicetitan") as set``: a small company, short pages, the vendors' limits off."""
    return play
