"""Shared by pages and API: settings, the open shop, security, errors and links."""
