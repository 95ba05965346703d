"""Shopify exports: the CSV file and the JSON of the API."""
