from __future__ import annotations

import functools
import ssl
from collections.abc import Iterator

import pytest
from contract_set import Sets, play


@pytest.fixture(scope="session", autouse=True)
def _certificates_read_once() -> Iterator[None]:
    """Every wire reads the system's certificates, which takes longer than most of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture
def playing() -> Sets:
    """``async with playing("servicetitan") as set``: a small company, short pages, the vendors' limits off."""
    return play
