"""Shopify's webhooks: a queue in SQL of what Shopify told, and how it comes into the catalogue."""
