"""Full-text search of products, by SQLite's FTS5 and by PostgreSQL's own text search.

On both, ``product_search`` follows ``products`` by triggers. SQLite drops triggers with a table
that a later migration copies (``batch_alter_table``): create them again there.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

from catalog.search.documents import more_document, title_document

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCH = 5_000
READ = sa.text(
    "SELECT number, title, brand, category, colour, pattern, gender, age_group"
    " FROM products WHERE number > :after ORDER BY number LIMIT :batch"
)
WRITE = sa.text(
    "UPDATE products SET search_text = :search_text, search_more = :search_more"
    " WHERE number = :number"
)
SQLITE = (
    "CREATE VIRTUAL TABLE product_search USING fts5(search_text, search_more,"
    " content='products', content_rowid='number', tokenize='porter unicode61')",
    "INSERT INTO product_search (product_search) VALUES ('rebuild')",
    """CREATE TRIGGER product_search_insert AFTER INSERT ON products BEGIN
        INSERT INTO product_search (rowid, search_text, search_more)
        VALUES (new.number, new.search_text, new.search_more);
    END""",
    """CREATE TRIGGER product_search_delete AFTER DELETE ON products BEGIN
        INSERT INTO product_search (product_search, rowid, search_text, search_more)
        VALUES ('delete', old.number, old.search_text, old.search_more);
    END""",
    """CREATE TRIGGER product_search_update AFTER UPDATE ON products
    WHEN old.search_text IS NOT new.search_text OR old.search_more IS NOT new.search_more
        OR old.number IS NOT new.number BEGIN
        INSERT INTO product_search (product_search, rowid, search_text, search_more)
        VALUES ('delete', old.number, old.search_text, old.search_more);
        INSERT INTO product_search (rowid, search_text, search_more)
        VALUES (new.number, new.search_text, new.search_more);
    END""",
)
# Its own configuration: the built-in ones leave out words such as "down", as in down jackets.
DOCUMENT = (
    "setweight(to_tsvector('lookalike', {0}search_text), 'A')"
    " || setweight(to_tsvector('lookalike', {0}search_more), 'C')"
)
POSTGRESQL = (
    "CREATE TEXT SEARCH DICTIONARY lookalike_stem (TEMPLATE = snowball, LANGUAGE = english)",
    "CREATE TEXT SEARCH CONFIGURATION lookalike (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION lookalike ALTER MAPPING FOR asciiword, word"
    " WITH lookalike_stem",
    "CREATE TABLE product_search (number INTEGER PRIMARY KEY"
    " REFERENCES products (number) ON DELETE CASCADE, document tsvector NOT NULL)",
    f"INSERT INTO product_search SELECT number, {DOCUMENT.format('')} FROM products",
    "CREATE INDEX product_search_document ON product_search USING gin (document)",
    f"""CREATE FUNCTION product_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO product_search VALUES (NEW.number, {DOCUMENT.format("NEW.")})
        ON CONFLICT (number) DO UPDATE SET document = EXCLUDED.document;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER product_search_insert AFTER INSERT ON products
    FOR EACH ROW EXECUTE FUNCTION product_search_follow()""",
    """CREATE TRIGGER product_search_update AFTER UPDATE ON products
    FOR EACH ROW WHEN (OLD.search_text IS DISTINCT FROM NEW.search_text
        OR OLD.search_more IS DISTINCT FROM NEW.search_more)
    EXECUTE FUNCTION product_search_follow()""",
)


def upgrade() -> None:
    more = sa.Column("search_more", sa.Text(), nullable=False, server_default=sa.text("''"))
    op.add_column("products", more)
    connection = op.get_bind()
    fill(connection)
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        connection.exec_driver_sql(statement)


def fill(connection: sa.Connection) -> None:
    last = 0
    while rows := connection.execute(READ, {"after": last, "batch": BATCH}).all():
        last = rows[-1].number
        connection.execute(WRITE, [document(row) for row in rows])


def document(row: sa.Row) -> dict[str, object]:
    return {
        "number": row.number,
        "search_text": title_document(row.title, row.brand),
        "search_more": more_document(
            row.category, row.colour, row.pattern, row.gender, row.age_group
        ),
    }


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for name in ("insert", "delete", "update"):
            connection.exec_driver_sql(f"DROP TRIGGER product_search_{name}")
        connection.exec_driver_sql("DROP TABLE product_search")
    else:
        for name in ("insert", "update"):
            connection.exec_driver_sql(f"DROP TRIGGER product_search_{name} ON products")
        connection.exec_driver_sql("DROP FUNCTION product_search_follow")
        connection.exec_driver_sql("DROP TABLE product_search")
        connection.exec_driver_sql("DROP TEXT SEARCH CONFIGURATION lookalike")
        connection.exec_driver_sql("DROP TEXT SEARCH DICTIONARY lookalike_stem")
    op.drop_column("products", "search_more")
