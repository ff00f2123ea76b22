"""A client of the API, and a company with bills in preview."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from service_ledger import Company, bill

from ml_connector.service.api_tokens import create_token
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""

    @property
    def detail(self) -> str:
        return str(self.body["detail"])


@dataclass(frozen=True)
class Api:
    """The API as somebody with a token meets it."""

    address: str
    client: aiohttp.ClientSession
    token: str = ""

    def as_(self, token: str) -> Api:
        return replace(self, token=token)

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.call("GET", path, params={name: str(value) for name, value in query.items()})

    async def post(self, path: str, body: Any, key: str = "") -> Answer:
        return await self.call("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})

    async def call(self, method: str, path: str, headers: dict[str, str] | None = None, **given: Any) -> Answer:
        sent = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **(headers or {})}
        async with self.client.request(method, self.address + path, headers=sent, **given) as answer:
            raw = await answer.read()
            lowered = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, await answer.json(content_type=None), lowered, raw)


async def token(company: Company, *scopes: str, role: str = "owner", name: str = "") -> str:
    """A token of a company."""
    return (await create_token(company.desk, name or f"{' '.join(scopes)} {role}", scopes, role)).token


async def previewed(company: Company, *numbers: str) -> None:
    """Bills of 100.00 USD each, planned and not posted."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await company.read(*(bill(number) for number in numbers))
    await settled(company)


async def settled(company: Company) -> None:
    for _ in range(3):
        await company.plan()
