"""Google Merchant feeds."""
