"""On a fast clock a consent's code runs out while a busy machine gets to it: another consent is asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ml_connector.errors import BadInput
from ml_connector.service import connecting
from rig import company
from rig.company import CONSENTS

HANDOVER = {"company": {}, "credentials": {"zoho_books": {}}}


def _runtime() -> Any:
    return SimpleNamespace(connectors={"zoho_books": SimpleNamespace(credentials=())})


@pytest.mark.anyio
@pytest.mark.parametrize(("expired", "good"), [(0, True), (CONSENTS - 1, True), (CONSENTS, False)])
async def test_a_code_that_ran_out_is_replaced_by_another(
    expired: int, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def consent(*_: object) -> str:
        asked.append("a consent")
        if len(asked) <= expired:
            raise BadInput("the code has expired")
        return "granted"

    monkeypatch.setattr(company, "_by_consent", consent)
    monkeypatch.setattr(company, "checked_credentials", lambda *_: {})
    monkeypatch.setattr(company, "checked_settings", lambda *_: {})
    monkeypatch.setattr(connecting, "needs_consent", lambda *_: True)
    granted = company._granted(_runtime(), cast(Any, HANDOVER), "zoho_books")
    if good:
        assert await granted == cast(Any, "granted") and len(asked) == expired + 1
        return
    with pytest.raises(BadInput, match="has expired"):
        await granted
    assert len(asked) == CONSENTS
