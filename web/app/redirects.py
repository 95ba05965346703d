"""Where a form sends its visitor back to."""

from flask import url_for


def way_back(address: str) -> str:
    """Where the visitor came from, if that is a path of this shop; else the wishlist."""
    # Browsers read // and /\ as the start of another host, and drop control characters first.
    ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if ours and address.isprintable() else url_for("wishes.show")
