"""``/settings/webhooks``: documented on the web only; where the plan has no workflow rules it is refused."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.errors import Refused


def list_webhooks(call: ApiCall) -> Reply:
    """An empty list (its shape is not published): the sandbox's webhooks are made at its admin address."""
    if not call.switches.webhooks_in_plan:
        message = "Workflow rules are not available in the plan of this organization."
        raise Refused(400, call.switches.feature_off_code, message)
    return Reply(payload={"webhooks": []})


ROUTES = [Route(method="GET", path="/settings/webhooks", scope="settings.READ", handler=list_webhooks)]
