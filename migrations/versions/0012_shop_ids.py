"""A shop's own ids of products and variants are kept beside their SKUs, from their attributes.

SQLite drops triggers with a table that a later migration copies (``batch_alter_table``): create
them again there.

Revision: 0012, after 0011.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAMES = ("sku", "variant_id", "shop_id")
BEFORE = ("sku",)


def upgrade() -> None:
    replace_triggers(NAMES)


def downgrade() -> None:
    replace_triggers(BEFORE)


def replace_triggers(names: Sequence[str]) -> None:
    connection = op.get_bind()
    follow = follow_sqlite if connection.dialect.name == "sqlite" else follow_postgresql
    follow(connection, names)


def follow_sqlite(connection: sa.Connection, names: Sequence[str]) -> None:
    """The values of an attribute are joined by commas; as JSON, the text splits safely."""
    texts = " || ', ' || ".join(
        f"coalesce(json_extract(new.attributes, '$.{name}'), '')" for name in names
    )
    split = f"""
        SELECT DISTINCT trim(one.value), new.number
        FROM json_each('[' || replace(json_quote({texts}), ', ', '","') || ']') AS one
        WHERE length(trim(one.value)) BETWEEN 1 AND 200
    """
    for name in ("insert", "update"):
        connection.exec_driver_sql(f"DROP TRIGGER product_skus_{name}")
    connection.exec_driver_sql(
        f"""CREATE TRIGGER product_skus_insert AFTER INSERT ON products BEGIN
            INSERT INTO product_skus (sku, number) {split};
        END"""
    )
    connection.exec_driver_sql(
        f"""CREATE TRIGGER product_skus_update AFTER UPDATE ON products
        WHEN old.attributes IS NOT new.attributes BEGIN
            DELETE FROM product_skus WHERE number = old.number;
            INSERT INTO product_skus (sku, number) {split};
        END"""
    )


def follow_postgresql(connection: sa.Connection, names: Sequence[str]) -> None:
    def texts(row: str) -> str:
        return " || ', ' || ".join(f"coalesce({row}.attributes->>'{name}', '')" for name in names)

    for name in ("insert", "update"):
        connection.exec_driver_sql(f"DROP TRIGGER product_skus_{name} ON products")
    connection.exec_driver_sql(
        f"""CREATE OR REPLACE FUNCTION product_skus_follow() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                DELETE FROM product_skus WHERE number = OLD.number;
            END IF;
            INSERT INTO product_skus (sku, number)
            SELECT DISTINCT trim(one), NEW.number
            FROM regexp_split_to_table({texts("NEW")}, ', ') AS one
            WHERE length(trim(one)) BETWEEN 1 AND 200;
            RETURN NULL;
        END $$"""
    )
    connection.exec_driver_sql(
        "CREATE TRIGGER product_skus_insert AFTER INSERT ON products"
        " FOR EACH ROW EXECUTE FUNCTION product_skus_follow()"
    )
    connection.exec_driver_sql(
        "CREATE TRIGGER product_skus_update AFTER UPDATE ON products FOR EACH ROW"
        f" WHEN ({texts('OLD')} IS DISTINCT FROM {texts('NEW')})"
        " EXECUTE FUNCTION product_skus_follow()"
    )
