"""Tables that every instance has: users, the dictionary, import sets, rules, properties, companies, cost centres."""

from __future__ import annotations

from ml_connector_sandbox.servicenow.books.dictionary import TableDefinition, table, with_choices

_RUN_STATES = tuple(
    (label.lower().replace(" ", "_"), label)
    for label in ("Running", "Complete", "Complete with errors", "Did not complete", "Cancel requested", "Cancelled")
)


def system_tables() -> list[TableDefinition]:
    """The platform's own tables, as far as the emulator keeps them."""
    made = [*_dictionary(), *_people(), *_import_sets(), *_masters()]
    with_choices(next(one for one in made if one.name == "sys_import_set_run"), "state", *_RUN_STATES)
    return made


def _dictionary() -> list[TableDefinition]:
    return [
        table("sys_db_object", "Table", "name=Name:80\nlabel=Label:80\nsuper_class=Extends table>sys_db_object\n"),
        table(
            "sys_dictionary", "Dictionary Entry",
            """
            name=Table:80
            element=Column name:80
            column_label=Column label:80
            internal_type=Type:40
            max_length=Max length#integer
            mandatory=Mandatory#boolean
            reference=Reference:80
            active=Active#boolean
            """,
            display="element",
        ),
        table(
            "sys_choice", "Choice",
            """
            name=Table:80
            element=Element:80
            value=Value:80
            label=Label:80
            sequence=Sequence#integer
            inactive=Inactive#boolean
            """,
            display="label",
        ),
        table(
            "sys_properties", "System Property",
            "name=Name:100\nvalue=Value:4000\ndescription=Description:512\n", unique=[("name",)],
        ),
        table(
            "sys_script", "Business Rule",
            "name=Name:80\ncollection=Table:80\nactive=Active#boolean\nwhen=When:40\norder=Order#integer\n",
        ),
        table(
            "sys_rate_limit_rules", "Rate Limit Rule",
            """
            name=Name:100
            api=REST API:80
            user=User>sys_user
            role=Role:80
            request_limit_per_hour=Request limit per hour#integer
            active=Active#boolean
            """,
        ),
    ]  # fmt: skip


def _people() -> list[TableDefinition]:
    return [
        table(
            "sys_user", "User",
            """
            user_name=User ID:40
            name=Name:151
            email=Email:100
            active=Active#boolean
            locked_out=Locked out#boolean
            time_zone=Time zone:40
            """,
        ),
        table("sys_user_role", "Role", "name=Name:100\n", unique=[("name",)]),
        table("sys_user_has_role", "User Role", "user=User>sys_user\nrole=Role>sys_user_role\n"),
    ]  # fmt: skip


def _import_sets() -> list[TableDefinition]:
    return [
        table(
            "sys_import_set", "Import Set",
            """
            number=Number:40
            table_name=Table:80
            mode=Mode:40
            state=State:40
            data_source=Data source:40
            load_run_time=Load run time:40
            multi_import_set=Multi import set:32
            """,
            number="ISET",
        ),
        table(
            "sys_import_set_run", "Import Set Run",
            """
            set=Set>sys_import_set
            state=State#choice
            total=Total#integer
            inserts=Inserts#integer
            updates=Updates#integer
            ignored=Ignored#integer
            skipped=Skipped#integer
            errors=Errors#integer
            completed=Completed#glide_date_time
            """,
        ),
        table(
            "sys_import_set_row", "Import Set Row",
            """
            sys_import_set=Set>sys_import_set
            sys_import_row=Row#integer
            sys_import_state=State:40
            sys_import_state_comment=Comment:1000
            sys_row_error=Row error>sys_import_set_row_error
            sys_target_table=Target table:80
            sys_target_sys_id=Target record#document_id
            sys_transform_map=Transform map>sys_transform_map
            import_set_run=Import set run>sys_import_set_run
            template_import_log=Template import log:40
            """,
        ),
        table(
            "sys_import_set_row_error", "Import Set Row Error",
            """
            import_set_row=Import set row>sys_import_set_row?
            error_code=Error code#integer
            field_name=Field:80
            error_message=Error message:1000
            """,
        ),
        table(
            "sys_transform_map", "Table Transform Map",
            """
            name=Name:80
            source_table=Source table:80
            target_table=Target table:80
            active=Active#boolean
            order=Order#integer
            run_business_rules=Run business rules#boolean
            copy_empty_fields=Copy empty fields#boolean
            """,
        ),
        table(
            "sys_transform_entry", "Field Map",
            """
            map=Map>sys_transform_map
            source_table=Source table:80
            source_field=Source field:80
            target_table=Target table:80
            target_field=Target field:80
            coalesce=Coalesce#boolean
            choice_action=Choice action:40
            """,
            display="source_field",
        ),
    ]  # fmt: skip


def _masters() -> list[TableDefinition]:
    return [
        table("cmn_location", "Location", "name=Name:100\nstreet=Street:255\ncity=City:50\n"),
        table(
            "cmn_cost_center", "Cost Center",
            """
            name=Name:100
            code=Code:40
            account_number=Account number:40
            valid_from=Valid from#glide_date_time
            valid_to=Valid to#glide_date_time
            manager=Manager>sys_user@user
            parent=Parent>cmn_cost_center
            location=Location>cmn_location
            """,
        ),
        table(
            "core_company", "Company",
            """
            name=Name:80
            vendor=Vendor#boolean
            customer=Customer#boolean
            manufacturer=Manufacturer#boolean
            street=Street:255
            city=City:50
            state=State / Province:40
            zip=Zip / Postal code:40
            country=Country:40
            phone=Phone:40
            fax_phone=Fax phone:40
            website=Website:1024
            notes=Notes:4000
            parent=Parent>core_company
            contact=Contact>sys_user
            vendor_manager=Vendor manager:40
            vendor_type=Vendor type:40
            stock_symbol=Stock symbol:40
            """,
        ),
        table(
            "fx_currency2_instance", "FX Currency Instance",
            """
            amount=Amount:40#decimal
            currency=Currency:3
            reference_amount=Reference amount:40#decimal
            reference_currency=Reference currency:3
            """,
        ),
    ]  # fmt: skip
