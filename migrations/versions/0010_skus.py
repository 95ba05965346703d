"""The SKUs of products, to find a product by one; triggers keep them, from the attribute ``sku``.

SQLite drops triggers with a table that a later migration copies (``batch_alter_table``): create
them again there.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# A product's SKUs are joined by commas. As JSON, the text is quoted, so that it splits safely.
# Longer ones are no SKUs, and PostgreSQL's index would refuse them.
SPLIT_SQLITE = """
    SELECT DISTINCT trim(one.value), {row}number
    FROM json_each(
        '[' || replace(json_quote(json_extract({row}attributes, '$.sku')), ', ', '","') || ']'
    ) AS one
    WHERE json_extract({row}attributes, '$.sku') IS NOT NULL
        AND length(trim(one.value)) BETWEEN 1 AND 200
"""
SQLITE = (
    """INSERT INTO product_skus (sku, number)
    SELECT DISTINCT trim(one.value), products.number
    FROM products, json_each(
        '[' || replace(json_quote(json_extract(attributes, '$.sku')), ', ', '","') || ']'
    ) AS one
    WHERE json_extract(attributes, '$.sku') IS NOT NULL
        AND length(trim(one.value)) BETWEEN 1 AND 200""",
    f"""CREATE TRIGGER product_skus_insert AFTER INSERT ON products
    WHEN json_extract(new.attributes, '$.sku') IS NOT NULL BEGIN
        INSERT INTO product_skus (sku, number) {SPLIT_SQLITE.format(row="new.")};
    END""",
    f"""CREATE TRIGGER product_skus_update AFTER UPDATE ON products
    WHEN old.attributes IS NOT new.attributes BEGIN
        DELETE FROM product_skus WHERE number = old.number;
        INSERT INTO product_skus (sku, number) {SPLIT_SQLITE.format(row="new.")};
    END""",
)
SPLIT_POSTGRESQL = (
    "SELECT DISTINCT trim(one), {0}number"
    " FROM regexp_split_to_table({0}attributes->>'sku', ', ') AS one"
    " WHERE length(trim(one)) BETWEEN 1 AND 200"
)
POSTGRESQL = (
    "INSERT INTO product_skus (sku, number) SELECT DISTINCT trim(one), number"
    " FROM products, regexp_split_to_table(attributes->>'sku', ', ') AS one"
    " WHERE length(trim(one)) BETWEEN 1 AND 200",
    f"""CREATE FUNCTION product_skus_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            DELETE FROM product_skus WHERE number = OLD.number;
        END IF;
        INSERT INTO product_skus (sku, number) {SPLIT_POSTGRESQL.format("NEW.")};
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER product_skus_insert AFTER INSERT ON products
    FOR EACH ROW WHEN (NEW.attributes->>'sku' IS NOT NULL)
    EXECUTE FUNCTION product_skus_follow()""",
    """CREATE TRIGGER product_skus_update AFTER UPDATE ON products
    FOR EACH ROW WHEN (OLD.attributes->>'sku' IS DISTINCT FROM NEW.attributes->>'sku')
    EXECUTE FUNCTION product_skus_follow()""",
)


def upgrade() -> None:
    op.create_table(
        "product_skus",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"],
            ["products.number"],
            name="fk_product_skus_number",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sku", "number", name="pk_product_skus"),
    )
    op.create_index("ix_product_skus_number", "product_skus", ["number"])
    op.create_index("ix_shopify_items_variant_id", "shopify_items", ["variant_id"])
    connection = op.get_bind()
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for name in ("insert", "update"):
            connection.exec_driver_sql(f"DROP TRIGGER product_skus_{name}")
    else:
        for name in ("insert", "update"):
            connection.exec_driver_sql(f"DROP TRIGGER product_skus_{name} ON products")
        connection.exec_driver_sql("DROP FUNCTION product_skus_follow")
    op.drop_index("ix_shopify_items_variant_id", "shopify_items")
    op.drop_index("ix_product_skus_number", "product_skus")
    op.drop_table("product_skus")
