"""What pages and API share: settings, the open shop, security, errors and links."""
