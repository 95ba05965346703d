"""Shopify webhooks: a queue in SQL, the state of the shop so far, and how it is applied."""
