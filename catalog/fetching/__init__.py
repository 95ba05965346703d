"""Downloads photos and feeds from http(s) addresses (URLs): checks, retries, storage, status."""
