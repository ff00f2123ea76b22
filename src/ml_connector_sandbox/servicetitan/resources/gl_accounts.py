"""gl-accounts and their types."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.books import GlAccount, GlAccountType
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import ListRules, among, envelope, equal, read_page, single
from ml_connector_sandbox.servicetitan.shapes import Row, stamps

_RULES = ListRules()
_SOURCES = ("Undefined", "AccountingSystem", "ManuallyCreated", "PublicApi")
_MAXIMUM = 50


async def _list(call: ApiCall) -> web.Response:
    asked = call.parameters
    tests = [
        *among("name", asked.comma_texts("names", _MAXIMUM)),
        *among("number", asked.comma_texts("numbers", _MAXIMUM)),
        *among("type", asked.comma_texts("types", _MAXIMUM)),
        *among("subtype", asked.comma_texts("subtypes", _MAXIMUM)),
        *equal("description", asked.text("description")),
        *equal("source", asked.enum("source", _SOURCES)),
        *equal("is_intacct_group", asked.boolean("isIntacctGroup")),
        *equal("is_intacct_bank_account", asked.boolean("isIntacctBankAccount")),
    ]
    page = read_page(call, call.books.gl_accounts, _RULES, tests)
    return envelope(call, page, call.books.gl_accounts, "gl-accounts", _row)


async def _types(call: ApiCall) -> web.Response:
    tests = among("name", call.parameters.comma_texts("names", _MAXIMUM))
    page = read_page(call, call.books.gl_account_types, _RULES, tests)
    return envelope(call, page, call.books.gl_account_types, "gl-accounts/types", _type_row)


async def _one(call: ApiCall) -> web.Response:
    return single(call, call.books.gl_accounts, "accountId", _row)


def _row(account: GlAccount) -> Row:
    return {
        "id": account.id,
        "name": account.name,
        "number": account.number,
        "description": account.description,
        "type": account.type,
        "subtype": account.subtype,
        "active": account.active,
        "isIntacctGroup": account.is_intacct_group,
        "isIntacctBankAccount": account.is_intacct_bank_account,
        "source": account.source,
        "defaultAccountType": account.default_account_type,
        **stamps(account),
    }


def _type_row(kind: GlAccountType) -> Row:
    return {
        "id": kind.id,
        "parentTypeId": kind.parent_type_id,
        "name": kind.name,
        "active": kind.active,
        **stamps(kind),
    }


_READ = "tn.acc.glaccounts:r"

OPERATIONS = (
    Operation("GET", "accounting", "gl-accounts", _READ, _list),
    Operation("GET", "accounting", "gl-accounts/types", _READ, _types),
    Operation("GET", "accounting", "gl-accounts/{accountId}", _READ, _one),
)
