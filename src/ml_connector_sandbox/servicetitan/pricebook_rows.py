"""Rows of the pricebook. Money is a number here; accounts are names, which need not be unique and can be renamed."""

from __future__ import annotations

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.books import PriceModifier, Sku, TenantBooks
from ml_connector_sandbox.servicetitan.shapes import Row, stamps


def material_row(books: TenantBooks, sku: Sku, guid: str | None) -> Row:
    """As published; its feed shows the same fields."""
    return {
        **_common(books, sku, guid),
        **_stocked(books, sku),
        "deductAsJobCost": False,
        "isConfigurableMaterial": False,
        "chargeableByDefault": sku.chargeable,
        "variationsOrConfigurableMaterials": [],
        "businessUnitId": sku.business_unit_id,
        "createdById": 21,
        "isOtherDirectCost": sku.is_other_direct_cost,
        "costTypeId": sku.cost_type_id,
        "categories": [],
    }


def equipment_row(books: TenantBooks, sku: Sku, guid: str | None) -> Row:
    """As published; its feed shows the same fields."""
    return {
        **_common(books, sku, guid),
        **_stocked(books, sku),
        "manufacturer": sku.manufacturer,
        "model": sku.model,
        "manufacturerWarranty": {"duration": 0, "description": None},
        "serviceProviderWarranty": {"duration": 0, "description": None},
        "categories": [],
        "recommendations": [],
        "upgrades": [],
        "equipmentMaterials": [],
        "crossSaleGroup": None,
        "isConfigurableEquipment": False,
        "variationsOrConfigurableEquipment": [],
        "typeId": None,
        "dimensions": None,
    }


def service_row(books: TenantBooks, sku: Sku, guid: str | None) -> Row:
    """As published: one account, by name alone."""
    return {
        **_common(books, sku, guid),
        "warranty": None,
        "categories": [],
        "isLabor": sku.is_labor,
        "recommendations": [],
        "upgrades": [],
        "serviceMaterials": [],
        "serviceEquipment": [],
        "crossSaleGroup": None,
        "businessUnitId": sku.business_unit_id,
        "soldByCommission": 0,
    }


def modifier_row(books: TenantBooks, one: PriceModifier, guid: str | None) -> Row:
    """As published: the amount is positive, and the type says whether it is taken off."""
    return {
        "id": one.id,
        "type": one.type,
        "code": one.code,
        "displayName": one.display_name,
        "description": one.description,
        "amountType": one.amount_type,
        "amount": one.amount,
        "limit": one.limit,
        "taxable": one.taxable,
        "categories": [],
        "hours": 0,
        "assets": [],
        "account": _account(books, one.account_id),
        "crossSaleGroup": None,
        "active": one.active,
        "bonus": 0,
        "commissionBonus": 0,
        "paysCommission": False,
        "excludeFromPayroll": False,
        "externalData": external_data.shown(one.external_data, guid),
        **_budget(),
        **stamps(one),
    }


def _common(books: TenantBooks, sku: Sku, guid: str | None) -> Row:
    """A member pays nine tenths, an add-on costs what it costs alone."""
    return {
        "id": sku.id,
        "code": sku.code,
        "displayName": sku.display_name,
        "description": sku.description,
        "active": sku.active,
        "price": sku.price,
        "memberPrice": sku.price * 9 / 10,
        "addOnPrice": sku.price,
        "addOnMemberPrice": sku.price * 9 / 10,
        "assets": [],
        "account": _account(books, sku.accounts.general_ledger),
        "paysCommission": False,
        "bonus": 0,
        "commissionBonus": 0,
        "hours": sku.hours,
        "taxable": sku.taxable,
        "cost": sku.cost,
        "source": None,
        "externalId": None,
        "externalData": external_data.shown(sku.external_data, guid),
        "defaultAssetUrl": None,
        **_budget(),
        **stamps(sku),
    }


def _stocked(books: TenantBooks, sku: Sku) -> Row:
    return {
        "unitOfMeasure": sku.unit_of_measure,
        "isInventory": sku.is_inventory,
        "costOfSaleAccount": _account(books, sku.accounts.cost_of_sale),
        "assetAccount": _account(books, sku.accounts.asset),
        "generalLedgerAccountId": sku.accounts.general_ledger,
        "primaryVendor": _vendor(books, sku),
        "otherVendors": [],
        "displayInAmount": False,
    }


def _vendor(books: TenantBooks, sku: Sku) -> Row | None:
    vendor = books.vendors.get(sku.primary_vendor_id)
    if vendor is None:
        return None
    return {
        "id": sku.id,
        "vendorName": vendor.name,
        "vendorId": vendor.id,
        "memo": None,
        "vendorPart": sku.vendor_part,
        "cost": sku.cost,
        "active": vendor.active,
        "primarySubAccount": None,
        "otherSubAccounts": None,
    }


def _account(books: TenantBooks, number: int | None) -> str | None:
    kept = books.gl_accounts.get(number)
    return kept.name if kept else None


def _budget() -> Row:
    return {"budgetCostCode": None, "budgetCostType": None}
