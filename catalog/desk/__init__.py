"""What the shop's staff keep from its desk: settings, votes, and lists of faults."""
