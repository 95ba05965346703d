"""From a request to a panel of similar products."""
