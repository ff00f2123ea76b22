"""Log lines carry no secrets, whatever their name or place."""

from __future__ import annotations

from ml_connector.telemetry.logs import redacted


def test_secrets_are_hidden_by_name_and_inside_texts() -> None:
    event = {"event": "refused", "client_secret": "abc", "why": 'body {"access_token": "1000.deadbeef"}', "lane": 3}
    shown = redacted(None, "warning", event)
    assert "abc" not in str(shown)
    assert "deadbeef" not in str(shown)
    assert shown["lane"] == 3
    assert shown["event"] == "refused"
